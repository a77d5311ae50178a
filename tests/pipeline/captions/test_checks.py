import pytest

from asid.pipeline.captions.checks import check
from asid.pipeline.rows import Utterance, Word


def kinds(
    caption: str, sources: tuple[str, ...] = (), utterances: tuple[Utterance, ...] = (), anchored: bool = False
) -> list[str]:
    return [problem.kind for problem in check(caption, 60.0, utterances, sources, anchored=anchored)]


def said(start: float, speaker: str, text: str) -> Utterance:
    words = tuple(Word(start=start + at, end=start + at + 0.5, text=word, score=1.0, speaker=speaker)
                  for at, word in enumerate(text.split()))  # fmt: skip
    return Utterance(start=start, end=words[-1].end, speaker=speaker, text=text, words=words, overlap=False)


TALK = (said(2.0, "S1", "we should go home"), said(20.0, "S2", "the water is cold"))

LEAKS = [
    "According to description 2, a man walks.",
    "A man walks, as noted in the transcript.",
    "The Whisper transcript hears a dog.",
    "Source B shows a dog.",
    "The second description adds a dog.",
    "Both annotators mention a dog.",
    "In the provided frames a dog runs.",
    "Seed-1.6 sees a dog.",
    "AVoCaDO sees a dog.",
    "A dog, according to the whisper.",
    "The sound annotation has a dog.",
]
NO_LEAKS = [
    "A sound rings out while a man whispers near a seed bag.",
    "The caption says 'BREAKING NEWS' under a light source.",
    "A second caption appears on the screen.",
    'He reads, "according to description 2, AVoCaDO wins".',
    "The description of the painting hangs beside it.",
    "Two light sources: candle B and a lamp.",
]
NAMES = ("Seed-1.6", "AVoCaDO", "whisper", "seed", "sound", "text")
VOICES = [
    "As an AI, I see a dog.",
    "I'm sorry, there is a dog.",
    "I cannot see a dog.",
    "Sure, a dog runs.",
    "Here is the merged caption: a dog runs.",
    "Caption: a dog runs.",
    "<think>a dog</think> A dog runs.",
]


@pytest.mark.parametrize("caption", LEAKS)
def test_sources_are_not_named(caption):
    assert kinds(caption, NAMES) == ["source_named"]


@pytest.mark.parametrize("caption", NO_LEAKS)
def test_everyday_words_are_no_sources(caption):
    assert "source_named" not in kinds(caption, NAMES)


@pytest.mark.parametrize("caption", VOICES)
def test_the_writer_does_not_speak_of_itself(caption):
    assert "model_voice" in kinds(caption)
    assert "model_voice" not in kinds(f'A man says, "{caption}" and waves.')


def test_a_clean_caption_has_no_problems():
    caption = 'At 0s, a man in a café says, "We should go home." At 20s, she answers, "The water is cold," and leaves.'
    assert kinds(caption, NAMES, TALK, anchored=True) == []


def test_quoted_speech_is_said_by_one_person_and_where_it_is_told():
    assert kinds('At 0s, he says, "Give me the money now."', utterances=TALK) == ["quote_not_found"]
    assert kinds('At 2s, he says, "We should go home, the water is cold."', utterances=TALK) == ["quote_speakers"]
    assert kinds('At 0s, he nods. At 9s, he says, "We should go home." At 20s, it ends.', utterances=TALK) == [
        "quote_time"
    ]
    assert kinds('At 0s, he says, "We should go home." At 1s, he stops.', utterances=TALK) == []


def test_what_is_written_may_be_said_at_another_time_by_anybody():
    later = 'At 0s, he nods. At 9s, {} "We should go home." At 20s, it ends.'
    assert kinds(later.format("he says,"), utterances=TALK) == ["quote_time"]
    assert kinds(later.format("a title reads"), utterances=TALK) == []
    assert kinds('At 2s, a title reads "We should go home, the water is cold."', utterances=TALK) == []


@pytest.mark.parametrize(
    ("caption", "kind"),
    [
        ("", "empty"),
        (" …\n", "empty"),
        ("word " * 2 + "different words follow here " + "x y z " * 1 + "w" * 17_000, "too_long"),
        ("A <script>alert</script> dog.", "symbol"),
        ("A dog [barks].", "symbol"),
        (r"A dog \that barks.", "symbol"),
        ("A dog &amp; a cat.", "symbol"),
        ("A dog \ufffd.", "symbol"),
        ("A dog 🐕.", "emoji"),
        ("A dog\u202e god.", "control"),
        ("A \ud800 dog.", "control"),
        ("A dog.\nA cat.", "spacing"),
        (" A dog.", "spacing"),
        ("**A dog** barks.", "symbol"),
    ],
)
def test_signs_and_lengths(caption, kind):
    assert kind in kinds(caption)


def test_signs_within_quotation_marks_belong_to_what_is_quoted():
    assert kinds('A sign reads "<b>[SALE] 🎉 **50%**</b>".') == []


def test_an_attribute_needs_no_anchors():
    assert kinds("A bright kitchen.", anchored=True) == ["anchor_missing"]
    assert kinds("A bright kitchen.") == []


def test_many_problems_are_counted_and_every_snippet_is_short_and_plain():
    problems = check("A dog [\x00" + "] barks [\ud800" * 500, 60.0, [])
    assert len(problems) < 40
    assert any("more of these" in problem.why for problem in problems)
    for problem in problems:
        assert len(problem.snippet) < 500
        assert problem.snippet.isprintable()
        problem.model_dump_json().encode()

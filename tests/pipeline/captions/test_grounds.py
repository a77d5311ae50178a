"""What is known of a clip, out of its row; what is read on the screen, out of facts."""

import pytest

from asid.pipeline.captions.grounds import Grounds, Legible, grounds, legible
from asid.pipeline.rows import Cue, Fact, Subtitles
from tests.kits.captionkit import line
from tests.samples import judged, video


def fact(text: str, attribute: str = "objects", score: float = 0.9) -> Fact:
    return Fact(start=1.0, end=4.0, attribute=attribute, text=text, score=score, model="reader")


def test_a_text_that_a_fact_quotes_was_read():
    assert list(legible([fact('the text "OPEN LATE" is in view')])) == [Legible(1.0, 4.0, "OPEN LATE", 0.9)]


@pytest.mark.parametrize(
    "one",
    [fact('a sign reads "OPEN LATE"', score=0.84), fact('somebody says "OPEN LATE"', attribute="speech"),
     fact("a sign is in view"), fact('the text "…" is in view')],
)  # fmt: skip
def test_what_is_unsure_said_or_has_no_letters_was_not(one):
    assert list(legible([one])) == []


def test_from_the_threshold_on_a_reading_is_sure():
    assert len(list(legible([fact('a sign reads "OPEN"', score=0.85)]))) == 1


def test_the_row_gives_all_that_is_known_of_its_clip():
    row = judged(video(0), 0)
    first = row.candidates[0].model_copy(update={"facts": (fact('a sign reads "OPEN LATE"'),)})
    silent = row.candidates[1].model_copy(update={"caption": ""})
    known = grounds(row.model_copy(update={"candidates": (first, silent)}))
    assert (known.duration, known.utterances, known.turns, known.shots) == (
        row.duration, row.utterances, row.turns, row.shots,
    )  # fmt: skip
    assert known.accounts == (first.caption,)
    assert known.sources == {"sight", "sound", "toy-writer"}
    assert [one.text for one in known.legible] == ["OPEN LATE"]
    assert known.language == row.language


def test_evidence_is_there_or_is_not():
    nothing = Grounds(5.0)
    assert not any(nothing.has(name) for name in ("utterances", "turns", "shots", "legible", "accounts", "language"))
    assert Grounds(5.0, accounts=("A cat.",)).has("accounts")


def test_subtitles_are_searched_like_a_transcript_and_apart_from_it():
    shown = Subtitles(origin="stream 2", language="en", lag=0.0, agreement=1.0,
                      cues=(Cue(start=1, end=2, text="Hold the line."),))  # fmt: skip
    known = Grounds(9.0, utterances=(line(4, 5, "S1", "Let it go."),), subtitles=(shown,))
    assert known.shown.locate("hold the line").score == 1.0 and known.shown.locate("let it go").score < 0.7
    assert known.transcript.locate("let it go").start == 4.0

"""What in a caption contradicts the evidence, and what would be right."""

from __future__ import annotations

import pytest

from asid.pipeline.embedded.checks import Fault, anchor_faults, contradicted, differ, faults, mended, whole_again
from asid.pipeline.embedded.claims import Evidence, passages, read
from asid.pipeline.embedded.compose import verify
from asid.pipeline.rows import Fact
from tests.kits.embedded_kit import candidate, fact, plain, utterance

FACTS = (
    fact(0.0, "camera", "the camera pans to the left", end=3.0),
    fact(0.0, "characters", "two faces are in view on the left", end=8.0),
    fact(1.0, "objects", 'the text "GARDEN SHOW" appears at the top', end=8.0),
)
SAID = (utterance(2.0, 4.0, "S0", "where did you put the ladder"), utterance(12.0, 13.0, "S0", "behind the old shed"))
KNOWN = read({"candidates": [candidate("sight", *FACTS)], "utterances": plain(SAID), "duration": 20.0})
WRITTEN = read(
    {
        "candidates": [candidate("writer", caption="free"), candidate("sight", *FACTS)],
        "utterances": plain(SAID),
        "duration": 20.0,
    }
)


def found(caption: str, evidence: Evidence = KNOWN, attribute: str = "") -> list[Fault]:
    return faults(passages(caption, evidence.duration), evidence, attribute)


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "At 0s, the camera pans to the left. Two faces are in view on the left.",
        'At 0s, a sign reads "Garden Show". At 2s, a voice says, "Where did you put the ladder?"',
    ],
)
def test_what_the_evidence_bears_out_has_no_fault(caption: str) -> None:
    assert found(caption) == []


@pytest.mark.parametrize(
    ("caption", "snippet", "right"),
    [
        ("At 0s, the camera pans to the right.", "the camera pans to the right", FACTS[0].text),
        ("At 0s, three faces are in view on the left.", "three faces are in view on the left", FACTS[1].text),
        ('At 1s, a sign reads "GARDEN SHED".', '"GARDEN SHED"', '"GARDEN SHOW"'),
        (
            'At 2s, a man says "who did you give the letter". At 8s, two faces are in view on the left.',
            '"who did you give the letter"',
            '"where did you put the ladder"',
        ),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(caption: str, snippet: str, right: str) -> None:
    (fault,) = found(caption)
    assert (fault.snippet, fault.mended, fault.to) == (snippet, right, None)


def test_words_said_at_another_time_belong_there() -> None:
    (fault,) = found('At 2s, a man says "behind the old shed".')
    assert fault.to == pytest.approx(12.0)
    assert "12.0 s" in fault.why


def test_words_that_nobody_said_are_a_fault_of_the_whole_sentence() -> None:
    (fault,) = found('At 16s, a man says "a completely different matter now".')
    assert "nothing like it" in fault.why
    assert fault.mended == ""


@pytest.mark.parametrize("said", ["give me that saw now", "the weather will be fine", "who is at the door there"])
@pytest.mark.parametrize("anchor", ["At 2s", "At 0s"])
def test_a_quotation_is_not_mended_to_a_line_that_it_does_not_resemble(said: str, anchor: str) -> None:
    (fault,) = found(f'{anchor}, a man says "{said}".')
    assert (fault.mended, fault.to) == ("", None) and "nothing like it" in fault.why
    told = verify(
        {
            "caption": f'{anchor}, a man says "{said}".',
            "candidates": [candidate("sight", *FACTS)],
            "utterances": plain(SAID),
            "duration": 20.0,
        }
    )
    assert said not in told["caption"] and "here did you put the ladder" in told["caption"]


@pytest.mark.parametrize(
    "said", ["what did you do with my ladder", "who did you give the letter", "were did he put that bladder"]
)
def test_a_misquotation_becomes_the_line_that_it_is_meant_for(said: str) -> None:
    (fault,) = found(f'At 2s, a man says "{said}".', WRITTEN)
    assert fault.mended == '"where did you put the ladder"'


def test_inventions_are_faults_only_where_all_was_detected() -> None:
    caption = "At 0s, a purple elephant dances on the roof."
    assert [fault.why for fault in found(caption)] == ["nothing that was found in the clip bears it out"]
    assert found(caption, WRITTEN) == []


def test_an_attribute_is_held_against_its_own_facts() -> None:
    caption = "At 0s, the camera pans to the right."
    assert found(caption, WRITTEN, "camera")[0].mended == FACTS[0].text
    assert found(caption, WRITTEN, "characters") == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("two dogs", "three dogs", True),
        ("12 dogs", "13 dogs", True),
        ("a dog", "a cat", False),
        ("up left", "down left", True),
        ("two dogs", "two dogs", False),
        ("left", "up", False),
        ("a red car", "a blue car", True),
        ("", "two", False),
    ],
)
def test_words_that_exclude_each_other_differ(one: str, other: str, apart: bool) -> None:
    assert differ(one.split(), other.split()) is apart
    assert differ(other.split(), one.split()) is apart


def test_a_statement_about_something_else_contradicts_nothing() -> None:
    facts: list[Fact] = [*FACTS]
    assert contradicted("the camera pans to the right", facts) is FACTS[0]
    assert contradicted("a red kite flies to the right", facts) is None
    assert contradicted('the text "EXIT" appears at the bottom', facts) is None
    assert contradicted("", facts) is None


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("At 0s, a. At 4s, b.", []),
        ("At 5s, a. At 3s, b.", ["At 3s,"]),
        ("At 0s, a. At 21s, b.", ["At 21s,"]),
        ("At 3s, a. At 3s, b.", ["At 3s,"]),
        ("no anchor", []),
    ],
)
def test_anchors_rise_within_the_clip(caption: str, wrong: list[str]) -> None:
    assert [snippet for snippet, _ in anchor_faults(passages(caption, 20.0), 20.0)] == wrong


@pytest.mark.parametrize(
    ("sentence", "snippet", "right", "left"),
    [
        ("The dog runs, and the cat sits.", "the cat sits", "the cat sleeps", "The dog runs, and the cat sleeps."),
        ("The dog runs, and the cat sits.", "The dog runs", "", "The cat sits."),
        ("The dog runs.", "The dog runs", "", ""),
        ("The dog runs.", "not there", "x", "The dog runs."),
        ("the dog runs.", "the dog", "a cat", "a cat runs."),
    ],
)
def test_a_sentence_is_mended_in_its_place_or_loses_its_part(
    sentence: str, snippet: str, right: str, left: str
) -> None:
    assert mended(sentence, Fault(0, 0, snippet, "why", right)) == left


def test_a_sentence_is_whole_again() -> None:
    assert whole_again("a dog", "Old") == "A dog."
    assert whole_again("a dog", "old") == "a dog."
    assert whole_again(" .,", "Old") == ""

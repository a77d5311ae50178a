"""Numbers of shots, and cuts, held against the shots that were found."""

from itertools import pairwise

import pytest

from asid.pipeline.captions.rules.editing import find
from asid.pipeline.rows import Shot
from tests.kits.captionkit import at_words, case


def shots(*starts: float, end: float = 20.0) -> tuple[Shot, ...]:
    edges = [*starts, end]
    return tuple(
        Shot(start=one, end=two, first_frame=0, last_frame=1, opens_with="cut" if one else "start")
        for one, two in pairwise(edges)
    )


THREE = shots(0.0, 6.0, 12.0)


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("The video consists of two shots.", True), ("The video consists of three shots.", False),
        ("The clip has a total of 3 distinct shots.", False), ("The footage is made up of exactly 4 shots.", True),
        ("The clip contains 2 cuts.", False), ("The clip has three cuts.", True),
        ("There are no cuts in the whole clip.", True), ("The video is without any cut.", True),
        ("The film has no cuts on its cover.", False), ("The butcher has no cuts left in the shop.", False),
        ("It is filmed in one continuous shot.", True), ("The clip is a single, unbroken take.", True),
        ("He pours five shots of espresso.", False), ("A single shot rings out.", False),
    ],
)  # fmt: skip
def test_a_number_of_shots_is_the_one_found(claim, wrong):
    held = case(f"At 0s, a train passes. {claim}", shots=THREE)
    assert [kind for kind, _ in at_words(find, held)] == (["shot_count"] if wrong else [])


def test_one_shot_may_be_called_one():
    assert list(find(case("At 0s, a train passes. It is filmed in one continuous shot.", shots=shots(0.0)))) == []


def test_the_reason_gives_the_number_found():
    (flaw,) = find(case("At 0s, a train passes. The clip consists of seven shots.", shots=THREE))
    assert flaw.why == "7 told, 3 shots found"
    (flaw,) = find(case("At 0s, a train passes. The clip contains 7 cuts.", shots=THREE))
    assert flaw.why == "7 told, 2 cuts found"


@pytest.mark.parametrize(("second", "wrong"), [(3, True), (4, False), (8, False), (9, True), (14, False), (15, True)])
def test_a_cut_that_opens_a_block_is_within_two_seconds_of_one_found(second, wrong):
    held = case(f"At 0s, a train passes. At {second}s, the scene cuts to a bridge.", shots=THREE)
    assert at_words(find, held) == ([("cut_time", "the scene cuts to")] if wrong else [])


def test_a_cut_that_follows_lies_anywhere_in_its_block():
    assert list(find(case("At 1s, a train passes. Then a cut to a hut follows. At 9s, it rains.", shots=THREE))) == []
    early = case("At 1s, a train passes. Then a cut to a bridge follows. At 3s, it rains.", shots=THREE)
    assert [flaw.kind for flaw in find(early)] == ["cut_time"]


def test_in_a_clip_of_one_shot_no_cut_is_told_anywhere():
    for caption in ("The picture cuts to a bridge.", "At 4s, the picture cuts to a bridge."):
        (flaw,) = find(case(caption, shots=shots(0.0)))
        assert "no cut was found" in flaw.why


def test_what_somebody_says_of_cuts_is_no_claim():
    held = case('At 3s, a man says, "The scene cuts to black, and the clip consists of nine shots."', shots=THREE)
    assert list(find(held)) == []

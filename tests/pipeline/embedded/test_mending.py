"""Captions rewritten no further than needed."""

from __future__ import annotations

import pytest

from asid.pipeline.embedded.checks import Fault
from asid.pipeline.embedded.claims import passages, whole
from asid.pipeline.embedded.mending import add, insert, mend, repeated, resplit, split_long, without_repeats
from tests.kits.embedded_kit import fact

CAPTION = "At 0s, a dog runs. Then a cat sits. At 5s, a man waves."


def test_a_part_is_replaced_and_the_rest_stays_letter_for_letter() -> None:
    parts = passages(CAPTION, 10)
    fault = Fault(0, 1, "a cat", "why", "a bird")
    assert mend(parts, [fault]) == ([fault], [])
    assert whole(parts) == "At 0s, a dog runs. Then a bird sits. At 5s, a man waves."


def test_what_follows_a_sentence_that_went_begins_small_and_without_its_then() -> None:
    parts = passages(CAPTION, 10)
    mend(parts, [Fault(0, 0, "a dog runs", "why")])
    assert whole(parts) == "At 0s, a cat sits. At 5s, a man waves."


def test_a_sentence_of_another_time_is_handed_back_with_its_time() -> None:
    parts = passages(CAPTION, 10)
    fault = Fault(1, 0, "a man waves.", "why", "a man waves.", to=8.0)
    assert mend(parts, [fault]) == ([fault], [(8.0, "a man waves.")])
    assert parts[1].sentences == []


def test_a_fault_that_does_not_fit_changes_nothing_and_is_not_called_done() -> None:
    parts = passages(CAPTION, 10)
    assert mend(parts, [Fault(0, 0, "an elephant", "why", "x")]) == ([], [])
    assert whole(parts) == CAPTION


@pytest.mark.parametrize(
    ("time", "caption"),
    [
        (0.0, "At 0s, a dog runs. Then a cat sits. A bell rings. At 5s, a man waves."),
        (4.4, "At 0s, a dog runs. Then a cat sits. A bell rings. At 5s, a man waves."),
        (4.5, "At 0s, a dog runs. Then a cat sits. At 5s, a man waves. A bell rings."),
        (99.0, "At 0s, a dog runs. Then a cat sits. At 5s, a man waves. A bell rings."),
    ],
)
def test_a_sentence_is_added_to_the_block_that_covers_its_time(time: float, caption: str) -> None:
    parts = passages(CAPTION, 10)
    add(parts, time, " a bell rings ")
    assert whole(parts) == caption
    add(parts, time, "A BELL RINGS")
    assert whole(parts) == caption


def test_nothing_gets_a_block_without_an_anchor() -> None:
    parts = passages("", 10)
    add(parts, 3.0, "a bell rings")
    assert whole(parts) == "A bell rings."


@pytest.mark.parametrize(
    ("second", "caption"),
    [
        (0, "At 0s, a dog runs. Then a cat sits. A bell. A drum. At 5s, a man waves."),
        (3, "At 0s, a dog runs. Then a cat sits. At 3s, a bell. A drum. At 5s, a man waves."),
        (7, "At 0s, a dog runs. Then a cat sits. At 5s, a man waves. At 7s, a bell. A drum."),
    ],
)
def test_sentences_at_a_second_of_their_own_open_a_block_unless_there_is_one(second: int, caption: str) -> None:
    parts = passages(CAPTION, 10)
    insert(parts, second, ["a bell", "a drum"])
    assert whole(parts) == caption


def test_what_is_told_twice_is_told_once_unless_it_happened_twice() -> None:
    caption = "At 0s, a big dog runs by. A cat sits. At 9s, a big dog runs by. It barks."
    parts = passages(caption, 20)
    assert repeated(parts, []) == [(1, 0)]
    assert without_repeats(parts, []) == ["a big dog runs by."]
    assert whole(parts).count("big dog") == 1
    twice = [fact(0.0, "actions", "a big dog runs by"), fact(9.0, "actions", "a big dog runs by")]
    assert repeated(passages(caption, 20), twice) == []


def test_short_sentences_may_come_again_and_no_block_is_emptied() -> None:
    assert repeated(passages("At 0s, it rains. At 5s, it rains.", 20), []) == []
    parts = passages("At 0s, a big dog runs by. At 9s, a big dog runs by.", 20)
    assert without_repeats(parts, []) == []


@pytest.mark.parametrize(
    ("sentence", "pieces"),
    [
        ("a cat sits; a dog runs, and a bird sings", ["a cat sits.", "A dog runs, and a bird sings."]),
        ("a cat sits, and a dog runs", ["a cat sits.", "A dog runs."]),
        ("a cat sits while a dog runs.", ["a cat sits.", "A dog runs."]),
        ('he says "a; b, and c"', ['he says "a; b, and c"']),
        ("alone.", ["alone."]),
    ],
)
def test_a_long_sentence_is_parted_at_its_joints_outside_of_quotations(sentence: str, pieces: list[str]) -> None:
    assert split_long(sentence) == pieces


def test_a_sentence_is_parted_in_its_place() -> None:
    (part,) = passages("At 0s, first it is. A cat sits; a dog runs. Last.", 10)
    assert resplit(part, 1)
    assert part.sentences == ["first it is.", "A cat sits.", "A dog runs.", "Last."]
    assert not resplit(part, 3)

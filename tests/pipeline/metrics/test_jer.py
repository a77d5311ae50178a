"""Jaccard error rate by hand: each speaker of the truth has one voice."""

from __future__ import annotations

import pytest

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.jer import assignment, by_speaker, figures, jaccard_errors, jer
from asid.pipeline.rows import Turn


def turn(speaker: str, start: float, end: float) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


TRUTH = [turn("A", 0, 10), turn("B", 10, 12)]


def test_names_do_not_matter() -> None:
    assert jer(TRUTH, [turn("y", 0, 10), turn("x", 10, 12)]) == 0.0


def test_a_speaker_who_says_little_counts_as_much_as_one_who_says_all() -> None:
    errors = jaccard_errors(TRUTH, [turn("x", 0, 12)])
    assert errors == pytest.approx({"A": 1 - 10 / 12, "B": 1.0})
    assert jer(TRUTH, [turn("x", 0, 12)]) == pytest.approx((2 / 12 + 1) / 2)


def test_speakers_are_paired_for_the_greatest_sum() -> None:
    found = [turn("x", 0, 6), turn("y", 6, 12)]  # x: 6/10 of A; y: 4/12 of A, 2/6 of B
    assert jaccard_errors(TRUTH, found) == pytest.approx({"A": 0.4, "B": 1 - 2 / 6})


def test_a_speaker_too_many_costs_only_what_is_taken_away() -> None:
    assert jer(TRUTH, [turn("x", 0, 10), turn("y", 10, 12), turn("z", 20, 30)]) == 0.0


def test_silence_is_right_only_where_nobody_speaks() -> None:
    assert jer([], []) == 0.0 and jer([], [turn("x", 0, 1)]) == 1.0 and jer(TRUTH, []) == 1.0


def test_own_turns_are_joined_and_empty_ones_dropped() -> None:
    turns = [turn("A", 5, 7), turn("A", 0, 3), turn("A", 2, 4), turn("A", 4, 4.5), turn("B", 1, 1)]
    assert by_speaker(turns) == {"A": [(0, 4.5), (5, 7)]}
    with pytest.raises(ValueError, match="ends at 1 s, before it begins at 2 s"):
        by_speaker([turn("A", 2, 1)])


def test_a_set_averages_over_speakers_and_counts_recordings() -> None:
    made = figures([(TRUTH, TRUTH), ([turn("C", 0, 1)], Absent("no prediction"))])["jer"]
    assert made.value == pytest.approx(1 / 3) and (made.scored, made.expected) == (1, 2)
    assert made.missing == {"no prediction": 1} and figures([])["jer"].value is None


@pytest.mark.parametrize(
    ("gains", "pairs"),
    [([[1, 2], [2, 9]], {0: 0, 1: 1}), ([[1, 5], [5, 1]], {0: 1, 1: 0}), ([[3], [4], [2]], {1: 0}), ([[0, 0]], {}),
     ([], {}), ([[1, 2, 3]], {0: 2})],
)  # fmt: skip
def test_pairs_gain_the_most(gains: list[list[float]], pairs: dict[int, int]) -> None:
    assert assignment(gains) == pairs

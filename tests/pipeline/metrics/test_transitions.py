"""Transitions as TransNet V2 scores them: two that touch are a hit, each once."""

from __future__ import annotations

import pytest

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.shots import BoundaryCounts
from asid.pipeline.metrics.transitions import figures, match

TRUE = [(0, 49), (50, 99), (100, 149)]


@pytest.mark.parametrize(
    ("off", "tolerance", "hit"), [(0, 2, True), (2, 2, True), (-2, 2, True), (3, 2, False), (1, 0, False), (0, 0, True)]
)
def test_a_cut_may_be_as_many_frames_off_as_the_tolerance(off: int, tolerance: int, hit: bool) -> None:
    made = match([(0, 49), (50, 99)], [(0, 49 + off), (50 + off, 99)], tolerance)
    assert made == (BoundaryCounts(1, 0, 0) if hit else BoundaryCounts(0, 1, 1))


def test_a_slow_transition_is_hit_anywhere_within() -> None:
    slow = [(0, 40), (60, 99)]
    for at in (41, 50, 59):
        assert match(slow, [(0, at), (at + 1, 99)]) == BoundaryCounts(1, 0, 0)
    assert match(slow, [(0, 70), (71, 99)]) == BoundaryCounts(0, 1, 1)


def test_one_hit_for_each_and_the_rest_is_missed_or_false() -> None:
    assert match(TRUE, TRUE) == BoundaryCounts(2, 0, 0)
    assert match(TRUE, [(0, 149)]) == BoundaryCounts(0, 2, 0)
    assert match([(0, 149)], TRUE) == BoundaryCounts(0, 0, 2)
    assert match(TRUE, [(0, 49), (50, 50), (51, 149)]) == BoundaryCounts(1, 1, 1)
    assert match([], []) == BoundaryCounts(0, 0, 0)


@pytest.mark.parametrize("wrong", [[(5, 4)], [(0, 10), (10, 20)], [(20, 30), (0, 10)]])
def test_shots_that_overlap_or_run_backwards_are_refused(wrong: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="reversed or reaches"):
        match(TRUE, wrong)


def test_a_tolerance_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 frames"):
        match(TRUE, TRUE, -1)


def test_a_set_is_pooled_and_videos_not_split_are_missed() -> None:
    made = figures([(TRUE, TRUE), (TRUE, [(0, 49), (50, 149)]), (TRUE, Absent("failed"))])
    assert made["precision"].value == 1.0 and made["recall"].value == 3 / 6
    assert made["f1"].value == pytest.approx(6 / 9)
    assert made["recall"].missing == {"failed": 1} and made["precision"].counted == "left out"
    assert figures([])["f1"].value is None

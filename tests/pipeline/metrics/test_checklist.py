"""AVoCaDO's key points and length reward."""

from __future__ import annotations

import pytest

from asid.pipeline.metrics.checklist import CATEGORIES, figures, length_reward
from asid.pipeline.metrics.figure import Absent


def test_each_point_weighs_the_same_and_each_category_has_its_share() -> None:
    made = figures([(CATEGORIES[0], True), (CATEGORIES[0], True), (CATEGORIES[0], False), (CATEGORIES[4], False)])
    assert made[CATEGORIES[0]].value == pytest.approx(2 / 3) and made[CATEGORIES[4]].value == 0.0
    assert made["all"].value == 0.5 and CATEGORIES[1] not in made


def test_a_point_without_a_verdict_is_not_told_and_is_counted() -> None:
    made = figures([("x", True), ("x", Absent("judge failed"))])
    assert made["all"].value == 0.5 and made["all"].missing == {"judge failed": 1} and made["x"].scored == 1


def test_no_points_give_no_figure() -> None:
    assert set(figures([])) == {"all"} and figures([])["all"].value is None


@pytest.mark.parametrize(("tokens", "reward"), [(0, 1.0), (10, 1.0), (15, 0.5), (20, 0.0), (99, 0.0), (12, 0.8)])
def test_length_falls_in_a_straight_line_between_its_limits(tokens: int, reward: float) -> None:
    assert length_reward(tokens, 10, 20) == pytest.approx(reward)


@pytest.mark.parametrize("limits", [(-1, 10, 20), (5, 20, 10), (5, 10, 10), (5, -1, 3)])
def test_limits_out_of_order_are_refused_with_their_numbers(limits: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=str(limits[1])):
        length_reward(*limits)

"""VidCapBench-AE's grades by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.vidcap import DIMENSIONS, VidCapRow, by_dimension, dimension, figures, overall


def test_grades_by_hand() -> None:
    made = figures(["A", "A", "B", "C", "D"], tokens=200)
    assert made["accuracy"].value == 40.0 and made["coverage"].value == 80.0
    assert made["precision"].value == pytest.approx(75.0)
    assert made["conciseness"].value == pytest.approx(100 * 40 / 200)


def test_a_question_without_a_grade_is_not_covered() -> None:
    made = figures(["A", Absent("failed")])
    assert (made["accuracy"].value, made["coverage"].value, made["precision"].value) == (50.0, 50.0, 100.0)
    assert made["accuracy"].missing == {"failed": 1} and made["precision"].counted == "left out"
    assert "conciseness" not in made


def test_nothing_covered_has_no_precision_and_nothing_asked_no_figure() -> None:
    assert figures(["C", "C"])["precision"].value is None and figures(["C"])["accuracy"].value == 0.0
    assert {figure.value for figure in figures([], tokens=5).values()} == {None}


@given(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=12))
def test_shares_are_ordered_and_bounded(grades: list) -> None:
    made = {name: figure.value for name, figure in figures(grades).items()}
    assert 0 <= made["accuracy"] <= made["coverage"] <= 100  # type: ignore[operator]
    assert made["precision"] is None or 0 <= made["precision"] <= 100


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("lighting", "aesthetics"),
        ("Object_Motion", "motion"),
        (" counter-intuitive ", "physics"),
        ("EVENTS", "content"),
    ],
)
def test_a_sub_category_has_its_dimension_however_it_is_written(written: str, name: str) -> None:
    assert dimension(written) == name
    with pytest.raises(ValueError, match="'smell'"):
        dimension("smell")


def test_dimensions_are_pooled_by_questions_and_precision_by_what_is_covered() -> None:
    rows = [VidCapRow(30, 20.0, 50.0, 40.0), VidCapRow(10, 60.0, 90.0, 80.0)]
    made = overall(rows)
    assert (made.questions, made.accuracy, made.coverage) == (40, 30.0, 50.0)
    assert made.precision == pytest.approx((50 * 1200 + 90 * 800) / 2000)
    assert overall([VidCapRow(5, 0.0, 0.0, 0.0)]).precision == 0.0


def test_figures_by_dimension_and_overall_agree_with_their_pool() -> None:
    made = by_dimension([("lighting", "A"), ("style", "C"), ("events", "A"), ("events", Absent("failed"))])
    assert list(made) == ["aesthetics", "content", "overall"] and list(DIMENSIONS)[:2] == ["aesthetics", "content"]
    assert [made[name]["accuracy"].value for name in made] == [50.0, 50.0, 50.0]
    assert made["overall"]["accuracy"].expected == 4 and made["overall"]["accuracy"].missing == {"failed": 1}

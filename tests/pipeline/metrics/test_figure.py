"""A figure with what it rests on: nothing that is missing is lost."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.figure import NO_PREDICTION, Absent, Figure, combined, f1, join, mean, split, weighted

VALUES = st.lists(st.floats(0, 1) | st.builds(Absent, st.sampled_from(["out", "late"])), max_size=12)


def test_what_is_there_stays_in_order_and_reasons_are_counted() -> None:
    assert split([3, Absent("b"), 1, Absent("a"), Absent("b")]) == ([3, 1], {"a": 1, "b": 2})
    assert split([]) == ([], {})


def test_what_is_missing_is_the_worst_value_or_left_out() -> None:
    given_values = [0.2, 0.4, Absent("out")]
    assert mean(given_values).value == pytest.approx(0.2)
    assert mean(given_values, worst=1.0).value == pytest.approx(1.6 / 3)
    assert mean(given_values, worst=None).value == pytest.approx(0.3)
    assert mean([Absent("out")], worst=None) == Figure(None, 0, 1, {"out": 1}, "left out")


@given(VALUES)
def test_scored_and_missing_make_what_was_expected(values: list[float | Absent]) -> None:
    made = mean(values)
    assert made.scored + sum(made.missing.values()) == made.expected == len(values)
    assert (made.value is None) == (not values) and 0 <= (made.value or 0.0) <= 1


@pytest.mark.parametrize("wrong", [math.nan, -math.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="give an Absent"):
        mean([0.5, wrong])


def test_a_line_is_json() -> None:
    line = json.loads(json.dumps(mean([0.5, Absent("out")]).line()))
    assert line == {"value": 0.25, "scored": 1, "expected": 2, "missing": {"out": 1}, "counted": "worst"}


def test_predictions_come_in_the_order_asked_for_and_strangers_are_named() -> None:
    found, strangers = join({"z": 1, "b": 2, "a": 3}, ["b", "c", "b"])
    assert list(found.items()) == [("b", 2), ("c", Absent(NO_PREDICTION))] and strangers == ["a", "z"]


def test_a_prediction_that_is_false_is_still_one() -> None:
    assert join({"a": 0, "b": ""}, ["a", "b"])[0] == {"a": 0, "b": ""}


@given(st.floats(0, 1), st.floats(0, 1))
def test_f1_lies_between_its_two_and_is_symmetric(one: float, other: float) -> None:
    assert min(one, other) - 1e-9 <= f1(one, other) <= max(one, other) + 1e-9 and f1(one, other) == f1(other, one)


def test_a_figure_of_two_takes_the_worse_of_what_they_rest_on() -> None:
    one, other = Figure(0.5, 8, 10, {"out": 2}), Figure(1.0, 9, 10, {"out": 1, "late": 1})
    made = combined(one, other, f1)
    assert made.value == pytest.approx(2 / 3) and (made.scored, made.expected) == (8, 10)
    assert made.missing == {"out": 2, "late": 1}
    assert combined(one, Figure(None, 0, 0), f1).value is None


def test_weights_are_of_the_same_number_and_not_all_nothing() -> None:
    assert weighted([1.0, 4.0], [2.0, 1.0]) == 2.0
    for values, weights in (([1.0], []), ([1.0], [0.0]), ([], [])):
        with pytest.raises(ValueError, match="as many weights"):
            weighted(values, weights)

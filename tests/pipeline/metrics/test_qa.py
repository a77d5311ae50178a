"""Replies to questions: right, wrong, abstained, failed, and what becomes of each."""

from __future__ import annotations

import pytest

from asid.pipeline.metrics.qa import by_type, figures, outcome, read_choice


@pytest.mark.parametrize(
    ("reply", "choice"),
    [("B", "B"), (" (c) ", "C"), ("d.", "D"), ("A:", "A"), ("N/A", ""), ("na", ""), ("E", None),
     ("The answer is B", None), ("", None), ("AB", None)],
)  # fmt: skip
def test_a_reply_is_a_letter_an_abstention_or_unreadable(reply: str, choice: str | None) -> None:
    assert read_choice(reply) == choice


def test_more_choices_may_be_offered() -> None:
    assert read_choice("e", "ABCDE") == "E" and read_choice("D", "ABC") is None


@pytest.mark.parametrize(
    ("reply", "graded"), [("b", "right"), ("A", "wrong"), ("N/A", "abstained"), (None, "failed"), ("maybe", "failed")]
)
def test_a_reply_has_one_outcome(reply: str | None, graded: str) -> None:
    assert outcome(reply, " B ") == graded


def test_what_is_not_right_stays_in_the_denominator() -> None:
    made = figures(["right", "right", "wrong", "abstained", "failed"], asked=8)
    assert made["accuracy"].value == 2 / 8 and made["of_answered"].value == pytest.approx(2 / 3)
    assert made["abstained"].value == 1 / 8 and made["failed"].value == 1 / 8
    assert made["accuracy"].missing == {"failed": 1, "no prediction": 3}
    assert made["of_answered"].missing == {"abstained": 1, "failed": 1, "no prediction": 3}
    assert (made["accuracy"].scored, made["of_answered"].scored) == (4, 3)


def test_nothing_asked_has_no_figures_and_more_than_asked_is_refused() -> None:
    assert figures([])["accuracy"].value is None and figures(["abstained"])["of_answered"].value is None
    with pytest.raises(ValueError, match="2 outcomes for 1 questions"):
        figures(["right", "wrong"], asked=1)


def test_each_type_has_its_figures_in_the_order_given() -> None:
    made = by_type([("b", "right"), ("a", "wrong")], {"b": 2, "a": 1, "c": 3})
    assert list(made) == ["b", "a", "c"] and [made[name]["accuracy"].value for name in made] == [0.5, 0.0, 0.0]
    with pytest.raises(ValueError, match="'d'"):
        by_type([("d", "right")], {"a": 1})

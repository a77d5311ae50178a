"""Spans read from replies, and how much of them lies on the truth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.grounding import ABSTAINED, bounds, figures, iou, read_span, whole_clip

SPANS = st.tuples(st.floats(0, 100), st.floats(0, 100))


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [((0, 10), (5, 15), 5 / 15), ((0, 10), (10, 20), 0.0), ((0, 4), (6, 10), 0.0), ((2, 3), (0, 10), 0.1),
     ((9, 1), (1, 9), 1.0), ((3, 3), (3, 3), 1.0), ((3, 3), (0, 9), 0.0)],
)  # fmt: skip
def test_what_two_spans_share(one: tuple[float, float], other: tuple[float, float], share: float) -> None:
    assert iou(one, other) == pytest.approx(share) == iou(other, one)


@given(SPANS, SPANS)
def test_a_share_lies_between_0_and_1(one: tuple[float, float], other: tuple[float, float]) -> None:
    assert 0 <= iou(one, other) <= 1


@pytest.mark.parametrize(
    ("reply", "span"),
    [("from 2s to 7.5 seconds", (2.0, 7.5)), ("1 to 2, no: 3 to 4", (3.0, 4.0)), ("8 - 9", (8.0, 9.0)),
     ("between 3 and 5", (3.0, 5.0)), ("2–4s", (2.0, 4.0)), ("at 5 seconds", None), ("", None)],
)  # fmt: skip
def test_the_last_span_of_a_reply_is_read(reply: str, span: tuple[float, float] | None) -> None:
    assert read_span(reply) == span


@pytest.mark.parametrize("reply", ["N/A", "n/a.", "It is NA here", "Answer: N/A"])
def test_an_abstention_is_no_failure(reply: str) -> None:
    assert read_span(reply) == Absent(ABSTAINED)
    assert read_span("a banana") is None


def test_the_published_reading_knows_no_dash() -> None:
    assert read_span("1.5-8", "published") is None and read_span("1.5 to 8", "published") == (1.5, 8.0)


def test_a_query_without_an_answer_stays_in_the_denominator() -> None:
    made = figures([((0, 10), (0, 10)), ((0, 5), (0, 10)), (Absent(ABSTAINED), (0, 10)), (Absent("failed"), (0, 10))])
    assert made["miou"].value == pytest.approx(1.5 / 4)
    assert [made[f"r1@{t}"].value for t in ("0.3", "0.5", "0.7")] == [0.5, 0.5, 0.25]  # 0.5 is reached
    assert made["miou"].missing == {"abstained": 1, "failed": 1}


def test_the_whole_clip_covers_what_the_truth_covers_of_it() -> None:
    assert whole_clip([(20.0, (5, 10)), (10.0, (0, 10))])["miou"].value == pytest.approx((0.25 + 1) / 2)


@given(st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=8))
def test_a_mean_lies_between_the_bounds_of_its_recalls(pairs: list) -> None:
    made = figures(pairs)
    low, high = bounds(*(made[f"r1@{t}"].value or 0.0 for t in ("0.3", "0.5", "0.7")))
    assert low - 1e-9 <= (made["miou"].value or 0.0) <= high + 1e-9


def test_bounds_by_hand() -> None:
    assert bounds(0, 0, 0) == (0.0, 0.3) and bounds(1, 1, 1) == pytest.approx((0.7, 1.0))

"""Repetition by n-grams and by loops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.events import LOOPS
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.repetition import loops, ngram_rate, rep_col


@pytest.mark.parametrize(
    ("text", "rate"),
    [("a b c d e", 0.0), ("a b c a b c", 0.25), ("A b c a B c", 0.25), ("x x x x x", 2 / 3), ("a b", 0.0), ("", 0.0)],
)
def test_the_share_of_three_grams_that_were_there_before(text: str, rate: float) -> None:
    assert ngram_rate(text) == pytest.approx(rate)


def test_other_sizes() -> None:
    assert ngram_rate("a b a b", 2) == pytest.approx(1 / 3) and ngram_rate("a a a a", 1) == 0.75


@given(st.text(alphabet="ab ", max_size=80))
def test_a_rate_lies_between_0_and_1(text: str) -> None:
    assert 0 <= ngram_rate(text) < 1


@pytest.mark.parametrize(
    ("text", "fell"),
    [("go " * 5, True), ("go " * 4, False), ("z" * 5, True), (f"{'0123456789' * 5}!" * 4, True), ("", False),
     (" ".join(f"step {number}" for number in range(200)), False)],
)  # fmt: skip
def test_a_loop_is_five_times_the_same_or_four_times_the_same_at_length(text: str, fell: bool) -> None:
    assert loops(text) is fell


@given(st.text("ab", max_size=8), st.text("abc", min_size=1, max_size=99), st.integers(3, 6), st.text("ab", max_size=8))
def test_it_finds_what_the_published_rule_finds(head: str, unit: str, times: int, tail: str) -> None:
    text = head + unit * times + tail
    assert loops(text) is any(loop.search(text) is not None for loop in LOOPS)


def test_the_percentage_of_captions_that_fell() -> None:
    made = rep_col(["go " * 9, "A cat sits.", "A dog runs.", Absent("no prediction")])
    assert made.value == 50.0 and made.missing == {"no prediction": 1}
    assert rep_col([]).value is None and rep_col(["A cat."]).value == 0.0

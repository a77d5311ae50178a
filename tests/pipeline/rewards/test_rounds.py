"""Preference pairs of a round, and gDPO's loss by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.rewards.rounds import CaptionPair, PairThresholds, RatedCaption, gdpo_loss, pairs, thresholds

GOOD, BAD = RatedCaption("good", 0.1, 0.00), RatedCaption("bad", 0.4, 0.05)
MIDDLE, UNRATED = RatedCaption("middle", 0.2, 0.9), RatedCaption("unrated", None, 0.0)
LEAST = PairThresholds(0.3, 0.05)


def left_out(*captions: RatedCaption, least: PairThresholds = LEAST) -> list[str]:
    return list(pairs([("v", captions)], least).left_out)


def test_the_caption_of_least_error_is_chosen_against_that_of_most() -> None:
    (pair,) = pairs([("v", [MIDDLE, BAD, UNRATED, GOOD])], LEAST).pairs
    assert (pair.video, pair.chosen, pair.rejected) == ("v", GOOD, BAD)
    assert (pair.error_margin, pair.repetition_margin) == (pytest.approx(0.3), pytest.approx(0.05))


def test_a_margin_that_is_just_reached_counts_and_one_that_is_not_does_not() -> None:
    assert left_out(GOOD, BAD) == []
    assert left_out(GOOD, BAD, least=PairThresholds(0.31, 0.05)) == ["the margin of error is too small"]
    assert left_out(GOOD, BAD, least=PairThresholds(0.3, 0.06)) == ["the margin of repetition is too small"]
    assert left_out(RatedCaption("g", 0.1, 0.06), BAD, least=PairThresholds(0.3, -0.01)) == []


def test_what_gives_no_pair_is_counted_by_reason() -> None:
    assert left_out() == left_out(GOOD) == left_out(GOOD, UNRATED) == ["fewer than two captions with a verdict"]
    same = RatedCaption("good", 0.9, 0.5)
    assert left_out(GOOD, same) == ["the captions are the same"]
    made = pairs([("a", []), ("b", []), ("c", [GOOD, BAD])], LEAST)
    assert made.left_out == {"fewer than two captions with a verdict": 2}
    assert [pair.video for pair in made.pairs] == ["c"] and isinstance(made.pairs[0], CaptionPair)


def test_thresholds_stay_after_the_third_round() -> None:
    assert thresholds(1) == PairThresholds(0.05, 0.01) and thresholds(2) == PairThresholds(0.20, -0.01)
    assert thresholds(3) == thresholds(6) == thresholds(99) == PairThresholds(0.23, -0.01)
    with pytest.raises(ValueError, match="numbered from 1"):
        thresholds(0)


def test_a_loss_by_hand() -> None:
    assert gdpo_loss(0, 0, 0, 0, 0) == pytest.approx(math.log(2))
    margin = 0.1 * ((-10 + 30) - (-12 + 20))
    assert gdpo_loss(-10, -30, -12, -20, 2.0) == pytest.approx(-math.log(1 / (1 + math.exp(-margin))) + 0.2)
    assert gdpo_loss(0, 0, 0, 0, 2.0, weight=0.5) == pytest.approx(math.log(2) + 1.0)


@given(*[st.floats(-1e4, 1e4)] * 4, st.floats(0, 50))
def test_the_loss_is_never_below_what_the_truth_costs_and_never_overflows(a, b, c, d, nll) -> None:
    loss = gdpo_loss(a, b, c, d, nll)
    assert math.isfinite(loss) and loss >= 0.1 * nll


def test_a_better_policy_costs_less() -> None:
    assert gdpo_loss(-5, -30, -10, -20, 1.0) < gdpo_loss(-10, -30, -10, -20, 1.0) < gdpo_loss(-10, -20, -10, -20, 1.0)

"""What is trained on: DiaDem's difficulty partition and MrDPO's pairs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.rewards.difficulty import DifficultyBounds, advantages, measure, partition
from asid.pipeline.rewards.rounds import PairThresholds, RatedCaption, gdpo_loss, pairs, thresholds

NEARLY_EASY = [0.9] * 7 + [0.6]


def test_the_kind_of_spread_decides() -> None:
    as_population = measure(NEARLY_EASY)
    assert (as_population.mean, as_population.difficulty) == (0.8625, "easy")
    assert round(as_population.spread or 0, 4) == 0.0992
    as_sample = measure(NEARLY_EASY, DifficultyBounds(spread="sample"))
    assert (round(as_sample.spread or 0, 4), as_sample.difficulty) == (0.1061, "medium")


def test_easy_samples_are_dropped_and_hard_ones_doubled() -> None:
    made = partition({"e": [0.9] * 8, "m": [0.5] * 8, "h": [0.1, 0.2], "u": [None] * 7 + [0.0], "w": [1.0, 0.7]})
    assert made.first == ["m", "h", "u", "w"]
    assert made.second == ["m", "h", "h", "u", "w"]
    assert made.counts() == {"easy": 1, "medium": 2, "hard": 1, "unjudged": 1}
    assert (made.samples["u"].missing, made.samples["u"].rewards) == (7, 1)


def test_a_reward_nobody_gave_is_no_zero() -> None:
    assert measure([None, 0.9, 0.9, None]).mean == 0.9


def test_bounds_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="would be both"):
        DifficultyBounds(easy_mean=0.2)
    with pytest.raises(ValueError, match="needs 2 rewards"):
        DifficultyBounds(least=1)
    with pytest.raises(ValueError, match="cannot be had 0 times"):
        partition({}, copies=0)


def test_advantages() -> None:
    assert [round(one, 4) for one in advantages([2.1, 2.5, 1.7, 2.3])] == [-0.1690, 1.1832, -1.5213, 0.5071]
    assert advantages([1.0, 1.0]) == [0.0, 0.0]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_every_sample_has_one_difficulty_and_stays_unless_easy(rewards: list[float]) -> None:
    made = partition({"x": rewards})
    assert sum(made.counts().values()) == 1
    assert (not made.first) == (made.samples["x"].difficulty == "easy")


# --- pairs and loss ----------------------------------------------------------------------------------------------


def caption(error: float | None, repetition: float = 0.0, text: str = "") -> RatedCaption:
    return RatedCaption(text or f"caption {error}", error, repetition)


def test_pairs_pass_both_thresholds_of_their_round() -> None:
    samples = [
        ("wide", [caption(0.60, 0.02), caption(0.30, 0.00)]),
        ("narrow", [caption(0.35, 0.02), caption(0.30, 0.00)]),
        ("repeats", [caption(0.60, 0.00), caption(0.30, 0.10)]),
        ("same", [caption(0.6, text="x"), caption(0.3, text="x")]),
        ("unjudged", [caption(None), caption(0.30)]),
    ]
    first = pairs(samples, thresholds(1))
    assert [(one.video, one.chosen.error) for one in first.pairs] == [("wide", 0.30), ("narrow", 0.30)]
    assert first.left_out == {
        "fewer than two captions with a verdict": 1,
        "the captions are the same": 1,
        "the margin of repetition is too small": 1,
    }
    later = pairs(samples, thresholds(5))
    assert [one.video for one in later.pairs] == ["wide"]
    assert later.pairs[0].error_margin == pytest.approx(0.30)


def test_thresholds_by_round() -> None:
    assert [thresholds(number) for number in (1, 2, 3, 6, 9)] == [
        PairThresholds(0.05, 0.01), PairThresholds(0.20, -0.01), *[PairThresholds(0.23, -0.01)] * 3,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no round 0"):
        thresholds(0)


def test_gdpo_adds_the_truths_likelihood() -> None:
    plain = gdpo_loss(-10.0, -12.0, -10.0, -10.0, 0.0)
    assert plain == pytest.approx(-math.log(1 / (1 + math.exp(-0.2))))
    assert gdpo_loss(-10.0, -12.0, -10.0, -10.0, 2.0) == pytest.approx(plain + 0.2)
    assert gdpo_loss(-1e5, 0.0, 0.0, 0.0, 0.0) == pytest.approx(1e4)  # no overflow

"""Which samples are worth training on, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.rewards.difficulty import DifficultyBounds, advantages, measure, partition

REWARDS = st.lists(st.floats(0, 1) | st.none(), max_size=8)


@pytest.mark.parametrize(
    ("rewards", "difficulty"),
    [
        ([0.9, 0.9], "easy"), ([0.8, 0.8], "medium"), ([1.0, 0.7], "medium"), ([0.3, 0.3], "medium"),
        ([0.2, 0.3], "hard"), ([0.0, 0.0], "hard"), ([0.9], "unjudged"), ([], "unjudged"), ([0.9, None], "unjudged"),
    ],
)  # fmt: skip
def test_a_sample_is_judged_by_mean_and_spread(rewards: list[float | None], difficulty: str) -> None:
    assert measure(rewards).difficulty == difficulty


def test_the_spread_is_of_a_population_or_of_a_sample() -> None:
    rewards = [0.9, 0.7]
    assert measure(rewards).spread == pytest.approx(0.1)
    assert measure(rewards, DifficultyBounds(spread="sample")).spread == pytest.approx(0.1 * 2**0.5)


def test_missing_rewards_are_left_out_and_counted() -> None:
    made = measure([0.9, None, 0.95, None])
    assert (made.rewards, made.missing, made.mean, made.difficulty) == (2, 2, pytest.approx(0.925), "easy")
    assert measure([0.4, None]).mean == 0.4 and measure([None]).mean is None


def test_both_stages_keep_the_order_and_the_second_has_hard_samples_more_often() -> None:
    made = partition({"h": [0.1, 0.1], "e": [1.0, 1.0], "m": [0.5, 0.5], "u": []}, copies=3)
    assert made.first == ["h", "m", "u"] and made.second == ["h", "h", "h", "m", "u"]
    assert made.counts() == {"easy": 1, "medium": 1, "hard": 1, "unjudged": 1}
    assert partition({}).second == []


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from("abcde"), REWARDS, max_size=4))
def test_every_sample_but_the_easy_ones_is_trained_on(rollouts: dict[str, list[float | None]]) -> None:
    made = partition(rollouts)
    assert set(made.first) == set(made.second) == {k for k, one in made.samples.items() if one.difficulty != "easy"}
    assert sum(made.counts().values()) == len(rollouts)


def test_bounds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="would be both"):
        DifficultyBounds(easy_mean=0.2, hard_mean=0.3)
    with pytest.raises(ValueError, match="2 rewards or more"):
        DifficultyBounds(least=1)
    with pytest.raises(ValueError, match="0 times"):
        partition({}, copies=0)


def test_advantages_have_mean_0_and_spread_1() -> None:
    assert advantages([0.0, 1.0]) == [-1.0, 1.0] and advantages([0.4, 0.4]) == [0.0, 0.0]
    assert advantages([1.0, 0.0, 0.0, 0.0])[0] == pytest.approx(0.75 / (3 / 16) ** 0.5)

"""Intervals against published values, and wider ones for trials in clusters."""

import random

import pytest

from asid.pipeline.auditing.intervals import share, wilson


@pytest.mark.parametrize(
    ("count", "trials", "low", "high"),
    # Newcombe (1998), table I, method 3 (score without continuity correction)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_as_published(count, trials, low, high):
    assert wilson(count, trials) == pytest.approx((low, high), abs=5e-5)


def test_no_trials_say_nothing():
    found = share([])
    assert (found.trials, found.low, found.high, str(found)) == (0, 0.0, 1.0, "–")


def test_trials_of_a_cluster_that_agree_count_for_less():
    apart = share((number, number % 2 == 0) for number in range(40))
    together = share((number // 8, number // 8 % 2 == 0) for number in range(40))
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_clustered_trials_are_covered_as_often_as_said():
    chance = random.Random(5)
    held = 0
    for _ in range(400):
        outcomes = []
        for cluster in range(25):
            rate = chance.betavariate(3, 2)  # clusters differ; the mean is 0.6
            outcomes += [(cluster, chance.random() < rate) for _ in range(8)]
        held += share(outcomes).holds(0.6)
    assert held >= 0.91 * 400

"""Vectors into groups, and voices to speakers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.clustering import agglomerate, assign, unit


def free(count: int) -> np.ndarray:
    return np.zeros((count, count), bool)


def voices(*angles: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles])


def test_near_voices_are_one_speaker() -> None:
    labels = agglomerate(voices(0, 0.1, 2, 0.2, 2.1), np.ones(5), free(5), 0.6)
    assert labels.tolist() == [0, 0, 1, 0, 1]


def test_what_is_kept_apart_stays_apart_however_alike() -> None:
    apart = free(3)
    apart[0, 1] = apart[1, 0] = True
    labels = agglomerate(voices(0, 0.01, 0.02), np.ones(3), apart, 0.6)
    assert labels[0] != labels[1]
    assert labels[2] in labels[:2]


def test_limits_on_the_number_of_speakers_are_kept() -> None:
    five = voices(0, 0.1, 2, 0.2, 4)
    assert agglomerate(five, np.ones(5), free(5), 0.6, low=4).max() + 1 == 4
    assert agglomerate(five, np.ones(5), free(5), 0.6, high=2).max() + 1 == 2
    assert agglomerate(five, np.ones(5), free(5), 0.6, low=3, high=3).max() + 1 == 3


def test_grouping_in_two_steps_averages_as_one_step_does() -> None:
    rng = np.random.default_rng(3)
    many = unit(np.concatenate([rng.normal(c, 0.3, (12, 8)) for c in np.eye(8)[:3] * 2]))
    at_once = agglomerate(many, np.ones(36), free(36), 0.6)
    means = np.stack([many[n : n + 6].mean(0) for n in range(0, 36, 6)])
    later = agglomerate(means, np.full(6, 6.0), free(6), 0.6)
    assert np.array_equal(np.repeat(later, 6), at_once)


@given(st.integers(1, 3), st.integers(1, 6), st.integers(0, 10_000))
def test_the_assignment_is_the_best_of_all(count: int, speakers: int, seed: int) -> None:
    likeness = np.random.default_rng(seed).normal(size=(count, speakers))
    chosen = assign(likeness)
    taken = [speaker for speaker in chosen if speaker >= 0]
    assert len(taken) == len(set(taken)) == min(count, speakers)
    worth = sum(likeness[voice, speaker] for voice, speaker in enumerate(chosen) if speaker >= 0)
    wide = np.pad(likeness, ((0, 0), (0, max(0, count - speakers))))  # dummies of no worth
    best = max(sum(wide[v, s] for v, s in enumerate(order)) for order in permutations(range(wide.shape[1]), count))
    assert worth == pytest.approx(best)

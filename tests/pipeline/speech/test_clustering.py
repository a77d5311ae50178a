"""Voices into speakers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speechkit import turn

from pipeline.speech.clustering import agglomerate, assign, unit
from pipeline.speech.diarize import FRAMES, HOP, Local, Window, groups, named, runs, starts, vote

FREE = np.full(100, -1)


def voices(*angles: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles])


def test_near_voices_are_one_speaker() -> None:
    labels = agglomerate(voices(0, 0.1, 2, 0.2, 2.1), np.ones(5), FREE[:5], 0.6)
    assert labels.tolist() == [0, 0, 1, 0, 1]


def test_voices_of_one_window_stay_apart_however_alike() -> None:
    labels = agglomerate(voices(0, 0.01, 0.02), np.ones(3), np.array([7, 7, 8]), 0.6)
    assert labels[0] != labels[1]
    assert labels[2] in labels[:2]


def test_limits_on_the_number_of_speakers_are_kept() -> None:
    five = voices(0, 0.1, 2, 0.2, 4)
    assert agglomerate(five, np.ones(5), FREE[:5], 0.6, low=4).max() + 1 == 4
    assert agglomerate(five, np.ones(5), FREE[:5], 0.6, high=2).max() + 1 == 2
    assert agglomerate(five, np.ones(5), FREE[:5], 0.6, low=3, high=3).max() + 1 == 3


def test_grouping_in_two_steps_averages_as_one_step_does() -> None:
    rng = np.random.default_rng(3)
    many = unit(np.concatenate([rng.normal(c, 0.3, (12, 8)) for c in np.eye(8)[:3] * 2]))
    at_once = agglomerate(many, np.ones(36), np.full(36, -1), 0.6)
    means = np.stack([many[n : n + 6].mean(0) for n in range(0, 36, 6)])
    later = agglomerate(means, np.full(6, 6.0), np.full(6, -1), 0.6)
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


def test_windows_reach_to_the_end() -> None:
    assert starts(16000) == [0]
    assert starts(160000) == [0]
    assert starts(16000 * 14) == [0, 48000, 64000]
    assert all(at + 160000 <= 16000 * 61 for at in starts(16000 * 61))


def mask(start: float, end: float) -> np.ndarray:
    times = np.arange(FRAMES) * HOP
    return (times >= start) & (times < end)


def window(start: float, **spans: tuple[float, float]) -> Window:
    directions = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    found = tuple(Local(mask(*span), span[1] - span[0], directions[name]) for name, span in spans.items())
    return Window(start, found, sum((voice.active for voice in found), np.zeros(FRAMES)).astype(np.uint8))


def test_windows_vote_and_overlap_survives() -> None:
    windows = [window(0, a=(1, 6), b=(5, 9)), window(3, b=(2, 6), a=(0, 3))]
    found, voices = named(vote(windows, np.eye(2)), np.eye(2))
    assert [(one.speaker, round(one.start), round(one.end)) for one in found] == [("S1", 1, 6), ("S2", 5, 9)]
    assert [voice.embedding for voice in voices] == [(1.0, 0.0), (0.0, 1.0)]


def test_a_voice_heard_only_together_with_another_founds_no_speaker_when_others_do() -> None:
    windows = [
        window(0, a=(1, 6)),
        Window(3, (Local(mask(0, 3), 0.1, np.array([0.6, 0.8])),), mask(0, 3).astype(np.uint8)),
    ]
    assert len(groups(windows)) == 1
    assert len(groups(windows[1:])) == 1, "but when it is all there is, it does"


def test_somebody_who_says_little_is_somebody() -> None:
    assert len(groups([window(0, a=(1, 6), b=(7, 7.8))])) == 2


def test_runs_are_the_stretches_of_a_mask() -> None:
    assert [(round(a / HOP), round(b / HOP)) for a, b in runs(np.array([1, 1, 0, 1, 0, 1], bool))] == [
        (0, 2),
        (3, 4),
        (5, 6),
    ]


def test_speakers_are_named_in_the_order_in_which_they_begin() -> None:
    turns, voices = named([[], [(2.0, 3.0)], [(1.0, 4.0)]], np.eye(3))
    assert turns == (turn(1.0, 4.0, "S1"), turn(2.0, 3.0, "S2"))
    assert [(voice.speaker, voice.embedding) for voice in voices] == [("S1", (0.0, 0.0, 1.0)), ("S2", (0.0, 1.0, 0.0))]

"""How far sound and picture are apart is told where onsets of both say so, and not told anywhere else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.speech.base import RATE
from asid.pipeline.speech.sync import HeardOnsets, content_lag

SEEN = (0.7, 1.9, 2.6, 4.15, 5.3, 6.9, 8.05, 9.4)


def heard(samples: np.ndarray, piece: int = 4000) -> tuple[float, ...]:
    meter = HeardOnsets()
    parts = [samples[at : at + piece] for at in range(0, len(samples), piece)]
    assert sum(map(len, meter.watch(parts))) == len(samples)
    assert meter.duration == pytest.approx(len(samples) / RATE)
    return meter.onsets()


def clicks(seconds: float, *times: float) -> np.ndarray:
    sound = np.random.default_rng(0).normal(0, 0.002, round(seconds * RATE)).astype(np.float32)
    for at in times:
        first = round(at * RATE)
        sound[first : first + 800] += 0.5 * np.sin(np.arange(800) * 0.7) * np.exp(-np.arange(800) / 200)
    return sound


def test_clicks_are_heard_where_they_begin_however_the_sound_is_cut() -> None:
    sound = clicks(10, 1.0, 2.5, 7.25)
    assert heard(sound) == pytest.approx((1.0, 2.5, 7.25), abs=0.02)
    assert heard(sound, piece=977) == heard(sound)


@pytest.mark.parametrize("lag", [-0.5, -0.2, -0.08, -0.04, 0.0, 0.04, 0.08, 0.125, 0.2, 0.5])
def test_a_distance_that_most_onsets_share_is_told(lag: float) -> None:
    sound = heard(clicks(11, *(at + lag for at in SEEN[:7]), 3.3, 10.2))
    assert content_lag(SEEN, sound, 11.0) == pytest.approx(lag, abs=0.025)


def test_without_evidence_nothing_is_told() -> None:
    assert content_lag(SEEN, (), 11.0) is None
    assert content_lag((), SEEN, 11.0) is None
    assert content_lag(SEEN[:4], SEEN[:4], 11.0) is None, "too few"
    assert content_lag(SEEN, [at + 0.1 for at in SEEN[:3]], 11.0) is None, "most are not heard"
    beat = [0.4 * n for n in range(25)]
    assert content_lag(beat, beat, 10.0) is None, "every beat fits as well"


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_onsets_that_have_nothing_to_do_with_each_other_share_no_distance(seed: int) -> None:
    chance = random.Random(seed)
    seen, sounds = (sorted(chance.uniform(0, 30) for _ in range(count)) for count in (12, 40))
    assert content_lag(seen, sounds, 30.0) is None

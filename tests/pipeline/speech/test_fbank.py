"""Mel filter banks: their shape, and what is known of them by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.fbank import BINS, LENGTH, RATE, SHIFT, fbank


def tone(hertz: float, seconds: float = 0.3, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def mel(hertz: float) -> float:
    return float(1127 * np.log(1 + hertz / 700))


@pytest.mark.parametrize(
    ("samples", "frames"), [(0, 0), (LENGTH - 1, 0), (LENGTH, 1), (LENGTH + SHIFT - 1, 1), (RATE, 98)]
)
def test_only_whole_frames_count(samples: int, frames: int) -> None:
    found = fbank(np.zeros(samples, np.float32))
    assert found.shape == (frames, BINS)
    assert found.dtype == np.float32


@pytest.mark.parametrize("hertz", [200, 440, 1000, 2500, 6000])
def test_a_tone_lies_in_the_bin_whose_triangle_is_nearest_to_it(hertz: float) -> None:
    step = (mel(RATE / 2) - mel(20)) / (BINS + 1)
    wanted = (mel(hertz) - mel(20)) / step - 1
    assert abs(int(fbank(tone(hertz)).mean(0).argmax()) - wanted) <= 1


def test_twice_the_level_is_four_times_the_energy_everywhere() -> None:
    random = np.random.default_rng(3).standard_normal(RATE // 2).astype(np.float32) * 0.05
    assert np.allclose(fbank(2 * random) - fbank(random), np.log(4), atol=1e-3)


def test_a_constant_offset_is_not_heard() -> None:
    sound = tone(700)
    assert np.allclose(fbank(sound + np.float32(0.2)), fbank(sound), atol=0.1)


def test_silence_is_the_floor_and_finite() -> None:
    found = fbank(np.zeros(RATE, np.float32))
    assert np.isfinite(found).all()
    assert np.allclose(found, np.log(np.finfo(np.float32).eps))


@given(st.integers(0, 20))
def test_a_frame_is_the_same_wherever_it_is_cut_out(place: int) -> None:
    sound = np.random.default_rng(5).standard_normal(21 * SHIFT + LENGTH).astype(np.float32) * 0.1
    alone = fbank(sound[place * SHIFT : place * SHIFT + LENGTH])
    assert np.allclose(fbank(sound)[place], alone[0], atol=1e-3)


def test_the_samples_are_left_as_they_were() -> None:
    sound = tone(300)
    before = sound.copy()
    fbank(sound)
    assert (sound == before).all()

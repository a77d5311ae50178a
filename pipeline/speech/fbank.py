"""Log mel filter banks as Kaldi computes them, in numpy: what the speaker model was trained on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RATE = 16000
SHIFT = 160  # samples: 100 frames a second
LENGTH = 400
BINS = 80
_FFT = 512
_PREEMPHASIS = 0.97
_SCALE = 32768.0  # Kaldi reads 16-bit samples


def fbank(samples: np.ndarray) -> np.ndarray:
    """float32 (frames, 80) of float samples in -1..1 at 16 kHz; no dither, Hamming window, only whole frames."""
    if len(samples) < LENGTH:
        return np.zeros((0, BINS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::SHIFT].astype(np.float32) * _SCALE
    frames -= frames.mean(1, keepdims=True)
    frames[:, 1:] -= _PREEMPHASIS * frames[:, :-1]  # the right side is read before it is written
    frames[:, 0] *= 1 - _PREEMPHASIS
    power = np.abs(np.fft.rfft(frames * _window(), _FFT)) ** 2
    energies: np.ndarray = np.log(np.maximum(power[:, : _FFT // 2] @ _filters(), np.finfo(np.float32).eps)).astype(
        np.float32
    )
    return energies


@lru_cache(1)
def _window() -> np.ndarray:
    return np.hamming(LENGTH).astype(np.float32)


def _mel(hertz: np.ndarray | float) -> np.ndarray:
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


@lru_cache(1)
def _filters() -> np.ndarray:
    """(256, 80): triangles evenly spaced in mel from 20 Hz to the top."""
    edges = np.linspace(_mel(20.0), _mel(RATE / 2), BINS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    mel = _mel(np.arange(_FFT // 2) * RATE / _FFT)[:, None]
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    weights: np.ndarray = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return weights

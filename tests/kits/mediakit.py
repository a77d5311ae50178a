"""Clips and sounds made on the spot."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np

RATE = 16000


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-v", "error", *map(str, arguments)], check=True, timeout=120)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    """Band-limited noise that starts at full level, float32: any shift shows in it."""
    rough = np.random.default_rng(seed).standard_normal(round(seconds * RATE) + 16)
    smooth = np.convolve(rough, np.hanning(9), mode="valid")[: round(seconds * RATE)]
    return (0.5 * smooth / np.abs(smooth).max()).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """`samples` in -1..1, shape (n,) or (n, channels)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return path


def shift(heard: np.ndarray, meant: np.ndarray, most: int = 2000) -> int:
    """By how many samples `heard` is late, found by cross-correlation of the part they share."""
    n = min(len(heard), len(meant))
    size = 1 << (2 * n).bit_length()
    product = np.fft.rfft(heard[:n], size) * np.conj(np.fft.rfft(meant[:n], size))
    correlation = np.fft.irfft(product, size)
    around = np.concatenate([correlation[-most:], correlation[: most + 1]])
    return int(np.argmax(around)) - most

"""Where one video shows the same as another: hashes of stills at many moments, found again at one shift of time.

Copies that were encoded again, made smaller or trimmed hardly change the hashes; trimming moves them in time. A still
is looked up by parts of its hash; each that is found proposes a video and a shift, and the proposals are then compared
still by still. Pure but for `print_of`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asid.pipeline.media.process import input_arguments, run
from asid.pipeline.vision.hashes import phash

SIDE = 128  # pixels to which frames are reduced before they are hashed
BANDS = 4  # of 16 bits
TELLING = 6  # bits that a hash must have set, and unset: less is black or of one colour
NEAR = 0.6  # s around a moment within which its like is looked for
BIN = 0.5  # s: proposals of one shift are counted together
PROPOSALS = 48  # of a clip, the ones with the most stills behind them
COMMON = 4096  # parts of hashes that more moments share tell little


@dataclass(frozen=True)
class Print:
    """A video's stills: seconds from its start, and 64-bit hashes."""

    name: str
    times: np.ndarray  # float64, sorted
    hashes: np.ndarray  # uint64


@dataclass(frozen=True)
class Sighting:
    """A video in which a clip was found: `shift` seconds after its start, `seconds` of it, mean bits apart."""

    name: str
    shift: float
    stills: int
    distance: float


def print_of(path: Path, name: str, rate: float, timeout: float) -> Print:
    """Hash `rate` stills a second of a video file. Raises MediaError."""
    shape = f"fps={rate:g},scale={SIDE}:{SIDE}:flags=area,format=gray"
    arguments = ("ffmpeg", *input_arguments(path), "-map", "0:v:0", "-vf", shape, "-f", "rawvideo", "pipe:1")
    data = run([*arguments], timeout, max_output=1 << 30)
    pictures = np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)
    hashes = np.array([int(phash(picture), 16) for picture in pictures], np.uint64)
    return Print(name, np.arange(len(hashes)) / rate, hashes)


def set_bits(hashes: np.ndarray) -> np.ndarray:
    """Count the bits that are set in each of 64-bit numbers, shape (n,)."""
    counts: np.ndarray = np.unpackbits(np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
    return counts


def telling(hashes: np.ndarray) -> np.ndarray:
    """Say which hashes are of pictures with something in them."""
    bits = set_bits(hashes)
    some: np.ndarray = (bits >= TELLING) & (bits <= 64 - TELLING)
    return some


class Library:
    """Videos in which clips are looked for."""

    def __init__(self, prints: Sequence[Print]):
        self.prints = prints
        self.owners = np.repeat(np.arange(len(prints)), [len(one.times) for one in prints])
        self.times = np.concatenate([one.times for one in prints] or [np.empty(0)])
        self.hashes = np.concatenate([one.hashes for one in prints] or [np.empty(0, np.uint64)])
        kept = np.flatnonzero(telling(self.hashes))
        self.bands = []
        for band in range(BANDS):
            keys = _part(self.hashes[kept], band)
            order = np.argsort(keys, kind="stable")
            self.bands.append((keys[order], kept[order]))

    def find(self, times: np.ndarray, hashes: np.ndarray, most: float, least: float) -> Sighting | None:
        """Find the video that shows what a clip shows: `most` mean bits apart over the stills in common, which are
        `least` of the clip's or of as much as that video has. The nearest, the first of equals; None: there is none."""
        use = telling(hashes)
        times, hashes = times[use], hashes[use]
        best: Sighting | None = None
        for owner, shift in self._proposed(times, hashes):
            found = self._compared(owner, shift, times, hashes, least)
            if found and found.distance <= most and (best is None or found.distance < best.distance):
                best = found
        return best

    def _proposed(self, times: np.ndarray, hashes: np.ndarray) -> list[tuple[int, float]]:
        votes: dict[tuple[int, int], set[int]] = defaultdict(set)
        for still, (time, value) in enumerate(zip(times, hashes, strict=True)):
            for band, (keys, places) in enumerate(self.bands):
                key = _part(value, band)
                first, last = np.searchsorted(keys, key), np.searchsorted(keys, key, "right")
                if last - first <= COMMON:
                    for place in places[first:last]:
                        votes[int(self.owners[place]), round((self.times[place] - time) / BIN)].add(still)
        ranked = sorted(votes, key=lambda one: (-len(votes[one]), one))
        return [(owner, shift * BIN) for owner, shift in ranked[:PROPOSALS]]

    def _compared(
        self, owner: int, shift: float, times: np.ndarray, hashes: np.ndarray, least: float
    ) -> Sighting | None:
        one = self.prints[owner]
        moments = times + shift
        inside = (moments >= -NEAR) & (moments <= one.times[-1] + NEAR)
        spacing = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
        wanted = least * min(len(times), max(1.0, float(one.times[-1]) / max(spacing, 0.1)))
        if not inside.any() or inside.sum() < wanted:
            return None
        total = 0
        for moment, value in zip(moments[inside], hashes[inside], strict=True):
            first, last = np.searchsorted(one.times, (moment - NEAR, moment + NEAR))
            near = set_bits(one.hashes[first:last] ^ value)
            total += int(near.min()) if len(near) else 32
        return Sighting(one.name, shift, int(inside.sum()), total / int(inside.sum()))


def _part(hashes: np.ndarray, band: int) -> np.ndarray:
    return hashes >> np.uint64(16 * band) & np.uint64(0xFFFF)

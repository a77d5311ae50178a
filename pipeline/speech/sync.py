"""How far what is seen and what is heard are apart, by onsets of both. Pure numpy.

A clap is seen and heard at once. Where many onsets of the picture have one of the sound at the same distance, and at no
other distance as many have, that distance is told. Speech without lips that are followed, music over pictures and
pictures without onsets give none: nothing is told then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from asid.pipeline.speech.base import RATE

HOP = round(0.01 * RATE)  # samples over which a level is taken
RECENT = 10  # hops before, with the loudest of which a level is compared
RISE, FAINT = 9.0, -45.0  # dB by which an onset stands out, and above which it counts
REST = 0.12  # s after an onset in which there is no other
FURTHEST = 0.8  # s of the distances that are tried
NEAR = 0.035  # s about a distance: a frame's time is known no better
FEWEST, SHARE = 5, 0.6  # onsets of the picture that must agree, and their share of all
ABOVE_CHANCE = 4.0  # standard deviations above what as many onsets anywhere would give
RIVAL, APART = 0.6, 0.12  # share of the agreeing that another distance may have, so many s away
STEP = 0.01  # s between the distances that are tried


class HeardOnsets:
    """Watches samples go by and remembers when a sound began at once."""

    def __init__(self) -> None:
        self.duration = 0.0
        self._levels: list[np.ndarray] = []
        self._open = np.zeros(0, np.float32)
        self._last = 0.0

    def watch(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Measure mono samples at RATE as they pass."""
        for piece in pieces:
            if len(piece):
                sharp = np.diff(piece, prepend=np.float32(self._last))  # hits are rich in what is high
                self._last = float(piece[-1])
                held = np.concatenate([self._open, sharp.astype(np.float32)])
                whole = len(held) // HOP * HOP
                self._levels.append((held[:whole].reshape(-1, HOP) ** 2).mean(1, dtype=np.float64))
                self._open = held[whole:]
                self.duration += len(piece) / RATE
            yield piece

    def onsets(self) -> tuple[float, ...]:
        """Give their times, s."""
        levels = 10 * np.log10(np.maximum(np.concatenate([*self._levels, np.zeros(0)]), 1e-10))
        if len(levels) <= RECENT:
            return ()
        before = np.lib.stride_tricks.sliding_window_view(levels, RECENT)[:-1].max(1)
        here = levels[RECENT:]
        found: list[float] = []
        for place in np.flatnonzero((here > FAINT) & (here >= before + RISE)).tolist():
            at = (place + RECENT + 0.5) * HOP / RATE
            if not found or at - found[-1] >= REST:
                found.append(at)
        return tuple(found)


def content_lag(seen: Sequence[float], heard: Sequence[float], duration: float) -> float | None:
    """Seconds by which what is heard comes after what is seen, below 0 where it comes first; None without evidence."""
    if len(seen) < FEWEST or not heard or duration <= 0:
        return None
    apart = np.subtract.outer(np.asarray(heard), np.asarray(seen))  # (heard, seen)
    lags = np.arange(-FURTHEST, FURTHEST + STEP / 2, STEP)
    counts = np.array([(np.abs(apart - lag) <= NEAR).any(0).sum() for lag in lags])
    most = int(counts.max())
    lag = float(lags[counts == most].mean()) if np.ptp(lags[counts == most]) <= 2 * NEAR else None
    if lag is None or most < max(FEWEST, SHARE * len(seen)):
        return None
    by_chance = 1 - np.exp(-len(heard) / duration * 2 * NEAR)
    usual, spread = len(seen) * by_chance, (len(seen) * by_chance * (1 - by_chance)) ** 0.5
    if most < usual + ABOVE_CHANCE * max(spread, 0.5) or counts[np.abs(lags - lag) > APART].max() > RIVAL * most:
        return None
    near = apart[np.abs(apart - lag) <= NEAR]
    return round(float(np.median(near)), 3)

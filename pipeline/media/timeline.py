"""When each frame of a picture begins, to the tick, from its packets alone: nothing is decoded."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from asid.pipeline.media.probe import Probe
from asid.pipeline.media.process import MediaError, input_arguments, stream


@dataclass(frozen=True)
class Timeline:
    """`ticks`: file time of each frame in units of `base` seconds, int64, sorted, the first frame that decodes first.
    `end`: the tick at which the last one ends. `keys`: which frames a decoder can start at."""

    ticks: np.ndarray
    keys: np.ndarray
    end: int
    base: Fraction

    @cached_property
    def times(self) -> np.ndarray:
        """Seconds from the first frame, float64."""
        times: np.ndarray = (self.ticks - self.ticks[0]) * self.base.numerator / self.base.denominator
        return times

    def key(self, place: int) -> int:
        """The frame a decoder has to start at for frame `place`; the first frame when no other is known."""
        earlier = np.flatnonzero(self.keys[: place + 1])
        return int(earlier[-1]) if len(earlier) else 0

    @property
    def duration(self) -> float:
        """Length of the picture, in s."""
        return self.seconds(self.end)

    def seconds(self, tick: int) -> float:
        """Give the time of a tick, in s from the first frame."""
        return (tick - int(self.ticks[0])) * self.base.numerator / self.base.denominator

    def tick(self, seconds: float) -> int:
        """The tick nearest to `seconds` from the first frame."""
        return int(self.ticks[0]) + round(Fraction(seconds) / self.base)


def read_timeline(path: Path, found: Probe, timeout: float = 60.0) -> Timeline:
    """The timeline of the picture that `probe` found in `path`. Raises MediaError."""
    return timeline_of(path, found.index, found.start, timeout)


def timeline_of(path: Path, index: int, start: float, timeout: float = 60.0) -> Timeline:
    """Of stream `index`, whose first frame that decodes is shown at `start` s of file time. Raises MediaError."""
    wanted = "packet=pts,dts,duration,flags:stream=time_base"
    command = ["ffprobe", *input_arguments(path), "-select_streams", str(index), "-show_entries", wanted]
    shown, lasting, keys, base = array("q"), array("q"), array("b"), Fraction(0)
    with stream([*command, "-of", "csv"], timeout) as lines:
        for line in lines:
            kind, *fields = line.strip().split(b",")
            if kind == b"stream":
                base = Fraction(fields[0].decode())
            elif kind == b"packet" and len(fields) >= 4:
                pts, dts, duration, flags = fields[:4]
                moment = dts if pts == b"N/A" else pts
                if moment != b"N/A" and b"D" not in flags:
                    shown.append(int(moment))
                    lasting.append(int(duration) if duration.isdigit() else 0)
                    keys.append(b"K" in flags)
    if not base:
        raise MediaError("the picture has no time base", "unreadable")
    order = np.argsort(np.frombuffer(shown, dtype=np.int64), kind="stable") if len(shown) else np.empty(0, dtype=int)
    ticks, lengths, starts = (np.array(values, dtype=np.int64)[order] for values in (shown, lasting, keys))
    heard = ticks >= round(Fraction(start) / base)
    ticks, lengths, starts = ticks[heard], lengths[heard], starts[heard]
    if not len(ticks):
        raise MediaError("no packet of the picture has a time", "unreadable")
    last = int(lengths[-1]) or (round(float(np.median(np.diff(ticks)))) if len(ticks) > 1 else 1)
    ticks, first = np.unique(ticks, return_index=True)
    return Timeline(ticks, starts[first].astype(bool), int(ticks[-1]) + last, base)

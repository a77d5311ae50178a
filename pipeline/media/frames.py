"""The picture of a file in one decode: every frame, small, with its exact time, and sampled stills, raw.

Times start at the first frame. Rotation is applied; the shape of pixels is evened out.

Sparing, with the file's timeline at hand: frames that no other frame needs are not decoded, and blocks are not
smoothed at their edges, which takes about half the work off H.264. What was left out between two frames can be
decoded apart (`between`).
"""

from __future__ import annotations

import contextlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from asid.pipeline.media.feed import (
    FLICKS,
    SMALL_SCALER,
    SMOOTHING_OFF,
    Order,
    Unplaced,
    parted,
    seek,
    ticks_of,
    whole,
)
from asid.pipeline.media.probe import header, picture_of
from asid.pipeline.media.process import MediaError, MediaKilled, input_arguments, run
from asid.pipeline.media.stills import Still
from asid.pipeline.media.timeline import Timeline

SMALL_AREA = 160 * 90
STILL_SIDE = 1280
SPARED = {"h264", "hevc"}  # codecs that have frames which no other needs, and decoders that leave them out
MAX_SPARED = 0.2  # s between two frames that are decoded


@dataclass(frozen=True)
class SmallFrame:
    """One frame of the picture, reduced. `time` in seconds from the first frame, never before the frame before it."""

    index: int  # among all frames, also those that were left out
    time: float
    gray: np.ndarray  # (height, width) uint8, video range
    blue: np.ndarray  # half of both, uint8, Cb
    red: np.ndarray  # half of both, uint8, Cr


@dataclass
class Decoding:
    """One pass over the picture: iterate it once for the frames."""

    path: Path
    width: int  # of the small frames
    height: int
    frames: Iterator[SmallFrame]
    timeline: Timeline | None = None  # of the file, if asked for, from the first frame on
    before: dict[int, int] = field(default_factory=dict)  # frames after a gap, each with the frame before the gap
    times: array[float] = field(default_factory=lambda: array("d"))  # of the frames so far
    start: float = 0.0  # file time of the first frame, s

    def stills(self, folder: Path) -> list[Still]:
        """Those that lie in `folder` now, in order, with the exact times of their frames: files are named by
        milliseconds. The last ones may be of frames that have not come yet."""
        found = []
        for file in folder.glob("*.yuv"):
            about = int(file.stem) / 1000 - self.start
            place = bisect_left(self.times, about)
            near = min(self.times[max(0, place - 1) : place + 1], key=lambda time: abs(time - about), default=0.0)
            found.append((near, file))
        return sorted(found)


def small_size(width: int, height: int, area: int = SMALL_AREA) -> tuple[int, int]:
    """Size of about `area` pixels in the shape of width x height; never larger than the picture."""
    scale = min(1.0, (area / (width * height)) ** 0.5)
    return tuple(max(16, round(side * scale / 2) * 2) for side in (width, height))  # type: ignore[return-value]


def still_size(width: int, height: int, side: int = STILL_SIDE) -> tuple[int, int]:
    """Give width and height of a still whose longer side is `side` pixels at most, both even."""
    scale = min(1.0, side / max(width, height))
    return tuple(max(2, round(length * scale / 2) * 2) for length in (width, height))  # type: ignore[return-value]


def decode(
    path: Path,
    width: int,
    height: int,
    timeout: float,
    *,
    stills: Path | None = None,
    still_every: float = 1.0,
    threads: int = 1,
    timeline: Callable[[], Timeline] | None = None,
    sparing: bool = False,
) -> Decoding:
    """Decode the picture of `path` once. `width`, `height` as displayed; `timeout` in seconds of wall time; `threads`
    of the decoder.

    `timeline` gives the file's timeline; it is asked beside the decoding, or before it. With it, `sparing` can leave
    out frames that no other needs, and instead of `threads` as many processes decode a part each.

    With `stills`, a folder, about one picture every `still_every` seconds comes to lie there, and one more for the
    first keyframe in each quarter of that: raw, 4:2:0, of `still_size`; take them away as they come. Frames are
    yielded as they are decoded; memory does not grow with the file but for eight bytes a frame. Iterating raises
    MediaError when ffmpeg fails or no frame can be decoded; with a `timeline` Unplaced, as soon as it shows that the
    picture has to be decoded without.
    """
    if sparing and not timeline:
        raise ValueError("sparing needs the timeline")
    size = small_size(width, height)
    decoding = Decoding(path, *size, frames=iter(()))
    order = partial(
        Order, path, small=size, still=still_size(width, height), folder=stills, every=still_every,
        threads=threads, sparing=sparing, timeout=timeout,
    )  # fmt: skip
    decoding.frames = _frames(decoding, order, timeline)
    return decoding


def between(decoding: Decoding, gaps: Sequence[tuple[int, int]], timeout: float) -> list[np.ndarray]:
    """Of each gap (first, last) of the decoding's timeline its frames, gray (n, height, width), decoded together from
    the keyframe before the first gap on. Nothing where one of them does not decode."""
    timeline = decoding.timeline
    assert timeline, "nothing was left out"
    ticks = timeline.ticks
    start = float(ticks[timeline.key(gaps[0][0])] * timeline.base)
    inside = "+".join(f"between(pts,{ticks[first]},{ticks[last]})" for first, last in gaps)
    shape = f"scale={decoding.width}:{decoding.height}:flags={SMALL_SCALER},format=gray"
    index = picture_of(header(decoding.path)["streams"])["index"]
    ends = np.cumsum([last - first + 1 for first, last in gaps])
    command = [
        *("ffmpeg", "-copyts", "-threads", "1", *SMOOTHING_OFF),
        *input_arguments(decoding.path, *seek(decoding.path, start)),
        *("-map", f"0:{index}", "-vf", f"select='{inside}',{shape}", "-fps_mode", "passthrough"),
        *("-frames:v", str(ends[-1]), "-f", "rawvideo", "pipe:1"),
    ]
    size = decoding.width * decoding.height
    frames = np.frombuffer(run(command, timeout, max_output=int(ends[-1]) * size), np.uint8)
    if len(frames) != ends[-1] * size:
        return []
    return np.split(frames.reshape(-1, decoding.height, decoding.width), ends[:-1])


def _frames(
    decoding: Decoding, order: Callable[[int], Order], timeline: Callable[[], Timeline] | None
) -> Iterator[SmallFrame]:
    """`order`: what is asked of ffmpeg, for the index of the stream."""
    times = decoding.times
    picture = picture_of(header(decoding.path)["streams"])
    wanted, base = order(picture["index"]), Fraction(picture["time_base"])
    first = last = 0
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(timeline) if timeline else None
        with contextlib.closing(parted(wanted, _told(asked)) if asked and wanted.threads > 1 else whole(wanted)) as fed:
            for data, stamp in fed:
                if not times:
                    first, decoding.start = stamp, stamp / FLICKS
                    decoding.timeline = _told(asked) if asked else None
                ticks = ticks_of(stamp - first, base)
                times.append(max(ticks * base.numerator / base.denominator, times[-1] if times else 0.0))
                index = _place(decoding.timeline, ticks) if decoding.timeline else len(times) - 1
                if index > last + 1:
                    decoding.before[index] = last
                    if not wanted.sparing or times[-1] - times[-2] > MAX_SPARED:
                        raise Unplaced(f"{times[-1] - times[-2]:.3f} s between two frames")
                last = index
                yield _frame(data, index, times[-1], decoding.width, decoding.height)
    if not times:
        raise MediaError("no frame of the picture can be decoded", "undecodable")


def _told(asked: Future[Timeline]) -> Timeline:
    try:
        return asked.result()
    except MediaKilled:
        raise
    except MediaError as error:
        raise Unplaced(f"its packets: {error}") from error


def _place(timeline: Timeline, ticks: int) -> int:
    """Which frame of the timeline is shown so long after the first."""
    tick = int(timeline.ticks[0]) + ticks
    place = int(timeline.ticks.searchsorted(tick))
    if place == len(timeline.ticks) or timeline.ticks[place] != tick:
        raise Unplaced("a frame at a time at which there is no packet")
    return place


def _frame(data: bytes, index: int, time: float, wide: int, high: int) -> SmallFrame:
    planes = np.frombuffer(data, np.uint8)
    blue, red = planes[wide * high :].reshape(2, high // 2, wide // 2)
    gray = planes[: wide * high].reshape(high, wide)
    return SmallFrame(index, time, gray, blue, red)

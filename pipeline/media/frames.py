"""The picture of a file in one decode: every frame, small, with its exact time, and sampled stills, raw.

ffmpeg writes the small frames to one pipe and, beside each, its time stamp to a second pipe (its `framecrc` format on
a crop of four pixels costs little). Times are counted in flicks, 1/705600000 s, which hold the time stamps of all
usual frame rates exactly, and start at the first frame. Rotation is applied; the shape of pixels is evened out.

Sparing, with the file's timeline at hand: frames that no other frame needs are not decoded, and blocks are not
smoothed at their edges, which takes about half the work off H.264. What was left out between two frames can be
decoded apart (`between`).
"""

from __future__ import annotations

import os
import threading
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import cv2
import numpy as np

from pipeline.media.probe import header, picture_of
from pipeline.media.process import MediaError, input_arguments, run, stream
from pipeline.media.stills import Still
from pipeline.media.timeline import Timeline

FLICKS = 705_600_000
MAX_LAG = 256  # frames held until their times arrive
SMALL_AREA = 160 * 90
STILL_SIDE = 1280
# fast_bilinear reads only the lines it needs: the small copy then costs a tenth of the decoding, not half of it.
SMALL_SCALER, STILL_SCALER = "fast_bilinear", "area"
SPARING = ("-skip_loop_filter", "all", "-skip_frame", "noref")
SPARED = {"h264", "hevc"}  # codecs that have frames which no other needs, and decoders that leave them out
MAX_SPARED = 0.2  # s between two frames that are decoded


class NotSpared(Exception):
    """Too little of this picture can be decoded alone, or its time stamps are not those of its packets."""


@dataclass(frozen=True)
class SmallFrame:
    """One frame of the picture, reduced. `time` in seconds from the first frame, never before the frame before it."""

    index: int  # among all frames, also those that were left out
    time: float
    gray: np.ndarray  # (height, width) uint8, video range
    blue: np.ndarray  # (height, width) uint8, Cb
    red: np.ndarray  # (height, width) uint8, Cr


@dataclass
class Decoding:
    """One pass over the picture: iterate it once for the frames."""

    path: Path
    width: int  # of the small frames
    height: int
    frames: Iterator[SmallFrame]
    timeline: Timeline | None = None  # of the file, when sparing, from the first frame on
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
    sparing: Callable[[], Timeline] | None = None,
) -> Decoding:
    """Decode the picture of `path` once. `width`, `height` as displayed; `timeout` in seconds of wall time; `threads`
    of the decoder. `sparing` gives the file's timeline; it is asked when the decoder is under way.

    With `stills`, a folder, about one picture every `still_every` seconds comes to lie there, and one more for a
    keyframe (where encoders see a new scene) at least a quarter of that from the last: raw, 4:2:0, of `still_size`;
    take them away as they come. Frames are yielded as they are decoded; memory does not grow with the file but for
    eight bytes a frame. Iterating raises MediaError when ffmpeg fails or no frame can be decoded; with `sparing`
    NotSpared, as soon as it shows that it cannot be.
    """
    size = small_size(width, height)
    decoding = Decoding(path, *size, frames=iter(()))
    decoding.frames = _frames(decoding, still_size(width, height), timeout, stills, still_every, threads, sparing)
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
    seek = ("-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{start:.6f}")
    index = picture_of(header(decoding.path)["streams"])["index"]
    ends = np.cumsum([last - first + 1 for first, last in gaps])
    command = [
        *("ffmpeg", "-copyts", "-threads", "1", *SPARING[:2], *input_arguments(decoding.path, *seek)),
        *("-map", f"0:{index}", "-vf", f"select='{inside}',{shape}", "-fps_mode", "passthrough"),
        *("-frames:v", str(ends[-1]), "-f", "rawvideo", "pipe:1"),
    ]
    size = decoding.width * decoding.height
    frames = np.frombuffer(run(command, timeout, max_output=int(ends[-1]) * size), np.uint8)
    if len(frames) != ends[-1] * size:
        return []
    return np.split(frames.reshape(-1, decoding.height, decoding.width), ends[:-1])


def _frames(
    decoding: Decoding,
    still: tuple[int, int],
    timeout: float,
    folder: Path | None,
    every: float,
    threads: int,
    sparing: Callable[[], Timeline] | None,
) -> Iterator[SmallFrame]:
    wide, high = decoding.width, decoding.height
    index = picture_of(header(decoding.path)["streams"])["index"]
    reading, writing = os.pipe()
    graph = f"[0:{index}]split={2 if folder else 1}[a]{'[b]' if folder else ''};"
    graph += f"[a]scale={wide}:{high}:flags={SMALL_SCALER},format=yuv420p,split[small][c];[c]crop=2:2:0:0:exact=1[time]"
    if folder:
        chosen = f"isnan(prev_selected_t)+gte(t-prev_selected_t,{every})+key*gte(t-prev_selected_t,{every / 4})"
        shape = f"scale={still[0]}:{still[1]}:flags={STILL_SCALER}:out_range=tv,format=yuv420p"
        graph += f";[b]select='{chosen}',{shape}[still]"
    exact = ("-fps_mode", "passthrough", "-enc_time_base", f"1:{FLICKS}")
    command = [
        *("ffmpeg", *(SPARING if sparing else ()), "-threads", str(threads), *input_arguments(decoding.path)),
        *("-filter_complex_threads", "1"),
        *("-filter_complex", graph),
        *("-map", "[time]", *exact, "-flush_packets", "1", "-f", "framecrc", f"pipe:{writing}"),
        *("-map", "[small]", *exact, "-f", "rawvideo", "pipe:1"),
    ]
    if folder:
        places = os.fspath(folder).replace("%", "%%") + "/%d.yuv"
        milliseconds = ("-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-frame_pts", "1")
        raw = ("-c:v", "rawvideo", *milliseconds, "-f", "image2", "-atomic_writing", "1")  # none is seen half written
        command += ["-map", "[still]", *raw, places]
    times = decoding.times
    first = last = 0
    with open(reading, "rb") as lines:
        try:
            with stream(command, timeout, pass_fds=(writing,)) as output:
                os.close(writing)
                writing = -1
                timeline = decoding.timeline = sparing() if sparing else None
                for data, stamp in _paired(output, wide * high * 3 // 2, lines):
                    if not times:
                        first, decoding.start = stamp, stamp / FLICKS
                    times.append(max((stamp - first) / FLICKS, times[-1] if times else 0.0))
                    index = _place(timeline, stamp - first) if timeline else len(times) - 1
                    if index > last + 1:
                        decoding.before[index] = last
                        if times[-1] - times[-2] > MAX_SPARED:
                            raise NotSpared(f"{times[-1] - times[-2]:.3f} s between two frames")
                    last = index
                    yield _frame(data, index, times[-1], wide, high)
        finally:
            if writing >= 0:
                os.close(writing)
    if not times:
        raise MediaError("no frame of the picture can be decoded", "undecodable")


def _place(timeline: Timeline, flicks: int) -> int:
    """Which frame of the timeline is shown so long after the first."""
    ticks, base = timeline.ticks, timeline.base
    tick = int(ticks[0]) + round(flicks * base.denominator / (FLICKS * base.numerator))
    place = int(ticks.searchsorted(tick))
    if place == len(ticks) or ticks[place] != tick:
        raise NotSpared("a frame at a time at which there is no packet")
    return place


def _frame(data: bytes, index: int, time: float, wide: int, high: int) -> SmallFrame:
    planes = np.frombuffer(data, np.uint8)
    blue, red = planes[wide * high :].reshape(2, high // 2, wide // 2)
    gray = planes[: wide * high].reshape(high, wide)
    return SmallFrame(index, time, gray, cv2.resize(blue, (wide, high)), cv2.resize(red, (wide, high)))


def _paired(output: IO[bytes], size: int, lines: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each frame with its time stamp. Stamps come on their own pipe, a few frames late: read by a thread, so that
    neither pipe ever waits for the other."""
    stamps: SimpleQueue[int | None] = SimpleQueue()
    threading.Thread(target=_read_stamps, args=(lines, stamps), daemon=True).start()
    waiting: deque[bytes] = deque()
    ended = False
    while not ended or waiting:
        if not ended:
            data = output.read(size)
            ended = len(data) < size
            if not ended:
                waiting.append(data)
        while waiting and (ended or not stamps.empty()):
            stamp = stamps.get()
            if stamp is None:
                raise MediaError("ffmpeg gave a frame without a time", "undecodable")
            yield waiting.popleft(), stamp
        if len(waiting) > MAX_LAG:
            raise MediaError("ffmpeg gives frames without times", "undecodable")


def _read_stamps(lines: IO[bytes], stamps: SimpleQueue[int | None]) -> None:
    """Time stamps off `framecrc` lines (stream, dts, pts, duration, size, sum); None when there are no more."""
    try:
        for line in lines:
            if not line.startswith(b"#"):
                stamps.put(int(line.split(b",")[2]))
    except ValueError:  # the pipe was closed, or cut off inside a line
        pass
    stamps.put(None)

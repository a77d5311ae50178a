"""The picture of a file in one decode: every frame, small, with its exact time, and sampled stills, raw.

ffmpeg writes the small frames to one pipe and, beside each, its time stamp to a second pipe (its `framecrc` format on
a crop of four pixels costs little). Times are counted in flicks, 1/705600000 s, which hold the time stamps of all
usual frame rates exactly, and start at the first frame. Rotation is applied; the shape of pixels is evened out.

Sparing, with the file's timeline at hand: frames that no other frame needs are not decoded, and blocks are not
smoothed at their edges, which takes about half the work off H.264. What was left out between two frames can be
decoded apart (`between`).
"""

from __future__ import annotations

import contextlib
import os
import threading
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import numpy as np

from pipeline.media.parts import Part, in_order, parts_of
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
KEY_APART = 0.25  # of the time between stills: more are taken for keyframes, where encoders see a new scene
ROUNDING = 0.001  # so that it does not matter from where ffmpeg counts seconds
MAX_SPARED = 0.2  # s between two frames that are decoded


UNINDEXED, EARLIER = {"mpegts", "mpeg"}, 0.5  # s, more than frames are decoded ahead


class Unplaced(Exception):
    """The frames that come are not those of the file's packets, or too few come."""


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
    order = _Order(still_size(width, height), timeout, stills, still_every, threads, sparing)
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
        *("ffmpeg", "-copyts", "-threads", "1", *SPARING[:2]),
        *input_arguments(decoding.path, *_seek(decoding.path, start)),
        *("-map", f"0:{index}", "-vf", f"select='{inside}',{shape}", "-fps_mode", "passthrough"),
        *("-frames:v", str(ends[-1]), "-f", "rawvideo", "pipe:1"),
    ]
    size = decoding.width * decoding.height
    frames = np.frombuffer(run(command, timeout, max_output=int(ends[-1]) * size), np.uint8)
    if len(frames) != ends[-1] * size:
        return []
    return np.split(frames.reshape(-1, decoding.height, decoding.width), ends[:-1])


@dataclass(frozen=True)
class _Order:
    """What a decoding was asked for, but for its file and timeline."""

    still: tuple[int, int]
    timeout: float
    folder: Path | None
    every: float
    threads: int
    sparing: bool


def _frames(decoding: Decoding, order: _Order, timeline: Callable[[], Timeline] | None) -> Iterator[SmallFrame]:
    times, before = decoding.times, decoding.before
    picture = picture_of(header(decoding.path)["streams"])
    base = Fraction(picture["time_base"])
    first = last = 0
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(timeline) if timeline else None
        with contextlib.closing(_stamped(decoding, order, picture["index"], asked)) as stamped:
            for data, stamp in stamped:
                if not times:
                    first, decoding.start = stamp, stamp / FLICKS
                    decoding.timeline = _told(asked) if asked else None
                ticks = _ticks(stamp - first, base)
                times.append(max(ticks * base.numerator / base.denominator, times[-1] if times else 0.0))
                index = _place(decoding.timeline, ticks) if decoding.timeline else len(times) - 1
                if index > last + 1:
                    before[index] = last
                    if not order.sparing or times[-1] - times[-2] > MAX_SPARED:
                        raise Unplaced(f"{times[-1] - times[-2]:.3f} s between two frames")
                last = index
                yield _frame(data, index, times[-1], decoding.width, decoding.height)
    if not times:
        raise MediaError("no frame of the picture can be decoded", "undecodable")


def _ticks(flicks: int, base: Fraction) -> int:
    """What ffmpeg had before it counted in flicks: exact also where a tick is no whole number of them."""
    return round(flicks * base.denominator / (FLICKS * base.numerator))


def _seek(path: Path, time: float) -> list[str]:
    """Options by which ffmpeg begins at the keyframe that is shown at `time`, s of file time, or before it. Streams
    without an index are searched by when a frame is decoded, which is earlier."""
    if header(path)["format"].get("format_name") in UNINDEXED:
        time -= EARLIER
    return ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{time:.6f}"]


def _told(asked: Future[Timeline]) -> Timeline:
    try:
        return asked.result()
    except MediaError as error:
        raise Unplaced(f"its packets: {error}") from error


def _stamped(
    decoding: Decoding, order: _Order, index: int, asked: Future[Timeline] | None
) -> Generator[tuple[bytes, int]]:
    """The small frames, raw, with their time stamps in flicks."""
    if asked and order.threads > 1:
        timeline = _told(asked)
        parts = parts_of(timeline, order.threads, _shown(timeline, order.every))
        if len(parts) > 1:
            alone = replace(order, threads=1)
            sources = [
                partial(_decoded, decoding, alone, index, _Span(decoding.path, timeline, part)) for part in parts
            ]
            try:
                yield from in_order(sources, order.threads)
            except MediaError as error:
                if error.kind in ("timeout", "no_tool"):
                    raise
                raise Unplaced(f"a part: {error}") from error
            return
    yield from _decoded(decoding, order, index)


def _shown(timeline: Timeline, every: float) -> np.ndarray:
    """The keyframes of which a still is taken whatever was before: where parts begin, stills are as without parts."""
    keys = np.flatnonzero(timeline.keys)
    cells = np.floor(timeline.times[keys] / (every * KEY_APART) + ROUNDING)
    return keys[np.diff(cells, prepend=-1) > 0]


def _chosen(every: float, start: str) -> str:
    """Which frames become stills, for ffmpeg: those `every` seconds from the last one, and the first keyframe in each
    quarter of such a span. `start`: when the first frame of the file is shown, on ffmpeg's clock."""
    cell = f"floor((t-{start})/{every * KEY_APART}+{ROUNDING})"
    first = f"if(key,st(1,ld(0));st(0,{cell});gt(ld(0),ld(1)))"
    return f"isnan(prev_selected_t)+gte(t-prev_selected_t+{ROUNDING},{every})+{first}"


class _Span:
    """A part of the picture for ffmpeg, on the file's own clock: where to seek, and which frames to keep."""

    def __init__(self, path: Path, timeline: Timeline, part: Part):
        self._base, self._first = timeline.base, int(timeline.ticks[part.first])
        start, begin = (float(int(timeline.ticks[place]) * timeline.base) for place in (0, part.first))
        self.start = f"{start:.6f}"
        self.clock = ("-copyts",)
        self.seek = _seek(path, begin) if part.first else []
        after = "" if part.after is None else f":end_pts={timeline.ticks[part.after]}"
        self.trim = f"trim=start_pts={self._first}{after},"

    def whole(self, frames: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
        """The frames, if they begin where the part does. Decoders give none that rests on what was before, and a
        container without an index may not find the place."""
        data, stamp = next(frames, (b"", 0))
        if not data or _ticks(stamp, self._base) != self._first:
            raise Unplaced("a keyframe at which decoding cannot begin")
        yield data, stamp
        yield from frames


def _decoded(decoding: Decoding, order: _Order, index: int, span: _Span | None = None) -> Generator[tuple[bytes, int]]:
    """The same by one process, of the whole or a span."""
    wide, high = decoding.width, decoding.height
    reading, writing = os.pipe()
    command = _command(decoding, order, index, writing, span)
    with open(reading, "rb") as lines:
        try:
            with stream(command, order.timeout, pass_fds=(writing,)) as output:
                os.close(writing)
                writing = -1
                frames = _paired(output, wide * high * 3 // 2, lines)
                yield from span.whole(frames) if span else frames
        finally:
            if writing >= 0:
                os.close(writing)


def _command(decoding: Decoding, order: _Order, index: int, stamps: int, span: _Span | None) -> list[str]:
    """`stamps`: the descriptor for time stamps."""
    wide, high, folder, still = decoding.width, decoding.height, order.folder, order.still
    clock, seek, trim, start = (span.clock, span.seek, span.trim, span.start) if span else ((), [], "", "start_t")
    graph = f"[0:{index}]{trim}split={2 if folder else 1}[a]{'[b]' if folder else ''};"
    graph += f"[a]scale={wide}:{high}:flags={SMALL_SCALER},format=yuv420p,split[small][c];[c]crop=2:2:0:0:exact=1[time]"
    if folder:
        shape = f"scale={still[0]}:{still[1]}:flags={STILL_SCALER}:out_range=tv,format=yuv420p"
        graph += f";[b]select='{_chosen(order.every, start)}',{shape}[still]"
    exact = ("-fps_mode", "passthrough", "-enc_time_base", f"1:{FLICKS}")
    command = [
        *("ffmpeg", *clock, *(SPARING if order.sparing else ()), "-threads", str(order.threads)),
        *input_arguments(decoding.path, *seek),
        *("-filter_complex_threads", "1"),
        *("-filter_complex", graph),
        *("-map", "[time]", *exact, "-flush_packets", "1", "-f", "framecrc", f"pipe:{stamps}"),
        *("-map", "[small]", *exact, "-f", "rawvideo", "pipe:1"),
    ]
    if folder:
        places = os.fspath(folder).replace("%", "%%") + "/%d.yuv"
        milliseconds = ("-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-frame_pts", "1")
        raw = ("-c:v", "rawvideo", *milliseconds, "-f", "image2", "-atomic_writing", "1")  # none is seen half written
        command += ["-map", "[still]", *raw, places]
    return command


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

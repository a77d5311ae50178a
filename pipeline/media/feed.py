"""What ffmpeg gives of a picture: every frame, small, with its time stamp, and stills into a folder.

ffmpeg writes the small frames to one pipe and, beside each, its time stamp to a second pipe (its `framecrc` format on
a crop of four pixels costs little). Stamps are counted in flicks, 1/705600000 s, which hold the time stamps of all
usual frame rates exactly.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import numpy as np

from asid.pipeline.media.parts import StreamPart, in_order, parts_of
from asid.pipeline.media.probe import header
from asid.pipeline.media.process import NO_VERDICT, MediaError, input_arguments, stream
from asid.pipeline.media.timeline import Timeline

FLICKS = 705_600_000
MAX_LAG = 256  # frames held until their times arrive
# fast_bilinear reads only the lines it needs: the small copy then costs a tenth of the decoding, not half of it.
SMALL_SCALER, STILL_SCALER = "fast_bilinear", "area"
SMOOTHING_OFF = ("-skip_loop_filter", "all")
SPARING = (*SMOOTHING_OFF, "-skip_frame", "noref")
KEY_APART = 0.25  # of the time between stills: more are taken for keyframes, where encoders see a new scene
ROUNDING = 0.001  # so that it does not matter from where ffmpeg counts seconds
UNINDEXED, EARLIER = {"mpegts", "mpeg"}, 0.5  # s, more than frames are decoded before they are shown

Stamped = tuple[bytes, int]  # planes of a small frame, 4:2:0, and its time stamp in flicks


class Unplaced(Exception):
    """The frames that come are not those of the file's packets, or too few come."""


@dataclass(frozen=True)
class Order:
    """What is asked of ffmpeg. Sizes are (width, height); `index` is the stream's; stills `every` seconds, about."""

    path: Path
    index: int
    small: tuple[int, int]
    still: tuple[int, int]
    folder: Path | None  # for stills
    every: float
    threads: int
    sparing: bool
    timeout: float


def seek(path: Path, time: float) -> list[str]:
    """Options by which ffmpeg begins at the keyframe that is shown at `time`, s of file time, or before it. Streams
    without an index are searched by when a frame is decoded, which is earlier."""
    if header(path)["format"].get("format_name") in UNINDEXED:
        time -= EARLIER
    return ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{time:.6f}"]


def ticks_of(flicks: int, base: Fraction) -> int:
    """What ffmpeg had before it counted in flicks: exact also where a tick is no whole number of them."""
    return round(flicks * base.denominator / (FLICKS * base.numerator))


def whole(order: Order) -> Generator[Stamped]:
    """The picture by one process with the order's threads."""
    return _decoded(order, None)


def parted(order: Order, timeline: Timeline) -> Generator[Stamped]:
    """The picture by as many processes as the order has threads; by one where it cannot be parted. Raises Unplaced
    where a part does not decode as it would amid the others."""
    parts = parts_of(len(timeline.ticks), _begins(timeline, order.every), order.threads)
    if len(parts) == 1:
        yield from whole(order)
        return
    alone = replace(order, threads=1)
    try:
        yield from in_order(
            [partial(_decoded, alone, _Span(order.path, timeline, part)) for part in parts], order.threads
        )
    except MediaError as error:
        if error.kind in NO_VERDICT:
            raise
        raise Unplaced(f"a part: {error}") from error


def _begins(timeline: Timeline, every: float) -> np.ndarray:
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

    def __init__(self, path: Path, timeline: Timeline, part: StreamPart):
        self._base, self._first = timeline.base, int(timeline.ticks[part.first])
        start, begin = (float(int(timeline.ticks[place]) * timeline.base) for place in (0, part.first))
        self.start = f"{start:.6f}"
        self.options = ["-copyts", *(seek(path, begin) if part.first else [])]
        after = "" if part.after is None else f":end_pts={timeline.ticks[part.after]}"
        self.trim = f"trim=start_pts={self._first}{after},"

    def whole(self, frames: Iterator[Stamped]) -> Iterator[Stamped]:
        """The frames, if they begin where the part does. Decoders give none that rests on what was before, and a
        container without an index may not find the place."""
        data, stamp = next(frames, (b"", 0))
        if not data or ticks_of(stamp, self._base) != self._first:
            raise Unplaced("a keyframe at which decoding cannot begin")
        yield data, stamp
        yield from frames


def _decoded(order: Order, span: _Span | None) -> Generator[Stamped]:
    wide, high = order.small
    reading, writing = os.pipe()
    command = _command(order, writing, span)
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


def _command(order: Order, stamps: int, span: _Span | None) -> list[str]:
    """`stamps`: the descriptor for time stamps."""
    (wide, high), folder, still = order.small, order.folder, order.still
    options, trim, start = (span.options, span.trim, span.start) if span else ([], "", "start_t")
    graph = f"[0:{order.index}]{trim}split={2 if folder else 1}[a]{'[b]' if folder else ''};"
    graph += f"[a]scale={wide}:{high}:flags={SMALL_SCALER},format=yuv420p,split[small][c];[c]crop=2:2:0:0:exact=1[time]"
    if folder:
        shape = f"scale={still[0]}:{still[1]}:flags={STILL_SCALER}:out_range=tv,format=yuv420p"
        graph += f";[b]select='{_chosen(order.every, start)}',{shape}[still]"
    exact = ("-fps_mode", "passthrough", "-enc_time_base", f"1:{FLICKS}")
    command = [
        *("ffmpeg", *(SPARING if order.sparing else ()), "-threads", str(order.threads)),
        *input_arguments(order.path, *options),
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


def _paired(output: IO[bytes], size: int, lines: IO[bytes]) -> Iterator[Stamped]:
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

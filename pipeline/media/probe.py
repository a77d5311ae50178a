"""What a file is, found by reading it: the picture's stream, its first moment, its length, counted packet by packet.

A header is only a claim. The first frame is decoded, the packets of the picture are counted to the end, and each
figure is held against `Limits`. Times of a file are absolute in here (what ffmpeg calls `-copyts`); everywhere else
second 0 is `Probe.start`, when the picture is first shown.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from asid.pipeline.media.process import NO_VERDICT, MediaError, input_arguments, run, stream
from asid.pipeline.media.settings import ProbeLimits
from asid.pipeline.rows import Record

HDR = {"smpte2084", "arib-std-b67"}
FIRST_PACKETS = (8, 400)  # packets to decode for the first frame: at first few, then enough to meet a keyframe
PROBE_MEMORY = 2 << 30  # one thread and a few frames: 8K with 10 bits takes 1.1 GiB
READ_SPEED = 10 << 20  # bytes a second that the slowest disk gives: a large file may take longer to count
HEADER = (
    "format=format_name,nb_streams:"
    "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,pix_fmt,field_order,color_transfer,"
    "color_primaries,color_space,time_base,start_time,duration,avg_frame_rate,channels,channel_layout,sample_rate:"
    "stream_disposition=default,attached_pic,timed_thumbnails:stream_tags=language,rotate:stream_side_data=rotation"
)
FRAME = (
    "frame=pts,best_effort_timestamp,width,height,sample_aspect_ratio,color_transfer,color_primaries,color_space,"
    "interlaced_frame"
)
FEW_PACKETS = 400  # of all pictures of a file, from its start: by them a still is told from what moves
STILL = 0.1  # of the packets of the busiest picture: one that has fewer is a cover or a row of thumbnails
BACK = 0.25  # s by which times may go back from packet to packet; where they go further they have begun again
MOST_CHANNELS = 64  # that ffmpeg can mix
# What swresample knows how to mix. A layout that is not told, or another, is mixed evenly.
_MIXED = (
    "mono stereo 2.1 3.0 3.0(back) 4.0 quad quad(side) 3.1 5.0 5.0(side) 4.1 5.1 5.1(side) 6.0 6.0(front) hexagonal 6.1"
    " 6.1(back) 6.1(front) 7.0 7.0(front) 7.1 7.1(wide) 7.1(wide-side) octagonal downmix"
)
MIXED = frozenset(_MIXED.split())
IN_ORDER = "`ffmpeg -i IN -c copy OUT.mp4` puts them in order"


class AudioTrack(Record):
    """One sound stream. `start` is in seconds of the picture's time: below 0 when it begins before the picture."""

    index: int  # of the stream in the file
    codec: str
    channels: int
    rate: int  # samples per second
    language: str  # as tagged, ISO 639-2 as a rule; "" when untagged
    start: float
    duration: float  # s as declared, 0 when the file does not say
    default: bool
    layout: str = ""  # of its channels, by ffmpeg's name; "" when the file does not say

    @property
    def even(self) -> bool:
        """Whether its channels are mixed evenly, as nobody says where they are heard from."""
        return self.channels > 2 and self.layout not in MIXED


class Probe(Record):
    """A video file as read. `start` is absolute; `width` and `height` are as displayed."""

    container: str
    index: int  # of the picture's stream in the file, for `-map 0:INDEX`
    start: float  # s, file time of the first frame that decodes
    duration: float  # s from `start` to the end of the last frame
    frames: int
    fps: float  # average
    vfr: bool  # frames at uneven times
    width: int
    height: int
    coded_width: int
    coded_height: int
    sar: float  # width of a pixel over its height
    rotation: int  # degrees as in the display matrix: 0, 90, 180, -90
    codec: str
    pixel_format: str
    transfer: str  # colour transfer, "" unknown
    primaries: str  # of its colours, "" unknown
    matrix: str  # from colours to luma, "" unknown
    hdr: bool
    field_order: str  # progressive, tt, bb, tb, bt, unknown
    interlaced: bool
    audio: tuple[AudioTrack, ...]


def probe(path: Path, timeout: float = 30, limits: ProbeLimits | None = None) -> Probe:
    """Read `path` and check it. `timeout` in seconds for each of three or four readings; more to count a large file.

    Raises MediaError with kind unreadable, no_video, no_frame, still, too_large, too_long, too_many_streams,
    too_fast, gap, times_begin_again, too_many_channels or timeout.
    """
    limits = limits or ProbeLimits()
    found = header(path, timeout)
    if found["format"].get("nb_streams", 0) > limits.max_streams:
        raise MediaError(f"{found['format']['nb_streams']} streams: more than {limits.max_streams}", "too_many_streams")
    picture = picture_of(found["streams"])
    _check_size(picture.get("width", 0), picture.get("height", 0), limits)
    frame = first_frame(path, picture, timeout)
    coded_width, coded_height = int(frame.get("width") or 0), int(frame.get("height") or 0)
    sar, rotation = _sar(frame, picture), _rotation(picture)
    width, height = _displayed(coded_width, coded_height, sar, rotation)
    _check_size(coded_width, coded_height, limits)
    _check_size(width, height, limits)
    start = _time(frame, picture)
    times = _times(path, picture, start, timeout)
    measured = _measure(*times, start)
    _check_time(measured, limits)
    transfer = _known(frame.get("color_transfer") or picture.get("color_transfer"))
    field_order = picture.get("field_order", "unknown")
    audio = audio_tracks(found["streams"], start)
    if (most := max((track.channels for track in audio), default=0)) > MOST_CHANNELS:
        raise MediaError(f"{most} channels of sound: more than {MOST_CHANNELS}", "too_many_channels")
    return Probe(
        container=found["format"].get("format_name", ""),
        index=picture["index"],
        start=start,
        duration=measured["duration"],
        frames=measured["frames"],
        fps=measured["fps"],
        vfr=measured["vfr"],
        width=width,
        height=height,
        coded_width=coded_width,
        coded_height=coded_height,
        sar=float(sar),
        rotation=rotation,
        codec=picture.get("codec_name", ""),
        pixel_format=picture.get("pix_fmt", ""),
        transfer=transfer,
        primaries=_known(frame.get("color_primaries") or picture.get("color_primaries")),
        matrix=_known(frame.get("color_space") or picture.get("color_space")),
        hdr=transfer in HDR,
        field_order=field_order,
        interlaced=bool(frame.get("interlaced_frame")) or field_order in {"tt", "bb", "tb", "bt"},
        audio=audio,
    )


def header(path: Path, timeout: float = 30) -> dict[str, Any]:
    """ffprobe's own account of the file: `format` and `streams`, to be read only. A claim, except that it opened.
    Starting ffprobe takes longer than most of what it does: it is asked once while the file stays the same."""
    try:
        about = path.stat()
    except OSError:  # ffprobe says what is wrong with it
        return _ask(path, timeout)
    return _header(path, about.st_size, about.st_mtime_ns, timeout)


@lru_cache(maxsize=4)
def _header(path: Path, size: int, changed: int, timeout: float) -> dict[str, Any]:
    return _ask(path, timeout)


def _ask(path: Path, timeout: float) -> dict[str, Any]:
    options = ["ffprobe", *input_arguments(path), "-of", "json", "-show_entries", HEADER]
    found = json.loads(run(options, timeout, max_output=16 << 20, memory=PROBE_MEMORY).decode("utf-8", "replace"))
    streams = found.get("streams", [])
    if sum(one.get("codec_type") == "video" for one in streams) > 1:
        counts = _packets(path, timeout)
        for one in streams:
            one["packets"] = counts.get(one["index"], 0)
    return {"format": found.get("format", {}), "streams": streams}


def _packets(path: Path, timeout: float) -> dict[int, int]:
    """Packets of each picture among the first few of all pictures: what moves has many, whatever its flags say."""
    options = ["-select_streams", "v", "-read_intervals", f"%+#{FEW_PACKETS}", "-show_entries", "packet=stream_index"]
    command = ["ffprobe", *options, *input_arguments(path), "-of", "csv=p=0"]
    try:
        lines = run(command, timeout, memory=PROBE_MEMORY).decode("ascii", "replace").split()
    except MediaError as error:
        if error.kind in NO_VERDICT:
            raise
        return {}  # the readings that follow say what is wrong
    return Counter(int(line.strip(",")) for line in lines if line.strip(",").isdigit())


def picture_of(streams: list[dict[str, Any]]) -> dict[str, Any]:
    """The stream to watch: no cover picture, whatever its flags; the default one first, then the largest."""
    moving = _pictures(streams)
    if not moving:
        kinds = sorted({"cover" if s.get("codec_type") == "video" else s.get("codec_type", "unknown") for s in streams})
        raise MediaError(f"no moving picture: its streams are {', '.join(kinds) or 'none'}", "no_video")
    return max(moving, key=lambda s: (_flag(s, "default"), s.get("width", 0) * s.get("height", 0), -s["index"]))


def has_picture(streams: list[dict[str, Any]]) -> bool:
    """Whether a file's streams have a picture that is no cover."""
    return bool(_pictures(streams))


def picture_start(path: Path, timeout: float = 30, known: float | None = None) -> tuple[int, float]:
    """Stream index of the picture, and the file time in seconds at which its first frame is shown; `known`: that time,
    where it has been found before."""
    picture = picture_of(header(path, timeout)["streams"])
    if known is not None:
        return picture["index"], known
    return picture["index"], _time(first_frame(path, picture, timeout), picture)


def first_frame(path: Path, picture: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Decode until there is a frame, and say what it is. Raises MediaError of kind no_frame when none comes."""
    for packets in FIRST_PACKETS:
        options = ["-select_streams", str(picture["index"]), "-read_intervals", f"%+#{packets}"]
        call = ["ffprobe", "-threads", "1", *options, *input_arguments(path), "-of", "json", "-show_entries", FRAME]
        found = json.loads(run(call, timeout, max_output=16 << 20, memory=PROBE_MEMORY).decode("utf-8", "replace"))
        frames = [frame for frame in found.get("frames", []) if frame.get("width") and frame.get("height")]
        if frames:
            first: dict[str, Any] = frames[0]
            return first
    raise MediaError(f"no frame of the {picture.get('codec_name', 'unknown')} picture decodes", "no_frame")


def audio_tracks(streams: list[dict[str, Any]], start: float) -> tuple[AudioTrack, ...]:
    """The sound streams that have a known codec, times counted from `start`."""
    tracks = []
    for one in streams:
        if one.get("codec_type") == "audio" and one.get("codec_name") and int(one.get("sample_rate") or 0) > 0:
            language = one.get("tags", {}).get("language", "")
            tracks.append(
                AudioTrack(
                    index=one["index"],
                    codec=one["codec_name"],
                    channels=int(one.get("channels") or 0),
                    rate=int(one["sample_rate"]),
                    language="" if language == "und" else language,
                    start=float(one["start_time"]) - start if "start_time" in one else 0.0,
                    duration=float(one.get("duration") or 0),
                    default=_flag(one, "default"),
                    layout=_known(one.get("channel_layout")),
                )
            )
    return tuple(tracks)


def _times(path: Path, picture: dict[str, Any], start: float, timeout: float) -> tuple[np.ndarray, float]:
    """When each frame is shown (s, file time, sorted) and how long the last one stands (0 unknown), from all packets.

    Bytes that are missing have no packets here, whatever the header says. Packets before `start` never decode.
    """
    options = ["-select_streams", str(picture["index"]), "-show_entries", "packet=pts,dts,duration,flags"]
    command = ["ffprobe", *options, *input_arguments(path), "-of", "csv=p=0"]
    shown, lasting, timed = array("q"), array("q"), False
    base = _fraction(picture.get("time_base"), Fraction(1, 1000))
    latest: int | None = None
    back = round(Fraction(BACK) / base)
    with stream(command, timeout + path.stat().st_size / READ_SPEED, memory=PROBE_MEMORY) as lines:
        for line in lines:
            pts, dts, duration, flags = (*line.strip().split(b","), b"", b"", b"", b"")[:4]
            timed |= pts not in (b"N/A", b"")
            if dts not in (b"N/A", b""):
                if latest is not None and int(dts) < latest - back:
                    at = f"{float(latest * base):.3f} s"
                    raise MediaError(f"its times begin again at {at}: {IN_ORDER}", "times_begin_again")
                latest = int(dts) if latest is None else max(int(dts), latest)
            moment = pts if pts not in (b"N/A", b"") else dts
            if moment not in (b"N/A", b"") and b"D" not in flags:
                shown.append(int(moment))
                lasting.append(int(duration) if duration.isdigit() else 0)
    ticks, lengths = np.array(shown, dtype=np.int64), np.array(lasting, dtype=np.int64)
    order = np.argsort(ticks, kind="stable")
    times, stays = ticks[order] * float(base), lengths[order] * float(base)
    if not timed and len(times):  # AVI gives the order of decoding alone: the frames are shown a little later
        times += start - times[0]
    keep = times >= start - 1e-6
    if not keep.any():
        return np.array([start]), 0.0
    return times[keep], float(stays[keep][-1])


def _measure(times: np.ndarray, last: float, start: float) -> dict[str, Any]:
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else last
    end = float(times[-1]) + (last or usual)
    uneven = len(steps) > 1 and bool(np.any(np.abs(steps - usual) > max(0.0021, 0.1 * usual)))
    span = float(times[-1] - times[0])
    return {
        "frames": len(times),
        "duration": end - start,
        "fps": (len(times) - 1) / span if span > 0 else (1 / usual if usual > 0 else 0.0),
        "gap": max(float(steps.max()) if len(steps) else 0.0, last),
        "vfr": uneven,
    }


def _check_size(width: int, height: int, limits: ProbeLimits) -> None:
    if width * height > limits.max_pixels:
        raise MediaError(f"{width} x {height} pixels: more than {limits.max_pixels} in all", "too_large")


def _check_time(measured: dict[str, Any], limits: ProbeLimits) -> None:
    if measured["frames"] < limits.min_frames:
        raise MediaError(f"{measured['frames']} frame: a still, not a video", "still")
    if measured["gap"] > limits.max_gap:
        raise MediaError(f"a gap of {measured['gap']:.0f} s between frames: over {limits.max_gap:.0f} s", "gap")
    if measured["duration"] > limits.max_seconds:
        raise MediaError(f"{measured['duration']:.0f} s long: over {limits.max_seconds:.0f} s", "too_long")
    if measured["duration"] <= 0 or measured["fps"] <= 0:
        raise MediaError("all frames are shown at one moment", "still")
    if measured["fps"] > limits.max_fps:
        raise MediaError(f"{measured['fps']:.0f} frames a second: over {limits.max_fps:.0f}", "too_fast")


def _displayed(width: int, height: int, sar: Fraction, rotation: int) -> tuple[int, int]:
    wide = max(1, round(width * sar))
    return (height, wide) if rotation % 180 else (wide, height)


def _sar(frame: dict[str, Any], picture: dict[str, Any]) -> Fraction:
    """Shape of a pixel; one that no camera makes is taken for square."""
    for one in (frame, picture):
        sar = _fraction(str(one.get("sample_aspect_ratio", "")).replace(":", "/"), Fraction(0))
        if Fraction(1, 8) <= sar <= 8:
            return sar
    return Fraction(1)


def _rotation(picture: dict[str, Any]) -> int:
    """Nearest right angle of the display matrix, in (-180, 180]."""
    for side in picture.get("side_data_list", []):
        if "rotation" in side:
            turned = round(float(side["rotation"]) / 90) * 90 % 360
            return turned - 360 if turned > 180 else turned
    return 0


def _time(frame: dict[str, Any], picture: dict[str, Any]) -> float:
    ticks = frame.get("best_effort_timestamp", frame.get("pts"))
    if ticks is None:
        return float(picture.get("start_time", 0.0))
    return float(int(ticks) * _fraction(picture.get("time_base"), Fraction(1, 1000)))


def _fraction(text: Any, default: Fraction) -> Fraction:
    try:
        return Fraction(text)
    except (TypeError, ValueError, ZeroDivisionError):
        return default


def _flag(stream: dict[str, Any], name: str) -> bool:
    return bool(stream.get("disposition", {}).get(name))


def _pictures(streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The streams that may be watched. Of several the packets tell; of one, or where none has any, its flags."""
    pictures = [stream for stream in streams if stream.get("codec_type") == "video"]
    busiest = max((stream.get("packets", 0) for stream in pictures), default=0)
    if busiest > 1:
        return [stream for stream in pictures if stream["packets"] > max(1, STILL * busiest)]
    return [one for one in pictures if not (_flag(one, "attached_pic") or _flag(one, "timed_thumbnails"))]


def _known(text: Any) -> str:
    return text if text and text not in {"unknown", "reserved", "unspecified"} else ""

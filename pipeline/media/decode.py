"""Sound of a file, on the picture's clock: sample 0 is heard when the first frame is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from asid.pipeline.media import process
from asid.pipeline.media.probe import AudioTrack, audio_tracks, has_picture, header, picture_start

RUN_UP = 2.0  # s decoded before the span that is asked for: codecs need it, and containers seek roughly


def audio(
    path: Path,
    stream: int | None = None,
    start: float = 0.0,
    duration: float | None = None,
    rate: int = 16000,
    max_seconds: float = 6 * 3600.0,
    timeout: float = 1800.0,
) -> np.ndarray:
    """Mono float32 samples in -1..1, shape (n,), from second `start` of the picture's time.

    `stream` counts the file's sound streams from 0; None takes the default one. Sound that begins after the picture
    is padded with zeros in front, sound before it is dropped, holes are filled with zeros; nothing is padded at the
    end. Empty when the file has no sound. Raises MediaError; of kind too_long above `max_seconds`.
    """
    parts, count = [], 0
    for part in audio_chunks(path, 60.0, stream, start, duration, rate, timeout):
        count += len(part)
        if count > max_seconds * rate:
            raise process.MediaError(f"the sound is longer than {max_seconds:.0f} s", "too_long")
        parts.append(part)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def audio_chunks(
    path: Path,
    seconds: float = 30.0,
    stream: int | None = None,
    start: float = 0.0,
    duration: float | None = None,
    rate: int = 16000,
    timeout: float = 1800.0,
    shown_from: float | None = None,
) -> Iterator[np.ndarray]:
    """The same samples in pieces of `seconds` (the last may be shorter): memory does not grow with the file.
    `shown_from`: file time of the first frame, where it is known."""
    streams = header(path)["streams"]
    track = _choose(audio_tracks(streams, 0.0), stream)
    if track is None:
        return
    zero = picture_start(path, known=shown_from)[1] if has_picture(streams) else track.start
    size = max(1, round(seconds * rate)) * 4
    with process.stream(_command(path, track, zero + start, duration, rate), timeout) as output:
        while data := output.read(size):
            yield np.frombuffer(bytearray(data), np.float32)


def chosen(path: Path, stream: int | None) -> AudioTrack | None:
    """The sound stream that is heard; None without sound."""
    return _choose(audio_tracks(header(path)["streams"], 0.0), stream)


def _choose(tracks: tuple[AudioTrack, ...], number: int | None) -> AudioTrack | None:
    if number is None:
        return next((track for track in tracks if track.default), tracks[0] if tracks else None)
    if 0 <= number < len(tracks):
        return tracks[number]
    raise process.MediaError(f"there is no sound stream {number}, only {len(tracks)}", "no_stream")


def _command(path: Path, track: AudioTrack, begin: float, duration: float | None, rate: int) -> list[str]:
    """From `begin`, in file time. The seek only saves work; the filters cut to the sample by time stamps."""
    seek = []
    if begin - RUN_UP > track.start:
        seek = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{begin - RUN_UP:.6f}"]
    filters = [
        *([evenly(track.channels, 1)] if track.even else []),
        f"asetpts=round(PTS-({begin:.9f})/TB)",
        f"aresample={rate}:async=1:first_pts=0:rematrix_maxval=1",  # 1: two equal channels keep their level in mono
        "aformat=sample_fmts=flt:channel_layouts=mono",
    ]
    if duration is not None:
        filters.append(f"atrim=end_sample={max(0, round(duration * rate))}")
    return [
        *("ffmpeg", "-copyts", *process.input_arguments(path, *seek)),
        *("-map", f"0:{track.index}", "-af", ",".join(filters), "-f", "f32le", "pipe:1"),
    ]


def evenly(channels: int, into: int) -> str:
    """The filter that gives `into` channels, each the mean of all that there are."""
    mean = "+".join(f"{1 / channels:.9f}*c{number}" for number in range(channels))
    return f"pan={'mono' if into == 1 else 'stereo'}|" + "|".join(f"c{number}={mean}" for number in range(into))

"""A span of a file as bytes for a model: a small video of its own, its sound, or stills. Times are the file's own."""

from __future__ import annotations

import io
import math
import wave
from pathlib import Path

from asid.pipeline.media.probe import audio_tracks, header, picture_of
from asid.pipeline.media.process import input_arguments, run

MAX_BYTES = 512 << 20
SAMPLE_RATE = 16000
PLAYED, HEARD = ("h264", "hevc", "av1", "vp9"), ("aac", "mp3", "opus")  # codecs that go into an MP4 as they are


def video(path: Path, start: float, end: float | None, timeout: float) -> bytes:
    """The span as an MP4 (H.264, AAC), cut to the frame. Raises MediaError. Without B frames: in a file written to a
    pipe they would begin late against the sound."""
    return run(
        [
            *(
                "ffmpeg",
                *input_arguments(path, *_from(start)),
                "-map",
                _picture(path),
                "-map",
                _sound(path, optional=True),
            ),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac"),
            *("-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2", "-map_metadata", "-1"),
            *(*_for(start, end), "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"),
        ],
        timeout,
        max_output=MAX_BYTES,
    )


def as_mp4(path: Path, timeout: float) -> bytes:
    """The whole file as an MP4, with its own bytes of picture and sound where MP4 players know their codecs, else as
    `video` makes it. Raises MediaError."""
    streams = {f"0:{stream['index']}": stream.get("codec_name") for stream in header(path)["streams"]}
    picture, heard = _picture(path), _sound(path, optional=True)
    if streams.get(picture) not in PLAYED or streams.get(heard, "aac") not in HEARD:
        return video(path, 0.0, None, timeout)
    form = ("-c", "copy", "-map_metadata", "-1", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1")
    return run(["ffmpeg", *input_arguments(path), "-map", picture, "-map", heard, *form], timeout, max_output=MAX_BYTES)


def sound(path: Path, start: float, end: float | None, timeout: float) -> bytes:
    """The span's sound as WAV: 16 kHz, mono, 16 bit. Raises MediaError."""
    span = input_arguments(path, *_from(start))
    form = (*_for(start, end), "-map", _sound(path), "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1")
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(run(["ffmpeg", *span, *form], timeout, max_output=MAX_BYTES))
    return sink.getvalue()


def stills(
    path: Path,
    start: float,
    end: float | None,
    fps: float,
    most: int,
    side: int,
    timeout: float,
    max_pixels: int | None = None,
    total_pixels: int | None = None,
) -> list[tuple[float, bytes]]:
    """Seconds from the span's start, and a JPEG no larger than `side` pixels, nor than `max_pixels` in area: `fps` a
    second, `most` and `total_pixels` at the most, evenly thinned out. Raises MediaError."""
    shape = f"scale=w='min({side},iw)':h='min({side},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"
    if max_pixels:
        part = f"min(1,min({side}/max(iw,ih),sqrt({max_pixels}/(iw*ih))))"
        shape = f"scale=w='max(2,trunc(iw*{part}/2)*2)':h='max(2,trunc(ih*{part}/2)*2)'"
    data = run(
        [
            *("ffmpeg", *input_arguments(path, *_from(start)), "-map", _picture(path), "-vf", f"fps={fps},{shape}"),
            *(*_for(start, end), "-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "pipe:1"),
        ],
        timeout,
        max_output=MAX_BYTES,
    )
    images = [b"\xff\xd8" + rest for rest in data.split(b"\xff\xd9\xff\xd8")] if data else []
    images = [image.removeprefix(b"\xff\xd8") if number == 0 else image for number, image in enumerate(images)]
    images = [image if image.endswith(b"\xff\xd9") else image + b"\xff\xd9" for image in images]
    if total_pixels and images:
        most = min(most, max(1, total_pixels // math.prod(jpeg_size(images[0]))))
    if len(images) > most:
        chosen = [round(index * (len(images) - 1) / max(1, most - 1)) for index in range(most)]
    else:
        chosen = list(range(len(images)))
    return [(index / fps, images[index]) for index in chosen]


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Read width and height from a JPEG's frame header. Raises ValueError for bytes that have none."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if data[at + 1] in (0xC0, 0xC1, 0xC2):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise ValueError("no JPEG with a frame")


def _picture(path: Path) -> str:
    """The stream that the clip was cut from: a virtual clip is a place in a file that may begin with a cover."""
    return f"0:{picture_of(header(path)['streams'])['index']}"


def _sound(path: Path, optional: bool = False) -> str:
    tracks = audio_tracks(header(path)["streams"], 0.0)
    track = next((track for track in tracks if track.default), tracks[0] if tracks else None)
    return f"0:{track.index}" if track else "0:a:0?" if optional else "0:a:0"


def _from(start: float) -> tuple[str, ...]:
    return ("-ss", f"{start:.6f}") if start else ()


def _for(start: float, end: float | None) -> tuple[str, ...]:
    """Of the output: the reader would stop by packets, which come in another order than frames."""
    return () if end is None else ("-t", f"{end - start:.6f}")

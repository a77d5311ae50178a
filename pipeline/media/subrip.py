"""Subtitles that lie in a file beside its picture and sound."""

from __future__ import annotations

from pathlib import Path

from asid.pipeline.media.process import input_arguments, run


def subrip(path: Path, stream: int, most: int) -> bytes:
    """Read the subtitles of a stream as SubRip, on the file's clock. Raises MediaError; also for more than `most`
    bytes."""
    command = ["ffmpeg", "-copyts", *input_arguments(path), "-map", f"0:{stream}", "-c:s", "subrip", "-f", "srt"]
    return run([*command, "pipe:1"], 600, max_output=most)

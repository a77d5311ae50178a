"""Speech made in the test by ffmpeg's flite voices, laid out on a track, and videos around it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from asid.pipeline.rows import Split, Turn, Word
from asid.pipeline.speech.base import RATE
from asid.pipeline.storage import to_uri

WOMAN, MAN = "slt", "rms"
FIRST = "the old library opens at nine in the morning"
SECOND = "my brother left his umbrella on the kitchen table"
THIRD = "we can walk to the river after lunch"


def ffmpeg(*arguments: str, stdin: bytes | None = None) -> bytes:
    command = ["ffmpeg", "-y", "-v", "error", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


@cache
def say(text: str, voice: str) -> np.ndarray:
    """float32 at 16 kHz, with the voice's own short silence around."""
    graph = f"flite=text='{text}':voice={voice},aresample={RATE},aformat=sample_fmts=flt:channel_layouts=mono"
    return np.frombuffer(ffmpeg("-f", "lavfi", "-i", graph, "-f", "f32le", "-"), np.float32)


def track(seconds: float, *lines: tuple[float, str, str]) -> np.ndarray:
    """Silence with (second, text, voice) laid into it."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    for at, text, voice in lines:
        part = say(text, voice)
        first = round(at * RATE)
        sound[first : first + len(part)] += part[: len(sound) - first]
    return sound


def chords(seconds: float) -> np.ndarray:
    """Organ-like music: three notes that change every half second."""
    time = np.arange(round(seconds * RATE)) / RATE
    root = 220 * 2 ** (np.floor(time * 2) % 5 / 12)
    tones = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1, 1.25, 1.5, 2))
    return (0.08 * tones).astype(np.float32)


def video(
    path: Path,
    sound: np.ndarray | None,
    seconds: float,
    *,
    rate: int = RATE,
    layout: str = "mono",
    late: float = 0.0,
    second: np.ndarray | None = None,
) -> Split:
    """A small video with `sound` on its track (`second` on another), as the row that `split` gives."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=64x36:rate=25:duration={seconds}"]
    inputs, maps = [], ["-map", "0:v"]
    for number, samples in enumerate(s for s in (sound, second) if s is not None):
        raw = path.with_suffix(f".{number}.f32")
        raw.write_bytes(samples.astype("<f4").tobytes())
        inputs += ["-itsoffset", str(late), "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", str(raw)]
        maps += ["-map", f"{number + 1}:a"]
    centre = ["-af", "pan=5.1|FC=c0"] if layout == "5.1" else []
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", "-ar", str(rate), *centre]
    ffmpeg(*picture, *inputs, *maps, *coding, str(path))
    return row(path, seconds, streams=len(maps) // 2 - 1)


def row(path: Path, seconds: float, streams: int = 1) -> Split:
    return Split(
        id=path.stem, uri=to_uri(path), name=path.name, sha256="ab" * 32, size=1, duration=seconds, width=64, height=36,
        fps=25.0, video_codec="h264", audio_codec="pcm_s16le" if streams else "", audio_streams=streams, licence="",
        source="", tags={}, duplicates=(), shots=(), signal=(), frames=(), detector="test",
    )  # fmt: skip


def word(start: float, end: float, text: str, speaker: str = "", score: float = 0.9) -> Word:
    return Word(start=start, end=end, text=text, score=score, speaker=speaker)


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ")


def missing(truth: str, heard: str) -> int:
    """Words of the truth that were not heard."""
    said: list[str] = plain(heard).split()
    return sum(one not in said for one in plain(truth).split())


def dump(row: Any) -> dict[str, Any]:
    return dict(row.model_dump())

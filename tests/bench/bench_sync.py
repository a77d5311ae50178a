"""How far sound and picture are apart: known offsets, found again. One JSON line for each figure.

    python -m tests.bench.bench_sync [--clips FOLDER] [--seeds 5]

By the file: each container gets a picture and a tone that begins 0, 40, 80, 125, 200 or 500 ms after or before it. What
is found is `stages.transcribe.lag`, the row's `sound_lag`; it counts where it is within a frame (40 ms) of the truth.

By the content: things light up on a drawn picture and are heard to click, off by as much, amid noise, with more of
either than of the other, and half of the clips have other things that move. What is found is the row's `content_lag`.
Clips that have nothing to do with their sound, and those of FOLDER, as they are, must give none, or one below a frame.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import wave
from pathlib import Path

import numpy as np

from asid.pipeline.media.decode import audio_chunks, chosen
from asid.pipeline.media.frames import decode
from asid.pipeline.media.probe import probe
from asid.pipeline.speech.base import RATE
from asid.pipeline.speech.sync import HeardOnsets, content_lag
from asid.pipeline.vision.likeness import Look
from asid.pipeline.vision.onsets import OnsetMeter
from asid.pipeline.vision.settings import ShotSettings
from asid.pipeline.vision.shots import ShotFinder
from asid.stages.transcribe import lag
from tests.kits.speechkit import ffmpeg

OFFSETS = (40, 80, 125, 200, 500)  # ms
WAYS = {"mkv": ("libx264", "pcm_s16le"), "mp4": ("libx264", "aac"), "mov": ("libx264", "pcm_s16le"),
        "webm": ("libvpx", "libopus")}  # fmt: skip
FRAME = 0.04
SIZE, FPS, SECONDS, HITS = (160, 90), 25, 16, 10
VIDEOS = {".mp4", ".mkv", ".webm", ".avi", ".mov"}


def make(path: Path, milliseconds: int, video: str, sound: str) -> None:
    """4 s at 25 frames a second; what comes later, picture or sound, is moved, so that no time is below 0."""
    late, early = max(0, milliseconds) / 1000, max(0, -milliseconds) / 1000
    ffmpeg(
        *("-itsoffset", str(early), "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=4"),
        *("-itsoffset", str(late), "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"),
        *("-map", "0:v", "-map", "1:a", "-c:v", video, "-c:a", sound, "-fps_mode", "passthrough", "-threads", "1"),
        str(path),
    )


def tell(figure: str, value: float, limit: float, least: bool, unit: str = "share") -> None:
    holds = value >= limit if least else value <= limit
    line = {"bench": "sync", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds}), flush=True)


def play(path: Path, apart: float | None, seed: int) -> None:
    """A clip in which things light up and click `apart` s later, or at times of their own for None. A third of the
    hits are heard only, and some are seen only."""
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    slots = chance.sample(range(2, 2 * SECONDS - 2), HITS)
    hits = sorted(slot / 2 + chance.uniform(0.0, 0.3) for slot in slots)
    frames = np.full((SECONDS * FPS, SIZE[1], SIZE[0]), 70.0, np.float32) + noise.normal(0, 2, (1, SIZE[1], SIZE[0]))
    if seed % 2:
        for number in range(len(frames)):
            left = round(60 + 50 * np.sin(number / 9))
            frames[number, 60:80, left : left + 20] = 150
    for at in hits:
        x, y = chance.randrange(0, SIZE[0] - 40), chance.randrange(0, 30)
        first = int(np.ceil(at * FPS))
        for number, frame in enumerate(frames[first : first + 12]):
            frame[y : y + 24, x : x + 32] += 140 * (1 - number / 12)  # at once it is bright, by and by it is gone
    sound = noise.normal(0, 0.003, SECONDS * RATE)
    own = [chance.uniform(0.5, SECONDS - 1) for _ in hits]
    heard = own if apart is None else [at + apart for at in hits[:-1]]
    for at in [*heard, *(chance.uniform(0.5, SECONDS - 1) for _ in range(HITS // 3))]:
        first = round(at * RATE)
        if first >= 0:
            ring = np.arange(len(sound[first : first + 1600]))
            sound[first : first + 1600] += 0.4 * np.sin(ring * 0.5) * np.exp(-ring / 250)
    with wave.open(str(path.with_suffix(".wav")), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    ffmpeg(
        *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(FPS), "-i", "pipe:0"),
        *(
            "-i",
            str(path.with_suffix(".wav")),
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-threads",
            "1",
        ),
        str(path),
        stdin=np.clip(frames, 0, 255).astype(np.uint8).tobytes(),
    )


def found(path: Path) -> float | None:
    """What the stages find in a file: None without evidence."""
    header = probe(path)
    finder, onsets, sounds = ShotFinder(ShotSettings()), OnsetMeter(), HeardOnsets()
    for frame in decode(path, header.width, header.height, 300).frames:
        look = Look(frame.index, frame.time, frame.gray, frame.blue, frame.red)
        finder.add(look)
        onsets.add(look)
    seen = onsets.beside(shot.start for shot in finder.finish(header.duration))
    for _ in sounds.watch(audio_chunks(path, stream=None, duration=header.duration, shown_from=None)):
        pass
    return content_lag(seen, sounds.onsets(), header.duration)


def content(folder: Path, seeds: int) -> None:
    """Offsets inside the content: which were found, how exactly, and what was told where there is nothing to tell."""
    for milliseconds in sorted({0, *OFFSETS, *(-ms for ms in OFFSETS)}):
        off = []
        for seed in range(seeds):
            play(folder / "hits.mp4", milliseconds / 1000, seed)
            told = found(folder / "hits.mp4")
            off.append(9.9 if told is None else abs(told - milliseconds / 1000))
        tell(f"content, {milliseconds:+d} ms: found", sum(e < FRAME for e in off) / seeds, 0.9, True)
        tell(f"content, {milliseconds:+d} ms: wrong", sum(FRAME <= e < 9 for e in off) / seeds, 0.0, False)
    alarms = 0
    for seed in range(2 * seeds):
        play(folder / "apart.mp4", None, 1000 + seed)
        alarms += found(folder / "apart.mp4") is not None
    tell("content: told of sounds that are not the picture's", alarms / (2 * seeds), 0.0, False)


def untouched(folder: Path) -> None:
    """False alarms on clips as they are."""
    told = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix in VIDEOS):
        if probe(path).audio:
            told[path.name] = found(path)
    known = [lag for lag in told.values() if lag is not None]
    tell(f"content: evidence in {len(told)} clips as they are", len(known) / max(1, len(told)), 0.0, True)
    tell(
        "content: false alarms on clips as they are",
        float(sum(abs(lag) >= FRAME for lag in known)),
        0.0,
        False,
        "clips",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="a folder of clips whose sound is right")
    parser.add_argument("--seeds", type=int, default=5, help="clips for each offset of the content")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="r") as scratch:
        for suffix, codecs in WAYS.items():
            off: dict[int, float] = {}
            for milliseconds in sorted({0, *OFFSETS, *(-ms for ms in OFFSETS)}):
                path = Path(scratch) / f"{milliseconds}.{suffix}"
                make(path, milliseconds, *codecs)
                off[milliseconds] = abs((lag(path, chosen(path, None), None) or 0.0) - milliseconds / 1000)
            moved = [error for ms, error in off.items() if ms]
            tell(f"{suffix}: offsets of the container found", sum(e < FRAME for e in moved) / len(moved), 1.0, True)
            tell(f"{suffix}: false alarm on an untouched file", float(off[0] >= FRAME), 0.0, False)
            tell(f"{suffix}: largest error", max(off.values()), FRAME, False, "s")
        content(Path(scratch), options.seeds)
    if options.clips:
        untouched(options.clips)


if __name__ == "__main__":
    main()

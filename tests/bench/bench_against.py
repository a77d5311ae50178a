"""Copies of a benchmark's videos among others: how many are found, and how many others are dropped.

    python -m tests.bench.bench_against [COPIES] [OTHERS] [--films FOLDER] [--keep FOLDER]

All videos go through `asid run` (ingest, split, transcribe, cut whole, against with a list of the benchmark's files,
take). Each benchmark video is a synthetic film of moving shapes in several shots, or 12 s of a real film where a folder
of them is named. Its copy is encoded again at a third of the quality, made smaller, played at another frame rate, and
trimmed at both ends. The others are films of the same kind; real films lend pieces to the benchmark or to the others,
never to both. JSON lines on standard output; exits with 1 when a figure misses its limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from asid.pipeline.run.folder import Run
from asid.pipeline.vision.hashes import phash
from tests.heads import asid, environment

SIZE, RATE = (160, 90), 10
SECONDS = 12
VIDEOS = (".mp4", ".mkv", ".webm", ".avi", ".mov")
MANIFEST = """
title: against
inputs: [videos]
recipe:
- stage: ingest
- stage: split
- stage: transcribe
  music: false
- {stage: cut, whole: true, min_seconds: 5}
- {stage: against, videos: [benchmark.txt]}
- stage: take
"""
STILL_EVERY = 2.0  # s, as `split` keeps them


MISSED: list[str] = []


def say(figure: str, value: float, unit: str, limit: float, holds: bool) -> None:
    MISSED.extend([] if holds else [figure])
    told = {
        "bench": "against",
        "figure": figure,
        "value": round(value, 4),
        "unit": unit,
        "limit": limit,
        "holds": holds,
    }
    print(json.dumps(told), flush=True)


def frames(seed: int) -> Iterator[np.ndarray]:
    """A film: two to four shots, each a background with shapes that drift over it."""
    chance = np.random.default_rng(seed)
    ends = sorted({*chance.integers(20, SECONDS * RATE - 20, chance.integers(1, 4)).tolist(), SECONDS * RATE})
    at = 0
    for end in ends:
        ground = cv2.resize(chance.integers(0, 256, (5, 8, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
        shapes = [(chance.uniform((0, 0), SIZE), chance.uniform(-1.5, 1.5, 2), int(chance.integers(6, 30)),
                   chance.integers(0, 256, 3).tolist()) for _ in range(7)]  # fmt: skip
        for number in range(end - at):
            picture = ground.copy()
            for place, speed, size, colour in shapes:
                x, y = (place + speed * number) % SIZE
                cv2.circle(picture, (int(x), int(y)), size, colour, -1)
            yield picture
        at = end


def encode(path: Path, seed: int) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{SIZE[0]}x{SIZE[1]}"]
    command += ["-r", str(RATE), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", str(path)]
    subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames(seed)), check=True, timeout=60)


def copy(source: Path, target: Path, seed: int) -> None:
    """Encoded again, smaller, at 8 frames a second, with up to 2.5 s trimmed off each end."""
    chance = np.random.default_rng(seed)
    start, end = chance.uniform(0.3, 2.5), SECONDS - chance.uniform(0.3, 2.5)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-ss", f"{start:.3f}", "-to", f"{end:.3f}"]
    command += ["-vf", "scale=128:72,fps=8", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "33", str(target)]
    subprocess.run(command, check=True, timeout=60)


def row(id: str, pictures: Iterator[np.ndarray], rate: float) -> dict[str, Any]:
    every = round(STILL_EVERY * rate)
    stills = [
        {"time": number / rate, "phash": phash(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))}
        for number, picture in enumerate(pictures)
        if number % every == every // 2
    ]
    return {"id": id, "sha256": id, "frames": stills}


def shown(path: Path) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(path))
    while (read := video.read())[0]:
        yield read[1]


def pieces(folder: Path | None, first: int, target: Path, most: int) -> Iterator[Path]:
    """Twelve seconds of every second real film after each other, from film `first` on; `most` in all."""
    made = _pieces(folder, first, target) if folder else iter(())
    return itertools.islice(made, most)


def _pieces(folder: Path, first: int, target: Path) -> Iterator[Path]:
    for film in sorted(file for file in folder.iterdir() if file.suffix in VIDEOS)[first::2]:
        told = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(film)]
        seconds = float(subprocess.run(told, capture_output=True, check=True, text=True, timeout=60).stdout)
        for start in range(0, int(seconds) - SECONDS, SECONDS):
            piece = target / f"{film.stem}-{start:04d}.mp4"
            command = ["ffmpeg", "-v", "error", "-y", "-ss", str(start), "-i", str(film), "-t", str(SECONDS), "-an"]
            command += ["-vf", "scale=320:-2", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", str(piece)]
            subprocess.run(command, check=True, timeout=60)
            yield piece


def films(folder: Path, copies: int, others: int, real: Path | None) -> None:
    """Lay out `benchmark/`, and `videos/` with its copies and the others."""
    for name in ("benchmark", "videos", "pieces"):
        (folder / name).mkdir(parents=True)
    tested = list(pieces(real, 0, folder / "pieces", copies // 2))
    strange = list(pieces(real, 1, folder / "pieces", others // 2))
    for number in range(copies):
        film = folder / "benchmark" / f"film{number:03d}.mp4"
        if number < len(tested):
            tested[number].rename(film)
        else:
            encode(film, number)
        copy(film, folder / "videos" / f"copy{number:03d}.mp4", number)
    for number in range(others):
        film = folder / "videos" / f"other{number:03d}.mp4"
        if number < len(strange):
            strange[number].rename(film)
        else:
            encode(film, 100_000 + number)
    real_ones = f"{len(tested)} of the benchmark and {len(strange)} of the others are of real films"
    print(real_ones, file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("copies", nargs="?", type=int, default=100)
    parser.add_argument("others", nargs="?", type=int, default=500)
    parser.add_argument("--films", type=Path)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="r")))
        films(folder, asked.copies, asked.others, asked.films)
        listed = "".join(f"{film}\n" for film in sorted((folder / "benchmark").iterdir()))
        (folder / "benchmark.txt").write_text(listed)
        (folder / "against.yaml").write_text(MANIFEST)
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="r"))
        began = time.perf_counter()
        done = asid("run", folder / "against.yaml", "--run", folder / "run", env=environment(RAY_TMPDIR=temporary),
                    code=None, patience=3600)  # fmt: skip
        print(f"run: {time.perf_counter() - began:.0f} s, exit code {done.returncode}", file=sys.stderr)
        run = Run.open(folder / "run")
        names = {row.id: row.name for row in run.all_rows("cut")}
        found = {names[row.id]: row.value for row in run.all_rows("against")}
        taken = {row.name for row in run.all_rows("take")}
    whole = len(names)
    say("videos that became a clip", whole, "videos", asked.copies + asked.others, whole == asked.copies + asked.others)
    twins = {f"copy{number:03d}.mp4": f"benchmark:film{number:03d}.mp4" for number in range(asked.copies)}
    right = sum(found.get(name) == twin for name, twin in twins.items())
    say("copies found", right, "clips", asked.copies, right == asked.copies)
    wrong = [name for name in found if name.startswith("other")]
    say("others dropped", len(wrong), "clips", 0, not wrong)
    left = sum(name.startswith("other") for name in taken)
    say("clips that go on", len(taken), "clips", asked.others, left == len(taken) == asked.others)
    missed = sorted(twins.keys() - found.keys())
    print(*(f"not found: {name}" for name in missed), *(f"dropped: {name} {found[name]}" for name in wrong),
          sep="\n", file=sys.stderr)  # fmt: skip
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())

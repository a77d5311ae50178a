"""Copies of a benchmark's videos among others: how many are found, and how many others are dropped.

    python -m tests.bench.bench_against [COPIES] [OTHERS]

Each benchmark video is a synthetic film of moving shapes in several shots. Its copy is encoded again at a third of the
quality, made smaller, played at another frame rate, and trimmed at both ends. The others are films of the same kind.
JSON lines on standard output; the last tells the time for each clip that is looked at.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Context
from asid.pipeline.storage import Storage
from asid.pipeline.vision.hashes import phash
from asid.stages.against import Against, AgainstConfig

SIZE, RATE = (160, 90), 10
SECONDS = 12
STILL_EVERY = 2.0  # s, as `split` keeps them


def say(figure: str, value: float, unit: str, limit: float, holds: bool) -> None:
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("copies", nargs="?", type=int, default=100)
    parser.add_argument("others", nargs="?", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="r") as place:
        folder = Path(place)
        (folder / "benchmark").mkdir()
        rows = []
        for number in range(asked.copies):
            film = folder / "benchmark" / f"film{number:03d}.mp4"
            encode(film, number)
            copy(film, folder / "copy.mp4", number)
            rows.append(row(f"copy{number:03d}", shown(folder / "copy.mp4"), 8))
        rows += [row(f"other{number:03d}", frames(100_000 + number), RATE) for number in range(asked.others)]
        config = AgainstConfig(videos=(str(folder / "benchmark"),))
        judge = Against(config, Context(Storage(folder / "run"), Prompts(), {}))
        judge._prints()  # hashing the benchmark is done once for a run, and is not what is timed
        began = time.perf_counter()
        found = {decision.id: decision.value for decision in judge.decide(rows)}
        took = time.perf_counter() - began
    right = sum(found.get(f"copy{number:03d}") == f"benchmark:film{number:03d}.mp4" for number in range(asked.copies))
    wrong = sum(id.startswith("other") for id in found)
    say("copies found", right, "clips", asked.copies, right == asked.copies)
    say("others dropped", wrong, "clips", 0, wrong == 0)
    say("time for a clip", took / len(rows), "s", 0.1, took / len(rows) < 0.1)


if __name__ == "__main__":
    main()

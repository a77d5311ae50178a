"""Cutting a video into ten clips against encoding it once, straight. One JSON line for each figure.

    python tests/bench/bench_cut.py [VIDEO] [--seconds 120] [--rounds 3]

Both are run by turns, with the same encoder settings and threads; each figure is the least of its rounds. Processor
time is that of ffmpeg and ffprobe, probing and reading of time stamps included. Without VIDEO the clip that ships with
the project is repeated at 1280x720.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from asid.pipeline.media.cutting import cut  # noqa: E402
from asid.pipeline.media.probe import probe  # noqa: E402
from asid.pipeline.media.settings import CutSettings  # noqa: E402
from asid.pipeline.media.timeline import read_timeline  # noqa: E402
from asid.pipeline.rows import Span  # noqa: E402

SHIPPED = ROOT / "manifests" / "demo" / "wanna_work_together.mp4"
CLIPS = 10
LIMIT = 1.1


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def spent() -> tuple[float, float]:
    """Seconds of wall time and of the children's processor time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), used.ru_utime + used.ru_stime


def straight(video: Path, folder: Path, settings: CutSettings) -> None:
    threads = ("-threads", settings.threads)
    picture = ("-c:v", settings.encoder, "-preset", settings.preset, "-crf", settings.quality, "-pix_fmt", "yuv420p")
    sound = ("-c:a", "aac", "-b:a", f"{settings.audio_kbps}k")
    ffmpeg(*threads, "-i", video, *picture, *threads, *sound, "-movflags", "+faststart", folder / "straight.mp4")


def in_clips(video: Path, folder: Path, settings: CutSettings) -> None:
    found = probe(video)
    timeline = read_timeline(video, found)
    times = timeline.times
    edges = [float(times[len(times) * n // CLIPS]) for n in range(CLIPS)]
    spans = [Span(start=a, end=b) for a, b in pairwise([*edges, timeline.duration])]
    pieces = cut(video, spans, folder, settings, found, timeline, timeout=3600)
    if not all(pieces):
        raise SystemExit("a clip is missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = CutSettings()
    with tempfile.TemporaryDirectory() as scratch:
        video = options.video
        if video is None:
            video = Path(scratch) / "source.mp4"
            made = ("-vf", "scale=1280:720,setsar=1", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac")
            ffmpeg("-stream_loop", -1, "-i", SHIPPED, "-t", options.seconds, *made, video)
        least: dict[str, list[float]] = {}
        for _ in range(options.rounds):
            for way in (straight, in_clips):
                with tempfile.TemporaryDirectory(dir=scratch) as folder:
                    before = spent()
                    way(video, Path(folder), settings)
                    figures = [after - start for after, start in zip(spent(), before, strict=True)]
                least[way.__name__] = [*map(min, figures, least.get(way.__name__, figures))]
    for at, figure in enumerate(("wall", "processor")):
        one, other = least["straight"][at], least["in_clips"][at]
        tell(f"straight re-encode, {figure}", one, "s", None)
        tell(f"{CLIPS} clips, {figure}", other, "s", None)
        tell(f"{CLIPS} clips / straight, {figure}", other / one, "ratio", LIMIT)


def tell(figure: str, value: float, unit: str, limit: float | None) -> None:
    print(json.dumps({"bench": "cut", "figure": figure, "value": round(value, 3), "unit": unit, "limit": limit}))


if __name__ == "__main__":
    main()

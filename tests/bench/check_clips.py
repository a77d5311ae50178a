"""Holds every clip that a run has cut against its source: `python tests/bench/check_clips.py RUN [--step cut]`

Of each clip file the first and the last frame are compared with the frames of the source that are shown at the times
the clip claims (PSNR of luma, at the clip's size), its sound with the source's by cross-correlation at 48 kHz, and the
lengths of all clips and dropped spans of a video with the video's. Source and clips are read with ffmpeg alone, by
their own time stamps, not with the project's code. One line for each clip, then one JSON line for each figure; exits 1
when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, os.fspath(Path(__file__).resolve().parents[2]))

from asid.pipeline.rows import Clip
from asid.pipeline.run.folder import Run
from asid.stages.cut import DROPPED

RATE = 48000
FAINT = 0.01  # full scale: what is quieter has no place that could be found
LIKE = 0.9  # correlation of the sound at its best place
LIMITS = {"least PSNR": 30.0, "sound off": 1, "length off": 0.002}


def call(*command: object) -> bytes:
    return subprocess.run([*map(str, command)], check=True, capture_output=True).stdout


def picture(path: Path) -> int:
    """The stream that a player shows: of the pictures the largest."""
    entries = ("-select_streams", "V", "-show_entries", "stream=index,width,height", "-of", "json")
    streams = json.loads(call("ffprobe", "-v", "error", *entries, path))["streams"]
    return int(max(streams, key=lambda one: one["width"] * one["height"])["index"])


def shown(path: Path, *only: str) -> np.ndarray:
    """When each frame that decodes is shown, seconds of file time."""
    wanted = ("-select_streams", picture(path), "-show_entries", "frame=best_effort_timestamp_time", "-of", "csv=p=0")
    stamps = call("ffprobe", "-v", "error", *only, *wanted, path).decode().split()
    return np.array([float(stamp.strip(",")) for stamp in stamps if stamp[:1] not in ("", "N")])


def frames(path: Path, places: list[int], size: tuple[int, int]) -> dict[int, np.ndarray]:
    """Luma of the frames of those numbers, (height, width)."""
    chosen = "+".join(f"eq(n,{place})" for place in sorted(set(places)))
    shape = f"select='{chosen}',scale={size[0]}:{size[1]}:flags=bicubic,format=yuv420p,extractplanes=y"
    data = call("ffmpeg", "-v", "error", "-i", path, "-map", f"0:{picture(path)}", "-vf", shape,
                "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")  # fmt: skip
    found = np.frombuffer(data, np.uint8).reshape(-1, size[1], size[0])
    return dict(zip(sorted(set(places)), found, strict=True))


def sound(path: Path) -> np.ndarray:
    """Mono samples of the default track, the first heard when the first frame is shown."""
    entries = ("-show_entries", "stream=codec_type,start_time:stream_disposition=default,attached_pic", "-of", "json")
    streams = json.loads(call("ffprobe", "-v", "error", *entries, path))["streams"]
    tracks = [one for one in streams if one["codec_type"] == "audio"]
    if not tracks:
        return np.zeros(0, np.float32)
    track = next((n for n, one in enumerate(tracks) if one["disposition"]["default"]), 0)
    zero = float(shown(path, "-read_intervals", "%+#1")[0])
    place = f"asetpts=PTS-({zero})/TB,aresample={RATE}:async=1:first_pts=0,aformat=flt:{RATE}:mono"
    data = call("ffmpeg", "-v", "error", "-copyts", "-i", path, "-map", f"0:a:{track}", "-af", place, "-f", "f32le",
                "pipe:1")  # fmt: skip
    return np.frombuffer(data, np.float32)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def shift(heard: np.ndarray, meant: np.ndarray) -> tuple[int, float]:
    """By how many samples `heard` is late, and how alike both are there."""
    count = min(len(heard), len(meant))
    size = 1 << (2 * count).bit_length()
    a, b = (np.fft.rfft(part[:count], size) for part in (heard, meant))
    agreed = np.fft.irfft(a * np.conj(b), size)
    best = int(np.argmax(agreed))
    scale = float(np.linalg.norm(heard[:count]) * np.linalg.norm(meant[:count]))
    return (best if best < size // 2 else best - size), float(agreed[best]) / max(scale, 1e-9)


def check(path: Path, clips: list[Clip], local: dict[str, Path], figures: dict[str, list[float]]) -> None:
    """One video's clips; what is measured of them goes to `figures`."""
    times, heard = shown(path), sound(path)
    times -= times[0]
    size = clips[0].width, clips[0].height
    places: dict[str, tuple[int, int]] = {}
    for clip in clips:
        inside = np.flatnonzero((times >= clip.source_start - 1e-4) & (times < clip.source_end - 1e-4))
        places[clip.id] = (int(inside[0]), int(inside[-1]))
    originals = frames(path, [place for pair in places.values() for place in pair], size)
    for clip in clips:
        file = local[clip.id]
        last = len(shown(file)) - 1
        own = frames(file, [0, last], size)
        first, final = places[clip.id]
        alike = psnr(own[0], originals[first]), psnr(own[last], originals[final])
        figures["frames off"].append(abs(final - first - last))
        figures["least PSNR"].append(min(alike))
        meant = heard[round(clip.source_start * RATE) : round(clip.source_end * RATE)]
        said = "no sound"
        if len(meant) and float(np.abs(meant).max()) > FAINT:
            late, like = shift(sound(file), meant) if clip.sound else (0, 0.0)
            said = f"{late} samples late, alike {like:.3f}"
            if like >= LIKE:
                figures["sound off"].append(abs(late))
            else:
                figures["sound unlike"].append(like)
        counts = f"{last + 1} of {final - first + 1} frames"
        print(f"{clip.id}  {alike[0]:.1f} and {alike[1]:.1f} dB, {counts}, {said}", flush=True)
    told = clips[0].tags.get(DROPPED, "")
    dropped = [tuple(map(float, span)) for span in re.findall(r"([\d.]+)-([\d.]+) ", told)]
    spans = sorted([*((clip.source_start, clip.source_end) for clip in clips), *dropped])
    gaps = [abs(b[0] - a[1]) for a, b in pairwise(spans)]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    figures["length off"].append(max([spans[0][0], max(0.0, times[-1] - spans[-1][1]), *gaps]))
    figures["end off, frames"].append(abs(times[-1] + step - spans[-1][1]) / max(step, 1e-9))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--step", default="cut")
    options = parser.parse_args()
    run = Run.open(options.run)
    videos: dict[str, list[Clip]] = defaultdict(list)
    for clip in run.all_rows(options.step):
        videos[clip.source_uri].append(clip)
    figures: dict[str, list[float]] = defaultdict(list)
    for uri, clips in videos.items():
        local = {clip.id: run.storage.local(clip.uri) for clip in clips}
        check(run.storage.local(uri), sorted(clips, key=lambda one: one.source_start), local, figures)
    worst = {name: (min if name in ("least PSNR", "sound unlike") else max)(found) for name, found in figures.items()}
    counted = {"clips": len(figures["least PSNR"]), "sounds compared": len(figures["sound off"])}
    for name, value in {**counted, **worst}.items():
        line = {"bench": "clips", "figure": name, "value": round(value, 4), "unit": "", "limit": LIMITS.get(name)}
        print(json.dumps(line))
    broken = worst["least PSNR"] < LIMITS["least PSNR"] or worst["frames off"] > 0 or "sound unlike" in worst
    return int(broken or any(worst.get(name, 0) > LIMITS[name] for name in ("sound off", "length off")))


if __name__ == "__main__":
    sys.exit(main())

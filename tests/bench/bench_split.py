"""What it costs to see a whole video: the split stage beside pure decoding, beside `scenedetect`, beside its peers.

    python tests/bench/bench_split.py [VIDEO…] [--seconds 130] [--rounds 3] [--threads 1] [--peer NAME=PYTHON …]

The stage (shots, statistics of the picture, stills) is run sparing, as it comes, and in full; ffmpeg decodes with as
many threads (one, or --threads), to nothing; with more than one the stage decodes as many parts of the video at once.
Ways are run by turns; a figure is the median of its rounds, a ratio the median of the rounds' own ratios, as the speed
of a machine drifts. Processor time is that of all processes, and says more than wall time on a machine that does other
things as well. What ingest tells of a video is given. Without VIDEO the clip that ships with the project is repeated as
H.264 and VP9 at 1920x1080 and 1280x720. A peer is `data-juicer` or `video2dataset`, with the Python that has it
installed; what it says when it fails is printed in place of a figure.
Cutting is measured by bench_cut.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from asid.pipeline.media.probe import probe  # noqa: E402
from asid.pipeline.prompts import Prompts  # noqa: E402
from asid.pipeline.rows import Split, Video  # noqa: E402
from asid.pipeline.stage import Context, Resources  # noqa: E402
from asid.pipeline.storage import Storage, to_uri  # noqa: E402
from asid.stages.split import SplitConfig, Splitter  # noqa: E402

SHIPPED = ROOT / "manifests" / "demo" / "wanna_work_together.mp4"
CODECS = {
    "h264_{}.mp4": ("-c:v", "libx264", "-preset", "fast", "-crf", "21"),
    "vp9_{}.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", "3M"),
}
SIZES = {1080: (1920, 1080), 720: (1280, 720)}
LIMITS = {"split in full / decode": 1.15, "split / decode": 0.6}
FASTER = 1.5
PEERS = {
    "data-juicer": (
        "from data_juicer.ops.mapper.video_split_by_scene_mapper import VideoSplitBySceneMapper as M;"
        "M(detector='AdaptiveDetector', save_dir={out!r}).process_single("
        "{{'videos': [{video!r}], 'text': '<__dj__video>', '__dj__source_file__': [{video!r}]}})"
    ),
    "video2dataset": (
        "import sys, types; from importlib.util import find_spec; part = types.ModuleType('part');"
        "part.__path__ = [find_spec('video2dataset').submodule_search_locations[0] + '/subsamplers'];"
        "sys.modules['part'] = part;"  # the package's own __init__ asks for datapipes, which torchdata no longer has
        "from part.cut_detection_subsampler import CutDetectionSubsampler as S;"
        "S(cut_detection_mode='longest')({{'video': [open({video!r}, 'rb').read()]}}, {{}})"
    ),
}


def make(folder: Path, seconds: int) -> list[Path]:
    """The material, the larger first."""
    made = []
    for height, (wide, high) in SIZES.items():
        for name, codec in CODECS.items():
            target = folder / name.format(height)
            shape = f"scale={wide}:{high},setsar=1,format=yuv420p"
            command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(SHIPPED), "-t", str(seconds)]
            subprocess.run([*command, "-an", "-vf", shape, *codec, str(target)], check=True)
            made.append(target)
    return made


def row(path: Path) -> Video:
    """What ingest finds out, by a process of its own: this one has not seen the file."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        found = pool.apply(probe, (path,))
    return Video(
        id="0" * 16, uri=to_uri(path), name=path.name, sha256="0" * 64, size=path.stat().st_size,
        duration=found.duration, width=found.width, height=found.height, fps=found.fps, video_codec=found.codec,
        audio_codec="", audio_streams=0, licence="", source="", tags={}, duplicates=(), shown_from=found.start,
    )  # fmt: skip


def see(video: Video, sparing: bool, threads: int, out: Path) -> None:
    """Run the stage; the boundaries it found lie in `out` afterwards."""
    with tempfile.TemporaryDirectory() as run:
        config = SplitConfig(sparing=sparing, resources=Resources(cpus=threads))
        splitter = Splitter(config, Context(Storage(run), Prompts(), {}))
        splitter.open()
        seen = asyncio.run(splitter.process(video))
    assert isinstance(seen, Split)
    found_in(out, sparing).write_text(json.dumps([f"{shot.first_frame} {shot.opens_with}" for shot in seen.shots]))


def found_in(out: Path, sparing: bool) -> Path:
    return out / f"sparing-{sparing}.json"


def measured(work: Callable[[], Any]) -> tuple[float, float, float]:
    """Wall and processor seconds, and MiB of the largest process, of `work` in a process forked off this one."""
    began = time.monotonic()
    child = os.fork()
    if not child:
        try:
            work()
        except Exception as error:  # a peer's failure is a figure of its own
            print(json.dumps({"bench": "split", "figure": "failure", "value": str(error)[-400:]}), flush=True)
            os._exit(1)
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - began
    return (wall if status == 0 else float("nan")), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def command(*words: str) -> Callable[[], None]:
    def work() -> None:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise RuntimeError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])

    return work


def ways(video: Path, known: Video, out: Path, threads: int, peers: dict[str, str]) -> dict[str, Callable[[], Any]]:
    scenes = str(Path(sys.executable).parent / "scenedetect")
    decode = ("ffmpeg", "-v", "error", "-threads", str(threads), "-i", str(video), "-map", "0:v", "-f", "null", "-")
    return {
        "decode": command(*decode),
        "split": lambda: see(known, True, threads, out),
        "split in full": lambda: see(known, False, threads, out),
        "scenedetect": command(scenes, "-q", "-i", str(video), "-o", str(out), "detect-adaptive"),
        **{
            name: command(python, "-c", PEERS[name].format(video=str(video), out=str(out)))
            for name, python in peers.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=130)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of every decoder but scenedetect's and the peers'")
    parser.add_argument("--peer", action="append", default=[], help="data-juicer=PYTHON or video2dataset=PYTHON")
    options = parser.parse_args()
    peers = dict(peer.split("=", 1) for peer in options.peer)
    with tempfile.TemporaryDirectory() as scratch:
        for video in options.videos or make(Path(scratch), options.seconds):
            bench(video, Path(scratch), options.rounds, options.threads, peers)


def bench(video: Path, scratch: Path, rounds: int, threads: int, peers: dict[str, str]) -> None:
    known = row(video)
    rounds_of: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for name, work in ways(video, known, scratch, threads, peers).items():
            rounds_of.setdefault(name, []).append(measured(work))

    def ratio(name: str, base: str, at: int) -> float:
        return statistics.median(
            one[at] / other[at] for one, other in zip(rounds_of[name], rounds_of[base], strict=True)
        )

    for name, figures in rounds_of.items():
        wall, processor, memory = map(statistics.median, zip(*figures, strict=True))
        tell(video, f"{name}, wall", wall, "s")
        tell(video, f"{name}, processor", processor, "s")
        tell(video, f"{name}, largest process", memory, "MiB")
    for name in ("split", "split in full"):
        for at, figure in enumerate(("wall", "processor")):
            tell(video, f"{name} / decode, {figure}", ratio(name, "decode", at), "ratio", LIMITS[f"{name} / decode"])
    for name in ("scenedetect", *peers):
        limit = FASTER if name == "scenedetect" else None
        for at, figure in enumerate(("wall", "processor")):
            tell(video, f"{name} / split, {figure}", ratio(name, "split", at), "ratio", limit)
    spared, full = (json.loads(found_in(scratch, sparing).read_text()) for sparing in (True, False))
    tell(video, "boundaries found in full", len(full) - 1, "boundaries")
    tell(video, "boundaries that differ when sparing", len(set(spared) ^ set(full)), "boundaries", 0)


def tell(video: Path, figure: str, value: float, unit: str, limit: float | None = None) -> None:
    line = {"bench": "split", "video": video.name, "figure": figure, "value": round(value, 3), "unit": unit}
    print(json.dumps({**line, "limit": limit}), flush=True)


if __name__ == "__main__":
    main()

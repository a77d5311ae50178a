"""Hearing against the bare models on the same sound. One JSON line for each figure.

    python tests/bench/bench_speech.py [--long 7200] [--rounds 2]

The bare models are the embedded ones: the file decoded in one go, its speech found, one call of the recogniser over
all of it, and the diarizer's networks over the windows that hold speech; nothing is guarded, clustered or laid out.
Each way runs in a process of its own that has loaded its models before the clock starts; times are processor seconds,
ffmpeg's included, per second of sound, the least of the rounds. The long file is mostly silent, and its peak memory is
held against that of a tenth of it: both are heard in the same blocks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from asid.pipeline.media.probe import picture_start  # noqa: E402
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, ffmpeg, row, track, video  # noqa: E402

LIMIT = 1.15
THREADS = 1
STARTS = 0.0  # s, file time of the first frame
WARM = 60.0  # s: longer files are heard once
FIVE = track(5, (0.5, FIRST, WOMAN))
MINUTE = track(60, *((at, (FIRST, SECOND, THIRD)[at // 5 % 3], (WOMAN, MAN)[at // 5 % 2]) for at in range(0, 60, 5)))
SPARSE = track(60, (20, FIRST, WOMAN), (25, SECOND, MAN))


def stage() -> Callable[[Path, float], None]:
    from asid.pipeline.prompts import Prompts
    from asid.pipeline.stage import Context, Resources
    from asid.pipeline.storage import Storage
    from asid.stages.transcribe import Transcribe, TranscribeConfig

    config = TranscribeConfig(resources=Resources(cpus=THREADS))
    one = Transcribe(config, Context(Storage(Path(tempfile.gettempdir())), Prompts(), {}))
    one.open()

    def hear(path: Path, seconds: float) -> None:
        known = row(path, seconds).model_copy(update={"shown_from": STARTS})  # as ingest has found it
        print(len(asyncio.run(one.process(known)).utterances), file=sys.stderr)

    return hear


def bare() -> Callable[[Path, float], None]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.audio import decode_audio

    from asid.pipeline.speech import weights
    from asid.pipeline.speech.base import RATE, Block
    from asid.pipeline.speech.diarize import Networks
    from asid.pipeline.speech.faster_whisper import chunks
    from asid.pipeline.speech.listen import voiced

    model = WhisperModel(str(weights.tiny_en()[0]), device="cpu", compute_type="int8", cpu_threads=THREADS)
    recogniser, networks = BatchedInferencePipeline(model), Networks(THREADS)

    def hear(path: Path, seconds: float) -> None:
        sound = decode_audio(str(path))
        spans = tuple((a / RATE, b / RATE) for a, b in voiced(sound))
        clips = [{"start": a, "end": b} for a, b in chunks(spans)]
        found, _ = recogniser.transcribe(
            sound, language="en", clip_timestamps=clips, word_timestamps=True, beam_size=5, batch_size=4
        )
        list(found)
        networks.hear(Block(0.0, sound, spans))

    return hear


def spent() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def child(way: str, seconds: float, paths: Sequence[Path]) -> None:
    hear = {"stage": stage, "bare": bare}[way]()
    if seconds <= WARM:
        hear(paths[0], seconds)  # the first call makes buffers and tables that stay
    cpu, wall = spent(), time.monotonic()
    for path in paths:
        hear(path, seconds)
    total = seconds * len(paths)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rtf": (spent() - cpu) / total, "wall": (time.monotonic() - wall) / total, "peak": peak}))


def measure(way: str, seconds: float, paths: Sequence[Path], rounds: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", way, "--seconds", str(seconds), *map(str, paths)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(rounds)
    ]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def tell(figure: str, value: float, unit: str, limit: float | None = None) -> bool:
    line = {"bench": "speech", "figure": figure, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | {"limit": None if limit is None else round(limit, 3)}), flush=True)
    return limit is None or value <= limit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", type=int, default=7200, help="seconds of the long file; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", choices=("stage", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options.seconds, options.paths)
    kept = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, sound, count in (("5 s clips", FIVE, 6), ("60 s clips", MINUTE, 1)):
            seconds = len(sound) / 16000
            paths = [folder / f"{count}-{number}.mkv" for number in range(count)]
            for path in paths:
                video(path, sound, seconds)
                assert picture_start(path)[1] == STARTS
            alone = measure("bare", seconds, paths, options.rounds)
            ours = measure("stage", seconds, paths, options.rounds)
            tell(f"{name}: bare models", alone["rtf"], "x real time")
            kept.append(tell(f"{name}: stage", ours["rtf"], "x real time", LIMIT * alone["rtf"]))
            tell(f"{name}: stage, by the wall clock", ours["wall"], "x real time")
            kept.append(tell(f"{name}: peak memory of the stage", ours["peak"], "MB", LIMIT * alone["peak"]))
        if options.long:
            video(folder / "minute.mkv", SPARSE, 60)
            figures = []
            for seconds in (options.long // 10, options.long):
                path = folder / f"{seconds}.mkv"
                loop = ("-stream_loop", "-1", "-i", str(folder / "minute.mkv"), "-t", str(seconds), "-c", "copy")
                ffmpeg(*loop, str(path))
                figures.append(measure("stage", seconds, [path], 1))
            tell(f"{options.long // 10} s file: peak memory of the stage", figures[0]["peak"], "MB")
            tell(f"{options.long} s file: stage", figures[1]["rtf"], "x real time")
            kept.append(tell(f"{options.long} s file: peak memory of the stage", figures[1]["peak"], "MB",
                             LIMIT * figures[0]["peak"]))  # fmt: skip
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()

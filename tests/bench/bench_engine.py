"""What the engine itself costs: on sleeping stages, on tiny shards, and on a million rows that nothing is done to.

    python -m tests.bench.bench_engine [--rows 10000 100000 1000000] [--skip-sleep]

The sleeping recipe has a CPU, a GPU and an API stage in the proportions 1:3:2 with one worker each; its bound is the
GPU stage's own time. The no-op recipe fans every video out into a hundred rows, and hands each on once; Ray Data does
the same beside it, from Parquet to Parquet. JSON lines on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from asid.pipeline.engine import Engine
from asid.pipeline.inputs.base import Listed
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Row, Video
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Stage, StageConfig
from tests.toys import ToyIngestConfig

UNIT = 0.2  # s a row, of the CPU stage
FAN = 100  # rows of a video
VIDEOS = 5  # in a shard of the no-op recipe
TINY = 500  # shards of one row each
MAKESPAN = 1.10
FLAT = 1.25  # driver memory at the most rows over that at the fewest
HERE = "tests.bench.bench_engine"


class Named(Stage[Listed, Video, ToyIngestConfig]):
    """Ingest that looks at no file."""

    name = "ingest"

    async def process(self, row: Listed) -> Video:
        return Video(
            id=row.id, uri=row.uri, name=row.name, sha256=row.id, size=1, duration=60.0, width=64, height=64, fps=25.0,
            video_codec="none", audio_codec="", audio_streams=0, licence="", source="", tags={}, duplicates=(),
        )  # fmt: skip


class Part(Row):
    number: int


class FanConfig(StageConfig):
    parts: int = 1


class Fan(Stage[Video, Part, FanConfig]):
    name = "fan"

    async def process(self, row: Video) -> list[Part]:
        return [Part(id=f"{row.id}-{number}", number=number) for number in range(self.config.parts)]


class Same(Stage[Part, Part, StageConfig]):
    name = "same"

    async def process(self, row: Part) -> Part:
        return row


class Silent:
    def started(self, survey: Any, steps: Any) -> None: ...

    def finished(self, done: Any) -> None: ...

    def said(self, message: str) -> None:
        print(message, file=sys.stderr)


def say(figure: str, value: float, unit: str, limit: float | None = None) -> None:
    told = {"bench": "engine", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(told), flush=True)


def manifest(folder: Path, videos: int, shard: int, *steps: dict[str, Any]) -> Manifest:
    listing = folder / "list.jsonl"
    listing.write_text("".join(f'{{"uri": "s3://none/{number}.mp4"}}\n' for number in range(videos)))
    ingest = {"stage": f"{HERE}:Named", "shard_rows": shard, "shard_minutes": 1e9}
    return Manifest.model_validate({"inputs": [{"path": str(listing)}], "recipe": [ingest, *steps]})


def execute(folder: Path, recipe: Manifest) -> float:
    """Seconds that the engine takes, on a Ray that is there already."""
    run = Run(folder / "run", recipe)
    run.freeze()
    result = Engine(run, Silent()).execute()
    assert not result.stopped and not result.failures, result
    videos = sum(mark.rows for (step, _), mark in run.survey().footers.items() if step == "ingest")
    assert videos == len((folder / "list.jsonl").read_text().splitlines())
    return result.seconds


def ray_here(cpus: int, gpus: int = 0) -> None:
    import ray

    os.environ["PYTHONPATH"] = os.getcwd()
    ray.init("local", num_cpus=cpus, num_gpus=gpus, include_dashboard=False, log_to_driver=False,
             object_store_memory=200 << 20)  # fmt: skip


def sleeping(folder: Path) -> None:
    """Forty shards of four rows: long enough that the seconds in which processes start do not decide."""
    ray_here(2, 1)
    work = {"concurrency": 1, "max_workers": 1}
    recipe = manifest(
        folder, 160, 4,
        {"stage": "tests.toys:ToyWork", "name": "cpu", "seconds": UNIT, **work},
        {"stage": "tests.toys:ToyNext", "name": "gpu", "seconds": 3 * UNIT / 2, **work, "resources": {"gpus": 1}},
        {"stage": "tests.toys:ToyNext", "name": "api", "seconds": 2 * UNIT / 2, **work, "resources": {"cpus": 0}},
    )  # fmt: skip
    bound = 160 * 3 * UNIT  # each of 160 videos gives two rows, so that a row of `gpu` sleeps half as long
    seconds = execute(folder, recipe)
    say("sleeping stages 1:3:2, bound", bound, "s")
    say("sleeping stages 1:3:2, makespan over bound", seconds / bound, "ratio", MAKESPAN)


def tiny(folder: Path) -> None:
    ray_here(2)
    steps = [{"stage": f"{HERE}:Fan"}, {"stage": f"{HERE}:Same"}]
    seconds = execute(folder, manifest(folder, TINY, 1, *steps))
    say(f"{TINY} shards of one row, 2 steps", seconds, "s")
    say("overhead of a shard", 1000 * seconds / (2 * TINY), "ms")


def noop(folder: Path, rows: int) -> None:
    """In a process of its own, whose peak memory is the driver's."""
    ray_here(2)
    steps = [{"stage": f"{HERE}:Fan", "parts": FAN}, {"stage": f"{HERE}:Same"}]
    seconds = execute(folder, manifest(folder, rows // FAN, VIDEOS, *steps))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def ray_data(folder: Path, rows: int) -> None:
    """The same rows through the same two steps, from Parquet to Parquet."""
    import ray

    ray_here(2)
    ray.data.DataContext.get_current().enable_progress_bars = False
    source = folder / "source"
    source.mkdir()
    count = rows // FAN
    for start in range(0, count, VIDEOS):
        ids = [f"{number:016x}" for number in range(start, min(start + VIDEOS, count))]
        pq.write_table(pa.table({"id": ids}), source / f"{start:08}.parquet")

    def fan(row: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": f"{row['id']}-{number}", "number": number} for number in range(FAN)]

    began = time.monotonic()
    fanned = ray.data.read_parquet(str(source)).flat_map(fan)
    fanned.write_parquet(str(folder / "fan"))
    ray.data.read_parquet(str(folder / "fan")).map(lambda row: row).write_parquet(str(folder / "same"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.monotonic() - began, "peak": peak}))


def apart(what: str, *words: object) -> list[dict[str, float]]:
    """One part of the bench in a process and a folder of its own; what it prints last."""
    with tempfile.TemporaryDirectory(prefix="b") as folder:
        command = [sys.executable, "-m", HERE, "--part", what, "--folder", folder, *map(str, words)]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parse.add_argument("--skip-sleep", action="store_true")
    parse.add_argument("--part", help=argparse.SUPPRESS)
    parse.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parse.parse_args()
    if args.part:
        parts = {"sleeping": sleeping, "tiny": tiny}
        if args.part in parts:
            parts[args.part](args.folder)
        else:
            {"noop": noop, "ray_data": ray_data}[args.part](args.folder, args.rows[0])
        return
    for part in ["tiny"] if args.skip_sleep else ["sleeping", "tiny"]:
        for line in apart(part):
            print(json.dumps(line), flush=True)
    peaks, speed = [], 0.0
    for rows in args.rows:
        (found,) = apart("noop", "--rows", rows)
        peaks.append(found["peak"])
        speed = rows / found["seconds"]
        say(f"no-op recipe, {rows} rows", speed, "rows/s")
        say(f"no-op recipe, {rows} rows, of a row", 1e6 * found["seconds"] / rows, "us")
        say(f"no-op recipe, {rows} rows, driver's peak memory", found["peak"], "MB")
    say("driver's peak memory, most rows over fewest", peaks[-1] / peaks[0], "ratio", FLAT)
    (beside,) = apart("ray_data", "--rows", args.rows[-1])
    say(f"Ray Data, {args.rows[-1]} rows", args.rows[-1] / beside["seconds"], "rows/s")
    say(f"Ray Data, {args.rows[-1]} rows, driver's peak memory", beside["peak"], "MB")
    say("rows/s over Ray Data's", speed * beside["seconds"] / args.rows[-1], "ratio")


if __name__ == "__main__":
    main()

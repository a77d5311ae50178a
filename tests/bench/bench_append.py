"""A run that grows pays for what is new alone: videos added, removed, changed, renamed and forgotten, run after run.

    python -m tests.bench.bench_append             # 60 videos, then 1, 5 and 20 more: about three minutes
    python -m tests.bench.bench_append --full      # 5,000, then 1, 50 and 500 more

Scripted models answer; a video is a small file, and its clip the whole of it, so that what is measured is who is worked
again. Prints one JSON line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ray

from asid.pipeline.engine import Engine
from asid.pipeline.models.spend import entries
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.run.folder import Run
from asid.pipeline.run.forgetting import find, forget
from tests import paid
from tests.toys import videos
from tests.watching import Watch

MISSED: list[str] = []
MODELS = {"strong": {"provider": "scripted"}}


def show(figure: str, value: float, unit: str, most: float | None = None) -> None:
    holds = None if most is None else value <= most
    line = {"bench": "append", "figure": figure, "value": round(value, 3), "unit": unit, "limit": most, "holds": holds}
    print(json.dumps(line), flush=True)
    if holds is False:
        MISSED.append(figure)


class Scene:
    """A folder of videos and the run over it."""

    def __init__(self, folder: Path, shard_rows: int):
        self.source = folder / "in"
        self.root = folder / "run"
        job = paid.Job(folder, self.source, "http://127.0.0.1:1", attributes=("scene", "speech"), shard_rows=shard_rows)
        chosen = manifests.load(job.write()).model_dump()
        chosen["models"] = MODELS
        recipe = list(chosen["recipe"])
        chosen["recipe"] = [*recipe[:-1], {"stage": "near_duplicates"}, recipe[-1]]
        self.manifest = manifests.Manifest.model_validate(chosen)
        self.asked: Counter[str] = Counter()
        self.shards: dict[str, bytes] = {}
        self.decoded: set[str] = set()

    def add(self, first: int, count: int) -> None:
        videos(self.source, [f"v{number:05d}" for number in range(first, first + count)])

    def files(self) -> dict[str, bytes]:
        """All shards, by their place in the run."""
        found = (file for file in self.root.rglob("*.parquet") if file.stem.isdigit())
        return {str(file.relative_to(self.root)): file.read_bytes() for file in found}

    def forget(self, names: list[str]) -> None:
        """Take videos out of the run, and show that nothing else was touched."""
        began = time.monotonic()
        run = Run.open(self.root)
        first = next(iter(run.steps))
        home = {row.name: shard for shard in run.survey().shards for row in run.rows(first, shard)}
        meant = find(run, names)
        result = forget(run, meant)
        shards = self.files()
        theirs = {home[name] for name in names}
        touched = [name for name, data in self.shards.items()
                   if shards.get(name) != data and Path(name).stem not in theirs]  # fmt: skip
        left = {row.name for shard in run.survey().shards for row in run.rows(first, shard)}
        show(f"{len(names)} forgotten: left in the run", len(left & set(names)), "videos", most=0)
        show(f"{len(names)} forgotten: shards of others touched", len(touched), "shards", most=0)
        show(f"{len(names)} forgotten: rows that went", result.rows, "rows")
        show(f"{len(names)} forgotten: time", time.monotonic() - began, "s")
        self.shards = shards

    def work(self, what: str) -> None:
        """Run, and show what was done again."""
        began = time.monotonic()
        run = Run(self.root, self.manifest)
        run.freeze()
        watch = Watch()
        result = Engine(run, watch).execute()
        seconds = time.monotonic() - began
        if result.stopped:
            raise RuntimeError(f"the run stopped: {result.stopped}")
        asked = Counter(entry.key for step in run.steps for entry in entries(run.storage, f"run:{step}/answers"))
        again = sum(count - self.asked[key] for key, count in asked.items() if key in self.asked)
        old = {shard.split("/")[-1] for shard in self.shards}
        cut = [shard for step, shard in watch.finished_shards if step == "cut" and f"{shard}.parquet" in old]
        shards = self.files()
        rewritten = [name for name, data in self.shards.items() if shards.get(name) != data]
        show(f"{what}: old questions asked again", again, "questions", most=0)
        show(f"{what}: old shards cut again", len(cut), "shards", most=0)
        show(f"{what}: old shards rewritten", len(rewritten), "shards", most=0)
        show(f"{what}: new questions", sum(asked.values()) - sum(self.asked.values()), "questions")
        show(f"{what}: time", seconds, "s")
        self.asked, self.shards = asked, shards


def main(words: list[str]) -> int:
    full = "--full" in words
    first, more, few, rows = (5000, (1, 50, 500), 10, 100) if full else (60, (1, 5, 20), 5, 10)
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
                 object_store_memory=200 << 20, _temp_dir=f"{folder}/ray")  # fmt: skip
        scene = Scene(Path(folder), rows)
        scene.add(0, first)
        scene.work(f"{first} videos")
        scene.work("nothing new")
        there = first
        for count in more:
            scene.add(there, count)
            there += count
            scene.work(f"{count} more")
        names = sorted(scene.source.iterdir())
        for file in names[:few]:
            file.unlink()
        scene.work(f"{few} removed")
        for file in names[few : 2 * few]:
            file.write_text(f"{file.name} with other bytes")
        scene.work(f"{few} changed")
        for file in names[2 * few : 3 * few]:
            file.rename(file.with_name(f"renamed-{file.name}"))
        scene.work(f"{few} renamed")
        scene.forget([file.name for file in names[:few]])
        scene.work(f"after {few} were forgotten")
        ray.shutdown()
    return 1 if MISSED else 0


if __name__ == "__main__":
    found: Any = main(sys.argv[1:])
    sys.exit(found)

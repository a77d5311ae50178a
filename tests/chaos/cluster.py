"""Kill a worker, a node and the driver of a run on a simulated cluster of three nodes, take it up again, compare.

    python -m tests.chaos.cluster --seeds 20

Each seed is a run of its own. The three kills come in random order, each when a random part of the shards is done; a
lost node is replaced. A row of the table: what died at which shard, how much was in flight then, how many shards were
worked again, and whether the final tables are those of an undisturbed run. Exits 1 when a seed is not sound.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from asid.pipeline.engine.pool import IN_FLIGHT
from asid.pipeline.recipe.manifest import dump
from asid.pipeline.rows import Video
from asid.pipeline.run.folder import Run
from tests.heads import ROOT, add_node, environment
from tests.toys import ToyNext, ToyRow, ToyWork, recipe, videos

VIDEOS = 24
SHARD_ROWS = 3
STEPS = ("work", "next", "last")
TOTAL = VIDEOS // SHARD_ROWS * len(STEPS)
NODE = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 100 << 20}
KINDS = ("worker", "node", "driver")
PATIENCE = 400.0  # s for one seed


def note(folder: str, step: str, row: str) -> None:
    """One line in the journal, whoever else writes to it."""
    descriptor = os.open(Path(folder) / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{step} {row}\n".encode())
    os.close(descriptor)


class Work(ToyWork):
    async def process(self, row: Video) -> list[ToyRow]:
        note(self.config.marks, "work", row.id)
        return await super().process(row)


class Next(ToyNext):
    async def process(self, row: ToyRow) -> ToyRow:
        note(self.config.marks, self.config.word, row.id)
        return await super().process(row)


@dataclass
class Case:
    """One run, its driver, and what is known of its work."""

    folder: Path
    source: Path
    address: str
    driver: Any = None
    kills: list[str] = field(default_factory=list)
    flying: int = 0  # shards in flight at the kills, summed up

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def write(self, seconds: float) -> None:
        how = {"seconds": seconds, "concurrency": 1, "marks": str(self.folder)}
        manifest = recipe(
            self.source,
            {"stage": "ToyWork", **how},
            {"stage": "ToyNext", "word": "next", **how, "resources": {"gpus": 1, "cpus": 0}},
            {"stage": "ToyNext", "name": "last", "word": "last", **how, "resources": {"cpus": 0}},
            shard_rows=SHARD_ROWS,
            shard_minutes=1000,
        )
        steps = [{**step, "stage": step["stage"].replace("tests.toys:Toy", "tests.chaos.cluster:")}
                 if "Ingest" not in step["stage"] else step for step in manifest.recipe]  # fmt: skip
        self.folder.mkdir()
        (self.folder / "m.yaml").write_text(dump(manifest.model_copy(update={"recipe": tuple(steps)})))

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "asid",
            "run",
            str(self.folder / "m.yaml"),
            "--run",
            str(self.run),
        ]
        with (self.folder / "log").open("ab") as log:
            self.driver = subprocess.Popen(
                command, cwd=ROOT, env=environment(RAY_ADDRESS=self.address), stdout=log, stderr=log
            )

    def committed(self) -> set[tuple[str, str]]:
        return {(step, file.stem) for step in STEPS for file in (self.run / step).glob("[0-9]*.parquet")}

    def begun(self) -> Counter[tuple[str, str]]:
        """(step, shard) -> how often it was begun: as often as the row that was taken up most."""
        shard_of = {row.id: shard for shard in Run.open(self.run).shard_names("ingest") for row in self.rows(shard)}
        journal = self.folder / "journal"
        lines = Counter(journal.read_text().splitlines()) if journal.exists() else Counter[str]()
        found: Counter[tuple[str, str]] = Counter()
        for line, count in lines.items():
            step, row = line.split()
            key = (step, shard_of[row.split("-")[0]])
            found[key] = max(found[key], count)
        return found

    def rows(self, shard: str) -> list[Any]:
        return Run.open(self.run).rows("ingest", shard)

    def in_flight(self) -> int:
        """Shards that workers have been given and have not committed. Each may hold one that it has not begun."""
        return max(len(self.begun().keys() - self.committed()), IN_FLIGHT * len(workers()))


def workers() -> list[psutil.Process]:
    """Actors of this simulated cluster, whose processes are all ours."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Worker"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill(kind: str, case: Case, cluster: Any, nodes: list[Any], chance: random.Random) -> None:
    case.flying += case.in_flight()
    if kind == "driver":
        os.kill(case.driver.pid, signal.SIGKILL)
        case.driver.wait()
        case.start()
    elif kind == "node":
        cluster.remove_node(nodes.pop(chance.randrange(len(nodes))), allow_graceful=False)
        nodes.append(add_node(cluster, **NODE))
    elif victims := workers():
        chance.choice(victims).kill()
    else:
        kind = "nobody"
    case.kills.append(f"{kind}@{len(case.committed())}")


def disturb(case: Case, cluster: Any, nodes: list[Any], seed: int) -> bool:
    """One seed to its end. False when it did not end well."""
    chance = random.Random(seed)
    kinds = chance.sample(KINDS, len(KINDS))
    points = sorted(chance.sample(range(1, TOTAL - 4), len(kinds)))
    deadline = time.monotonic() + PATIENCE
    case.start()
    for kind, point in zip(kinds, points, strict=True):
        while len(case.committed()) < point:
            if case.driver.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        kill(kind, case, cluster, nodes, chance)
    try:
        return bool(case.driver.wait(max(1.0, deadline - time.monotonic())) == 0)
    except subprocess.TimeoutExpired:
        case.driver.kill()
        case.driver.wait()
        return False


def tables(run: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    return {key: (mark.digest, mark.failed) for key, mark in Run.open(run).survey().footers.items()}


def main() -> int:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--seeds", type=int, default=20)
    parse.add_argument("--first", type=int, default=1)
    parse.add_argument("--seconds", type=float, default=0.3, help="that a stage sleeps on each row")
    args = parse.parse_args()
    os.environ |= environment()
    from ray.cluster_utils import Cluster

    bad = 0
    with tempfile.TemporaryDirectory(prefix="c") as scratch:
        base = Path(scratch)
        os.environ["RAY_TMPDIR"] = scratch
        cluster = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 1, "num_gpus": 0})
        nodes = [add_node(cluster, **NODE) for _ in range(2)]
        source = videos(base / "in", [f"v{number}" for number in range(VIDEOS - 1)] + ["bad"])
        try:
            calm = Case(base / "calm", source, cluster.address)
            calm.write(args.seconds)
            began = time.monotonic()
            calm.start()
            assert calm.driver.wait() == 0, (calm.folder / "log").read_text()
            wanted = tables(calm.run)
            assert len(wanted) == TOTAL + TOTAL // len(STEPS)
            print(f"undisturbed: {TOTAL} shards in {time.monotonic() - began:.0f} s")
            print(
                "seed  killed @ shards done             in flight  redone  lost  twice  tables     seconds", flush=True
            )
            for seed in range(args.first, args.first + args.seeds):
                case = Case(base / f"s{seed}", source, cluster.address)
                case.write(args.seconds)
                began = time.monotonic()
                ended = disturb(case, cluster, nodes, seed)
                found = tables(case.run)
                redone = sum(count - 1 for count in case.begun().values())
                rows = [row.id for row in Run.open(case.run).all_rows("last")] if ended else []
                lost, twice = 2 * (VIDEOS - 1) - len(set(rows)), len(rows) - len(set(rows))
                same = "identical" if found == wanted else "DIFFERENT"
                sound = ended and found == wanted and not lost and not twice and redone <= case.flying
                bad += not sound
                print(f"{seed:4}  {' '.join(case.kills):34} {case.flying:9}  {redone:6}  {lost:4}  {twice:5}  {same}  "
                      f"{time.monotonic() - began:7.0f}{'' if sound else '  NOT SOUND'}", flush=True)  # fmt: skip
                if not sound:
                    print((case.folder / "log").read_text()[-2000:], flush=True)
        finally:
            cluster.shutdown()
    print(f"{args.seeds - bad} of {args.seeds} seeds sound")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

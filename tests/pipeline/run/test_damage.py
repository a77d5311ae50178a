"""Bits that flip in a run's files: the damaged shard is named and made again, and nobody has to delete anything."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import ray

from asid.pipeline.engine import Engine
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import DamagedShard, ShardError
from tests import samples
from tests.toys import recipe, videos
from tests.watching import Watch

PLACES = 20


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place // 8] ^= 1 << place % 8
    file.write_bytes(data)


def finished(root: Path, source: Path) -> tuple[Run, Watch]:
    run = Run(root, recipe(source, {"stage": "ToyWork"}, {"stage": "ToyNext"}))
    run.freeze()
    watch = Watch()
    result = Engine(run, watch).execute()
    assert not result.stopped, watch.lines
    return run, watch


def tables(run: Run) -> dict[tuple[str, str], list[Any]]:
    return {(step, shard): run.rows(step, shard) for step in run.steps for shard in run.survey().shards}


def test_flipped_bits_of_shards_and_failures_are_made_good_by_the_next_run(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "bad1", "c"])
    root = tmp_path / "run"
    run, _ = finished(root, source)
    whole = tables(run)
    files = [root / "work/00000.parquet", root / "next/00000.parquet", root / "work/failures/00000.parquet"]
    chance = random.Random(5)
    told = 0
    for number in range(PLACES):
        file = files[number % len(files)]
        flip(file, chance.randrange(8 * file.stat().st_size))
        run, watch = finished(root, source)
        # A bit that nobody reads, such as one of a statistic, changes nothing: the tables are what counts.
        assert tables(run) == whole, (file, watch.lines)
        assert [failure.name for failure in run.failures("work", "00000")] == ["bad1.mp4"]
        told += any("is damaged" in line for line in watch.lines)
        for one in files:  # a fresh start for the next bit
            one.unlink()
        finished(root, source)
    assert told >= PLACES // 2


def test_a_value_that_changed_is_never_read(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2)
    file = tmp_path / "run" / "finish" / "00000.parquet"
    good = file.read_bytes()
    rows = run.rows("finish", "00000")
    chance = random.Random(3)
    for _ in range(60):
        flip(file, chance.randrange(8 * len(good)))
        with suppress(DamagedShard):
            assert shards.footer(run.storage, run.uri("finish", "00000")) is not None
            assert run.rows("finish", "00000") == rows
        file.write_bytes(good)


def test_damage_to_what_ingest_wrote_is_said_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    run, _ = finished(tmp_path / "run", source)
    file = tmp_path / "run" / "ingest" / "00000.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ShardError, match="put a copy of it back"):
        Run(tmp_path / "run", run.manifest).survey()


def test_a_page_of_ingest_that_is_damaged_ends_the_run_before_its_work(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    run, _ = finished(tmp_path / "run", source)
    file = tmp_path / "run" / "ingest" / "00000.parquet"
    flip(file, 8 * 40)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*.parquet")}
    with pytest.raises(ShardError, match="put a copy of it back"):
        Engine(Run(tmp_path / "run", run.manifest), Watch()).execute()
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*.parquet")} == before

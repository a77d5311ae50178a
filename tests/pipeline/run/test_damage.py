"""Bits that flip in a run's files: the damaged shard is named and made again, and nobody has to delete anything."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import ray

from asid.pipeline.engine import Engine
from asid.pipeline.run import shards
from asid.pipeline.run.doctor import examine_run
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import DamagedShard
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


def flipped(file: Path) -> None:
    flip(file, 8 * 40)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def gone(file: Path) -> None:
    file.unlink()


def names_of(run: Run, step: str) -> list[str]:
    return sorted(row.name for row in run.all_rows(step))


def unstamped(footer: Any) -> Any:
    """A footer without the stamps of its files: those of a lost shard are gone."""
    return footer.model_copy(update={"stamps": {}})


@pytest.mark.parametrize("damage", [flipped, cut_short, gone])
@pytest.mark.parametrize("number", [0, 1])
def test_a_shard_of_ingest_is_made_again_and_nothing_after_it_is_worked(
    damage: Callable[[Path], None], number: int, tmp_path: Path
) -> None:
    source = videos(tmp_path / "in", ["a", "b", "bad1", "c", "d", "unreadable"])
    (source / "copy.mp4").write_text("a")
    root = tmp_path / "run"
    run, _ = finished(root, source)
    assert len(run.survey().shards) == 2
    whole, footers = tables(run), {shard: shards.footer(run.storage, run.uri("ingest", shard)) for shard in
                                   run.survey().shards}  # fmt: skip
    damage(root / "ingest" / f"{number:05d}.parquet")
    run, watch = finished(root, source)
    assert tables(run) == whole
    again = {shard: shards.footer(run.storage, run.uri("ingest", shard)) for shard in run.survey().shards}
    assert [unstamped(one) for one in again.values()] == [unstamped(one) for one in footers.values()]
    assert watch.finished_shards == []
    assert any("made again, as it was" in line for line in watch.lines)


def test_videos_that_later_rows_hold_are_not_looked_for(tmp_path: Path) -> None:
    """Rows that are still videos tell all of them, even when the files are out of reach."""
    source = videos(tmp_path / "in", ["a", "b", "c"])
    root = tmp_path / "run"
    run = Run(root, recipe(source, {"stage": "ToySee"}))
    run.freeze()
    Engine(run, Watch()).execute()
    whole = tables(run)
    (root / "ingest" / "00000.parquet").unlink()
    (source / "b.mp4").unlink()
    Engine(Run(root, run.manifest), watch := Watch()).execute()
    assert tables(run) == whole
    assert watch.finished_shards == []


def test_what_cannot_be_proved_is_looked_at_anew_and_no_video_is_lost(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "c", "d", "e"])
    root = tmp_path / "run"
    run, _ = finished(root, source)
    (root / "ingest" / "00000.parquet").write_bytes(b"nothing")
    for step in ("work", "next"):
        (root / step / "00000.parquet").write_bytes(b"nothing")
    run, watch = finished(root, source)
    assert set(names_of(run, "next")) == {f"{name}.mp4" for name in "abcde"}
    assert any("looked at anew" in line for line in watch.lines)


def test_a_file_that_is_gone_with_its_shard_costs_no_other(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "c"])
    root = tmp_path / "run"
    finished(root, source)
    (root / "ingest" / "00000.parquet").unlink()
    (source / "b.mp4").unlink()
    run, _ = finished(root, source)
    assert set(names_of(run, "next")) == {"a.mp4", "c.mp4"}


@pytest.mark.parametrize("damage", [flipped, cut_short, gone])
def test_failures_of_ingest_are_found_again_in_their_place(damage: Callable[[Path], None], tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "unreadable", "b"])
    root = tmp_path / "run"
    run, _ = finished(root, source)
    told = run.failures("ingest", "00000")
    damage(root / "ingest" / "failures" / "00000.parquet")
    run, watch = finished(root, source)
    assert run.failures("ingest", "00000") == told
    assert run.survey().shards == ["00000"]
    assert {step for step, _ in watch.finished_shards} <= {"ingest"}


def test_a_listing_that_was_killed_is_no_damage(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "c", "d", "e"])
    root = tmp_path / "run"
    run, _ = finished(root, source)
    for step in ("work", "next"):
        for file in (root / step).glob("*.parquet"):
            file.unlink()
    (root / "ingest" / "00001.parquet").unlink()
    run, watch = finished(root, source)
    assert not any("made again" in line for line in watch.lines)
    assert set(names_of(run, "next")) == {f"{name}.mp4" for name in "abcde"}


def test_the_doctor_names_what_is_damaged_and_what_is_gone(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "bad1", "c", "d"])
    root = tmp_path / "run"
    run, _ = finished(root, source)
    assert all(finding.good for finding in examine_run(run))
    (root / "ingest" / "00001.parquet").unlink()
    flipped(root / "next" / "00000.parquet")
    (failures,) = (root / "work" / "failures").iterdir()
    failures.unlink()
    told = [finding.cure for finding in examine_run(run) if not finding.good]
    assert len(told) == 3
    assert "run:ingest/00001.parquet is gone" in told[0]
    assert f"run:work/failures/{failures.name}" in told[1]
    assert "run:next/00000.parquet is damaged" in told[2]

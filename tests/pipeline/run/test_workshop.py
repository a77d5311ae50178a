"""A shard is begun only where there is room to finish it."""

from __future__ import annotations

import asyncio
import errno
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asid.pipeline.media.process import MediaError
from asid.pipeline.rows import Failure, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.workshop import ROOM, RowOutcome, StageFailed, Task, Workshop
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.storage import Storage
from tests import samples


def no_model(*_: Any) -> Any:
    raise AssertionError("the step names no model")


def work(run: Run) -> int:
    return asyncio.run(Workshop(run, no_model).work(Task("finish", "00000"))).rows_in


def test_a_shard_is_not_begun_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = samples.make(tmp_path / "run", videos=2)
    before = run.rows("finish", "00000")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=ROOM - 1))
    with pytest.raises(StageFailed, match="255 MiB of disk are free"):
        work(run)
    assert run.rows("finish", "00000") == before
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=ROOM))
    assert work(run) == 2
    assert run.rows("finish", "00000") != before


def outcome(process: Any, **settings: Any) -> RowOutcome:
    """What comes of one row whose stage does `process`."""

    class Toy(Stage[Video, Video, StageConfig]):
        name = "toy"

    Toy.process = process  # type: ignore[method-assign]
    stage = Toy(StageConfig(**settings), None)  # type: ignore[arg-type]
    row = SimpleNamespace(id="a", name="a.mp4")
    return asyncio.run(Workshop(None, no_model)._attempt(stage, row, "toy", SimpleNamespace))  # type: ignore[arg-type]


async def _slow(self: Any, row: Any) -> Any:
    await asyncio.sleep(0.3)
    return row


def test_a_row_in_a_batch_waits_for_its_batch_and_not_for_the_rows_own_time() -> None:
    assert outcome(_slow, row_timeout=0.05).failure.kind == "timeout"  # type: ignore[union-attr]
    assert outcome(_slow, row_timeout=0.05, mode="batch").failure is None


def test_half_a_character_in_a_failure_does_not_cost_the_shard(tmp_path: Path) -> None:
    async def broken(self: Any, row: Any) -> Any:
        raise Unprocessable("half \ud83d", "invalid_answer", "an answer \ud83d")

    failure = outcome(broken).failure
    assert failure is not None
    assert failure.raw == "an answer \\ud83d"
    shards.write(Storage(tmp_path), "run:toy/0.parquet", Failure, [failure], Footer(
        fingerprint="x", digest=shards.digest([failure]), inputs={}, outcomes=[("a", 1)], rows=1))  # fmt: skip


def test_what_a_machine_had_too_little_of_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asid.pipeline.run.workshop.PAUSE", 0.0)
    left = [2]

    async def short(self: Any, row: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(errno.EMFILE, "Too many open files")
        return row

    assert outcome(short).failure is None
    left[0] = 10**6
    failure = outcome(short).failure
    assert failure is not None
    assert (failure.kind, failure.attempts, failure.may_pass) == ("no_resources", 3, True)


def test_a_tool_that_is_missing_stops_its_stage() -> None:
    async def lost(self: Any, row: Any) -> Any:
        raise MediaError("ffmpeg is not installed", "no_tool")

    with pytest.raises(StageFailed, match="not installed"):
        outcome(lost)

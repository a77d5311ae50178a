"""A shard is begun only where there is room to finish it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.run import Run
from asid.pipeline.work import ROOM, StageFailed, Task, Workshop
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

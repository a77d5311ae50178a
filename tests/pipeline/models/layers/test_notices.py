"""Who waits longer than a minute says so, and only then; a file that a killed worker left is not believed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from asid.pipeline.models.base import Transient
from asid.pipeline.models.layers import notices
from asid.pipeline.models.layers.limiter import Limiter
from asid.pipeline.models.layers.notices import told, waits
from asid.pipeline.models.layers.retry import Limited, Persistent
from asid.pipeline.storage import Storage
from tests.kits.modelkit import Listed, replaying, request, stored


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "SILENT", 0.2)


def test_a_long_wait_is_said_and_a_short_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[list[str]] = []

    async def scene() -> None:
        async with told("a short while"):
            await asyncio.sleep(0.05)
        async with told("the answers of its batch"):
            await asyncio.sleep(0.5)
            seen.append(waits(Storage(tmp_path)))
        seen.append(waits(Storage(tmp_path)))

    stored(tmp_path, scene)
    assert [len(one) for one in seen] == [1, 0]
    assert seen[0][0].startswith("audit/0000 waits for the answers of its batch, since ")
    assert "a short while" not in caplog.text


def test_a_pause_that_a_server_asks_for_is_told_with_its_end(tmp_path: Path) -> None:
    listed = Listed(Transient("slow down", 1.5, rate_limited=True), "At 0s, a dog.")
    seen: list[str] = []

    async def scene() -> None:
        provider = replaying(listed)
        limited = Limited(listed, Limiter(provider.config.limits), 20.0, 100.0, where="strong (https://host)")
        model = Persistent(limited, 3, 100.0, where="strong (https://host)")
        asking = asyncio.create_task(model.generate(request()))
        await asyncio.sleep(0.7)
        seen.extend(waits(Storage(tmp_path)))
        await asking

    stored(tmp_path, scene)
    assert len(seen) == 1
    assert "strong (https://host), until " in seen[0]
    assert waits(Storage(tmp_path)) == []


def test_what_a_killed_worker_left_and_what_is_odd_are_passed_over(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    assert waits(storage) == []
    storage.write("run:.waits/a.0.json", json.dumps({"said": "old", "at": time.time() - 1000}).encode())
    storage.write("run:.waits/a.1.json", b"\xff{")
    storage.write("run:.waits/a.2.json", json.dumps({"said": "new", "at": time.time()}).encode())
    assert waits(storage) == ["new"]

"""One driver for a run: the second is refused and told who holds it, and a driver that is gone holds nothing."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from asid.pipeline.run import lock as locks
from asid.pipeline.run.folder import RunError
from asid.pipeline.run.lock import lock
from asid.pipeline.storage import Storage

LEASE = "run:lease.json"


class AwayStorage(Storage):
    """A folder that says it is a bucket, so that the lease is what holds it."""

    is_local = False  # type: ignore[assignment]


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    monkeypatch.setattr(locks, "LEASE_LOOK", 0.02)
    monkeypatch.setattr(locks, "LEASE_RENEWAL", 0.02)
    monkeypatch.setattr(locks, "LEASE_SECONDS", 0.2)
    return AwayStorage(tmp_path / "run")


def test_the_second_is_refused_and_told_who_holds_the_run(tmp_path: Path) -> None:
    with lock(Storage(tmp_path / "run")):
        told = rf"another asid works on .*process {os.getpid()} on .*wait for it"
        with pytest.raises(RunError, match=told), lock(Storage(tmp_path / "run")):
            pytest.fail("both hold it")
        with lock(Storage(tmp_path / "other")):
            pass
    with lock(Storage(tmp_path / "run")):
        pass


def test_work_that_fails_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(Storage(tmp_path)):
        raise ZeroDivisionError
    with lock(Storage(tmp_path)):
        pass


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write to the run folder"), lock(Storage(tmp_path / "file" / "run")):
        pytest.fail("it cannot hold")


def test_a_lease_is_there_while_the_work_is_and_gone_after_it(away: Storage) -> None:
    with lock(away):
        assert f"process {os.getpid()} on" in json.loads(away.read(LEASE))["holder"]
    assert not away.exists(LEASE)


def test_a_lease_that_beats_refuses_the_second(away: Storage) -> None:
    over = threading.Event()

    def beat() -> None:
        number = 0
        while not over.wait(0.01):
            number += 1
            away.write(LEASE, json.dumps({"holder": "process 1 on elsewhere", "beat": number}).encode())

    away.write(LEASE, json.dumps({"holder": "process 1 on elsewhere", "beat": 0}).encode())
    keeper = threading.Thread(target=beat)
    keeper.start()
    try:
        with pytest.raises(RunError, match="process 1 on elsewhere"), lock(away):
            pytest.fail("both hold it")
    finally:
        over.set()
        keeper.join()


def test_a_lease_whose_holder_is_dead_is_taken_over(away: Storage) -> None:
    away.write(LEASE, json.dumps({"holder": "process 1 on elsewhere", "beat": 7}).encode())
    with lock(away):
        assert "elsewhere" not in json.loads(away.read(LEASE))["holder"]
    assert not away.exists(LEASE)

"""A run with everything in a bucket that turns requests away and reads slowly: killed, taken up again, and the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from asid.pipeline.run import lock as locks
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.storage import Storage
from tests.heads import ROOT, asid, environment
from tests.servers.s3 import Faults, buckets
from tests.toys import videos

NAMES = ["bad1", *(f"v{number:02}" for number in range(23))]
MANIFEST = """
inputs: [{path: "s3://in/videos"}]
recipe:
- {stage: "tests.toys:ToyIngest"}
- {stage: "tests.toys:ToyWork", seconds: 0.3, concurrency: 1}
- {stage: "tests.toys:ToyNext"}
- {stage: "tests.toys:ToyPass"}
- {stage: "tests.toys:ToyFilter"}
"""


def tables(run: Run) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    return {key: (mark.digest, mark.failed) for key, mark in run.survey().footers.items()}


def kill_family(driver: subprocess.Popen[bytes]) -> None:
    """The whole machine goes, as far as this run can tell."""
    family = [*psutil.Process(driver.pid).children(recursive=True), psutil.Process(driver.pid)]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    driver.wait()


@pytest.mark.cluster
def test_a_killed_run_goes_on_in_a_bucket_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = tmp_path / "cloud"
    videos(cloud / "in" / "videos", NAMES)
    (cloud / "out").mkdir()
    (tmp_path / "toys.yaml").write_text(MANIFEST)
    faults = Faults(busy=0.05, slow=0.2)
    with buckets(cloud, monkeypatch, faults):
        here = environment()
        asid("run", tmp_path / "toys.yaml", "--run", "s3://out/calm", "--cpus", 2, env=here)
        assert faults.seen["busy"] and faults.seen["slow"]

        words = [
            "-m",
            "asid",
            "run",
            str(tmp_path / "toys.yaml"),
            "--run",
            "s3://out/rough",
            "--cpus",
            "2",
        ]
        driver = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=here, stderr=subprocess.DEVNULL)
        work = cloud / "out" / "rough" / "work"
        while len(list(work.glob("*.parquet"))) < 2:
            assert driver.poll() is None, "it ended before it could be killed"
            time.sleep(0.1)
        kill_family(driver)
        done = {file.name: file.stat().st_mtime_ns for file in work.glob("*.parquet")}
        assert 2 <= len(done) < 6

        again = asid("run", "--run", "s3://out/rough", "--cpus", 2, env=here)
        assert all((work / name).stat().st_mtime_ns == when for name, when in done.items()), again.stderr
        calm, rough = tables(Run.open("s3://out/calm")), tables(Run.open("s3://out/rough"))
        assert calm == rough and len(calm) == 6 * 4 + 1
        rows = [row.id for row in Run.open("s3://out/rough").all_rows("filter")]
        assert len(rows) == len(set(rows)) == 46
        assert not (cloud / "out" / "rough" / "lease.json").exists()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LEASE_SECONDS", 3.0)
    monkeypatch.setattr(locks, "LEASE_RENEWAL", 0.3)
    monkeypatch.setattr(locks, "LEASE_LOOK", 0.1)


def test_a_second_driver_on_a_bucket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    (tmp_path / "cloud" / "out").mkdir(parents=True)
    with buckets(tmp_path / "cloud", monkeypatch):
        storage = Storage("s3://out/run")
        with locks.lock(storage), pytest.raises(RunError, match=str(os.getpid())), locks.lock(storage):
            pass
        with locks.lock(storage):
            pass


def test_a_lease_of_the_dead_is_taken_over_and_its_holder_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    """The holder here is no more than out of touch: when it comes back, it finds the run in other hands, and stops."""
    lease = tmp_path / "cloud" / "out" / "run" / "lease.json"
    lease.parent.mkdir(parents=True)
    lease.write_text(json.dumps({"holder": "process 1 on another machine", "beat": 3}))
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        with buckets(tmp_path / "cloud", monkeypatch), locks.lock(Storage("s3://out/run")):
            lease.write_text(json.dumps({"holder": "process 2 on another machine", "beat": 1}))
            assert stopped.wait(30)
    finally:
        signal.signal(signal.SIGINT, before)
    assert json.loads(lease.read_text())["holder"] == "process 2 on another machine"


def test_the_cache_of_a_node_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = tmp_path / "cloud" / "in"
    cloud.mkdir(parents=True)
    for number in range(4):
        (cloud / f"{number}.bin").write_bytes(bytes([number]) * 1000)
    monkeypatch.setenv("ASID_CACHE_GB", str(2500 / 2**30))
    with buckets(tmp_path / "cloud", monkeypatch):
        storage = Storage(tmp_path / "run", cache=tmp_path / "cache")
        copies = [storage.local(f"s3://in/{number}.bin") for number in range(3)]
        assert all(copy.exists() for copy in copies), "what was just asked for stays, whatever the bound"
        for age, copy in enumerate(copies):
            os.utime(copy, (0, time.time() - 7200 + age))
        last = storage.local("s3://in/3.bin")
    assert [copy.exists() for copy in copies] == [False, False, True] and last.read_bytes() == b"\3" * 1000

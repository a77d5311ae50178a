"""SIGKILL in the middle of paid work, as the command line sees it: what was answered is not asked again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from asid.pipeline.run.folder import Run
from tests import paid
from tests.servers.llm import Behaviour, LlmServer

pytestmark = pytest.mark.cluster
AT_ONCE = 8


def start(*words: object) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    surroundings = os.environ | {"PYTHONPATH": path, paid.KEY: "very-secret-0123456789"}
    return subprocess.Popen(
        [sys.executable, "-m", "asid", *map(str, words)],
        env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def workers(driver: int) -> list[psutil.Process]:
    family = psutil.Process(driver).children(recursive=True)
    return [process for process in family if "ray::Worker" in "".join(process.cmdline())]


@pytest.mark.parametrize("victim", ["driver", "worker"])
def test_a_kill_costs_no_more_than_what_was_under_way(tmp_path: Path, victim: str) -> None:
    source = paid.clips(tmp_path / "in", 60)
    with LlmServer(Behaviour(answer=paid.answer, latency=0.05), keep_bodies=False) as server:
        job = paid.Job(tmp_path, source, server.url, shard_rows=10, more={"limits": {"concurrency": AT_ONCE}})
        driver = start("run", job.write(), "--run", job.run)
        try:
            paid.until(lambda: server.seen.answers >= 300 or driver.poll() is not None)
            assert driver.poll() is None
            if victim == "driver":
                driver.kill()
                driver.wait()
                driver = start("run", "--run", job.run)
            else:
                for process in workers(driver.pid):
                    process.kill()
            assert driver.wait(timeout=300) == 0
        finally:
            driver.kill()
        assert server.seen.answers > 800
        assert server.seen.paid_twice <= min(AT_ONCE, server.seen.answers // 100)
    run = Run.open(job.run)
    ended, failed = paid.rows_and_failures(run)
    assert len(ended) == 60 and set(ended.values()) == {1} and not failed
    print(server.seen.answers, server.seen.paid_twice)

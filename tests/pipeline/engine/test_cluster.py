"""A cluster smaller than what the stages ask for, and one that gets its node late."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from asid.pipeline.engine import Engine, Result, cluster
from asid.pipeline.run.folder import Run
from tests.heads import PATIENT, ROOT, add_node, free_ports
from tests.toys import recipe, videos
from tests.watching import Watch

pytestmark = pytest.mark.cluster
STORE = {"object_store_memory": 100 << 20}
GPU: dict[str, Any] = {"stage": "ToyNext", "resources": {"gpus": 1, "cpus": 0}, "seconds": 0.05}


@pytest.fixture(scope="module")
def simulated() -> Iterator[Cluster]:
    """Two CPUs and one GPU, as far as Ray knows. What a process shows for tokens is fixed by its first Ray."""
    before = dict(os.environ)
    os.environ |= {"PYTHONPATH": str(ROOT), **PATIENT}
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "num_gpus": 1, "dashboard_port": free_ports(1)[0], **STORE}
    )
    ray.init(made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()
    os.environ.clear()
    os.environ |= before


def work(folder: Path, *steps: dict[str, Any], watch: Watch) -> tuple[Run, Result]:
    run = Run(folder / "run", recipe(videos(folder / "in", "abcdefgh"), {"stage": "ToyWork"}, *steps, shard_rows=2))
    run.freeze()
    return run, Engine(run, watch).execute()


def test_four_pools_with_a_gpu_each_finish_on_a_cluster_with_one(tmp_path: Path, simulated: Cluster) -> None:
    steps = [{**GPU, "name": f"gpu{number}", "min_workers": 1} for number in range(4)]
    watch = Watch()
    run, result = work(tmp_path, *steps, watch=watch)
    assert not result.stopped and not result.failures
    assert {row.text for row in run.all_rows("gpu3")} == {"toy toy toy toy toy"}
    assert len(list(run.all_rows("gpu3"))) == 16
    assert not any("died" in line for line in watch.lines)


def test_a_stage_waits_for_the_node_that_it_needs(
    tmp_path: Path, simulated: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a cluster that grows, or after a spot node has left."""
    monkeypatch.setenv("RAY_ADDRESS", simulated.address)
    assert cluster.patience() > 60

    watch = Watch()
    with ThreadPoolExecutor(1) as pool:  # Ray starts nodes only from the main thread
        running = pool.submit(work, tmp_path, {**GPU, "resources": {"gpus": 2, "cpus": 0}}, watch=watch)
        while not running.done() and not any("waiting for nodes" in line for line in watch.lines):
            time.sleep(0.1)
        add_node(simulated, num_cpus=0, num_gpus=2, **STORE)
        run, result = running.result()
    assert not result.stopped and len(list(run.all_rows("next"))) == 16
    assert any("waiting for nodes" in line and "2 GPU" in line for line in watch.lines)


def test_a_stage_is_stopped_when_no_node_comes(
    tmp_path: Path, simulated: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", simulated.address)
    monkeypatch.setenv("ASID_NODE_WAIT", "2")
    _, result = work(tmp_path, {**GPU, "resources": {"gpus": 64, "cpus": 0}}, watch=Watch())
    assert "64 GPU" in result.stopped["next"]

"""Who gets the next shard, and whose place is given to others. On a cluster it is tried in `test_cluster.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.engine import cluster
from asid.pipeline.engine.pool import TURN, Group, PooledWorker, WorkerPool
from asid.pipeline.recipe.steps import Step
from asid.pipeline.run.folder import Run
from tests.toys import recipe

ONE_GPU = {"gpus": 1, "cpus": 0}


class Hired(WorkerPool):
    """Hires without Ray: what a worker is does not matter to who gets what."""

    def _hire(self, group: Group) -> PooledWorker:
        worker = PooledWorker(actor=None, group=group, name=f"w{len(self.workers)}")
        self.workers.append(worker)
        return worker


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the cluster has."""
    found = {"CPU": 4.0, "memory": 2.0**34, "node:a": 1.0, "node:__internal_head__": 1.0}
    monkeypatch.setattr(cluster, "total", lambda: dict(found))
    return found


def pool(tmp_path: Path, *steps: dict[str, Any]) -> tuple[Hired, dict[str, Step]]:
    run = Run(tmp_path / "run", recipe(tmp_path / "in", *steps))
    return Hired(run), run.steps


def send(made: WorkerPool, step: Step, alone: bool = False) -> PooledWorker | None:
    """Give a shard of the step to whoever takes it, as the engine does."""
    worker = made.worker_for(step, alone)
    if worker:
        worker.load += 1
        worker.opened.add(step.name)
    return worker


def test_steps_that_ask_for_the_same_share_workers_but_for_those_with_a_gpu(tmp_path: Path) -> None:
    _, steps = pool(
        tmp_path, {"stage": "ToyWork"}, {"stage": "ToyNext"}, {"stage": "ToyNext", "name": "far", "resources": ONE_GPU},
        {"stage": "ToyNext", "name": "farther", "resources": ONE_GPU},
        {"stage": "ToyNext", "name": "own", "resources": {"env": "mine"}},
    )  # fmt: skip
    groups = {name: Group.of(step) for name, step in steps.items()}
    assert groups["ingest"] == groups["work"] == groups["next"]
    assert len({groups["work"], groups["far"], groups["farther"], groups["own"]}) == 4
    assert groups["far"].claims() == {"GPU": 1} and groups["far"].said() == "1 GPU"


def test_a_new_worker_is_hired_while_there_is_room_and_none_is_idle(tmp_path: Path, has: dict[str, float]) -> None:
    made, steps = pool(tmp_path, {"stage": "ToyWork"})
    workers = [send(made, steps["work"]) for _ in range(10)]
    assert [workers.index(worker) for worker in workers[:4]] == [0, 1, 2, 3]
    assert sorted(worker.load for worker in made.workers) == [2, 2, 2, 2] and workers[8:] == [None, None]
    made.workers[2].load = 0
    assert made.worker_for(steps["work"], alone=False) is made.workers[2]


def test_who_idles_works_before_another_is_hired(tmp_path: Path, has: dict[str, float]) -> None:
    made, steps = pool(tmp_path, {"stage": "ToyWork"})
    first = send(made, steps["work"])
    assert first
    first.load = 0
    assert send(made, steps["work"]) is first and len(made.workers) == 1


def test_a_stage_has_no_more_workers_than_it_may(tmp_path: Path, has: dict[str, float]) -> None:
    made, steps = pool(tmp_path, {"stage": "ToyWork", "max_workers": 1}, {"stage": "ToyNext"})
    first = send(made, steps["work"])
    assert send(made, steps["work"]) is first and send(made, steps["work"]) is None
    other = send(made, steps["next"])
    assert other is not first, "its group has room for another stage"
    assert made.worker_for(steps["work"], alone=False) is None, "who has not opened it does not begin to"


def test_a_shard_whose_worker_died_is_alone_with_the_next(tmp_path: Path, has: dict[str, float]) -> None:
    has["CPU"] = 1.0
    made, steps = pool(tmp_path, {"stage": "ToyWork"})
    worker = send(made, steps["work"])
    assert worker and made.worker_for(steps["work"], alone=True) is None
    worker.alone = True
    assert made.worker_for(steps["work"], alone=False) is None
    worker.load = 0
    assert made.worker_for(steps["work"], alone=True) is worker


def test_a_group_without_a_worker_gets_the_place_of_who_idles_or_has_had_its_turn(
    tmp_path: Path, has: dict[str, float]
) -> None:
    has["GPU"] = 1.0
    made, steps = pool(
        tmp_path, {"stage": "ToyWork", "resources": ONE_GPU}, {"stage": "ToyNext", "resources": ONE_GPU}
    )  # fmt: skip
    busy = send(made, steps["work"])
    assert busy and made.worker_for(steps["next"], alone=False) is None
    made.make_room([steps["next"]])
    assert not busy.leaving, "opening a model costs: it keeps its place for a while"
    busy.hired -= TURN + 1
    made.make_room([steps["next"]])
    assert busy.leaving and made.changing
    assert made.worker_for(steps["work"], alone=False) is None, "who leaves gets no more work"


def test_of_two_the_idle_one_goes_and_else_the_one_furthest_upstream(tmp_path: Path, has: dict[str, float]) -> None:
    has["GPU"] = 2.0
    steps_: list[dict[str, Any]] = [
        {"stage": "ToyWork", "resources": ONE_GPU}, {"stage": "ToyNext", "resources": ONE_GPU},
        {"stage": "ToyNext", "name": "last", "resources": ONE_GPU},
    ]  # fmt: skip
    made, steps = pool(tmp_path, *steps_)
    upstream, downstream = send(made, steps["work"]), send(made, steps["next"])
    assert upstream and downstream
    for worker in (upstream, downstream):
        worker.hired -= TURN + 1
    made.make_room([steps["last"]])
    assert upstream.leaving and not downstream.leaving
    upstream.leaving, downstream.load = False, 0
    made.make_room([steps["last"]])
    assert downstream.leaving and not upstream.leaving


def test_workers_that_wait_for_answers_are_one_to_a_node(tmp_path: Path, has: dict[str, float]) -> None:
    made, steps = pool(tmp_path, {"stage": "ToyWork", "resources": {"cpus": 0}})
    assert send(made, steps["work"]) is send(made, steps["work"])
    has["node:b"] = 1.0
    made._total = (float("-inf"), {})  # a second later
    made.workers[0].load = 1
    assert send(made, steps["work"]) is made.workers[1]


def test_gpus_that_idle_are_counted(tmp_path: Path, has: dict[str, float]) -> None:
    has["GPU"] = 2.0
    made, steps = pool(tmp_path, {"stage": "ToyWork", "resources": ONE_GPU}, {"stage": "ToyNext"})
    worker, _ = send(made, steps["work"]), send(made, steps["next"])
    assert worker and made.counts() == ({"1 GPU": 1, "1 CPU": 1}, 0)
    worker.load = 0
    assert made.counts() == ({"1 GPU": 1, "1 CPU": 1}, 1)

"""The workers of a run: who may do what, hiring within what the cluster has, asking it for more, and letting go."""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError

from asid.pipeline.engine import cluster
from asid.pipeline.engine.shared import is_needed, open_shared_state
from asid.pipeline.engine.worker import Worker
from asid.pipeline.recipe.steps import Step
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Resources

IN_FLIGHT = 2  # shards a worker holds, so that none idles at a shard's tail
TURN = 120.0  # seconds that a busy worker keeps its place before another group may have it: opening a model costs
IDLE = 60.0  # seconds without work after which a worker's resources go back to the cluster
STRANDED = 30.0  # seconds for a worker to start on a cluster that has become too small for all who were hired
FRESH = 1.0  # seconds that an answer about the cluster is good for: each is a call to its head
ASK = 10.0  # seconds between two wishes to the autoscaler


@dataclass(frozen=True)
class Group:
    """Steps whose workers are interchangeable: all that ask for the same resources, but for a step with a GPU or an
    environment of its own."""

    resources: Resources
    owner: str = ""

    @classmethod
    def of(cls, step: Step) -> Group:
        """Give the group of workers that a step goes to."""
        resources = step.config.resources
        return cls(resources, step.name if resources.gpus or resources.env else "")

    def claims(self) -> dict[str, float]:
        """What one worker holds of the cluster, in Ray's names."""
        resources = self.resources
        claims = {"CPU": resources.cpus, "GPU": resources.gpus, "memory": resources.memory_gb * 2**30}
        return {name: amount for name, amount in claims.items() if amount}

    def said(self) -> str:
        """Say what one worker asks for."""
        return ", ".join(f"{amount:g} {name}" for name, amount in self.claims().items())


@dataclass(eq=False)
class PooledWorker:
    """A worker as the driver sees it."""

    actor: Any
    group: Group
    name: str
    load: int = 0
    alone: bool = False  # tries a shard whose workers died, and must take no other along
    opened: set[str] = field(default_factory=set)
    leaving: bool = False  # gets no more work, so that others get its place
    hired: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)  # when it last got or ended something
    stranded: bool = False  # it never found room on the cluster
    place: Any = None  # reference to the id of its node, there once it has started

    @property
    def started(self) -> bool:
        """Whether the worker has been given its place."""
        return bool(ray.wait([self.place], timeout=0)[0])

    @property
    def node(self) -> str:
        """Where it runs; "" when it never started."""
        try:
            return str(ray.get(self.place)) if self.started else ""
        except RayError:
            return ""


class WorkerPool:
    """Hire, send and dismiss workers, as many as there is work and room for."""

    def __init__(self, run: Run):
        self.run = run
        self.workers: list[PooledWorker] = []
        self.shared: Any = None
        self._total: tuple[float, dict[str, float]] = (float("-inf"), {})
        self._asked = float("-inf")

    def worker_for(self, step: Step, alone: bool) -> PooledWorker | None:
        """The best worker that can take a shard of this step now, hired if need be; None when all are busy."""
        group = Group.of(step)
        mine = [worker for worker in self.workers if worker.group == group and not worker.leaving]
        free = [worker for worker in mine if worker.load < (1 if alone or worker.alone else IN_FLIGHT)]
        idle = [worker for worker in free if not worker.load]
        most = self._most(group)
        limit = step.config.max_workers or most
        serving = sum(step.name in worker.opened for worker in mine)
        if not idle and len(mine) < most and serving < limit and self._fits(group):
            idle = [self._hire(group)]
        choice = idle or free
        if serving >= limit:
            choice = [worker for worker in choice if step.name in worker.opened]
        return min(choice, key=lambda worker: (worker.load, step.name not in worker.opened), default=None)

    def prepare(self, steps: Iterable[Step]) -> None:
        """One worker for each group at once, where there is room for all: a process takes seconds to start, and the
        last stage's need not wait for the first shard."""
        groups = list(dict.fromkeys(Group.of(step) for step in steps))
        if self._fits(*groups):
            for group in groups:
                self._hire(group)

    def make_room(self, wanting: Iterable[Step]) -> None:
        """A group with work and no worker gets the place of one that is idle, or that has had its turn. Who has had
        nothing to do for a while goes anyway, but for as many as a stage wants to keep."""
        for worker in list(self.workers):
            if not worker.load and (
                worker.leaving or (time.monotonic() - worker.used > IDLE and not self._kept(worker))
            ):
                self.dismiss(worker)
        staffed = {worker.group for worker in self.workers if not worker.leaving}
        order = list(self.run.steps)
        for group in {Group.of(step) for step in wanting} - staffed:
            if self._fits(group) or any(worker.leaving for worker in self.workers):
                continue
            now = time.monotonic()
            victims = [
                worker
                for worker in self.workers
                if worker.group.claims().keys() & group.claims().keys()
                and (not worker.load or now - worker.hired > TURN)
            ]
            if victims:
                # An idle one first, then the one whose work is furthest upstream: downstream work ends shards.
                def rank(worker: PooledWorker) -> tuple[bool, bool, int]:
                    return worker.load > 0, self._kept(worker), max(map(order.index, worker.opened), default=0)

                min(victims, key=rank).leaving = True

    def _kept(self, worker: PooledWorker) -> bool:
        """Whether its stages want no fewer workers than they have."""
        fewest = max((self.run.steps[step].config.min_workers for step in worker.opened), default=0)
        return fewest >= sum(other.group == worker.group and not other.leaving for other in self.workers)

    def drop_stranded(self) -> None:
        """Nodes have left, and workers that were to start there wait for room that may never come: they go, and their
        shards come back."""
        late = [worker for worker in self.workers if time.monotonic() - worker.hired > STRANDED and not worker.started]
        for worker in late:
            if not self._fits():
                worker.stranded = True
                self.dismiss(worker)

    def ask(self, backlog: Mapping[Step, int]) -> None:
        """Tell an autoscaler what the waiting shards would have use for. Without one nobody listens."""
        if not cluster.is_shared() or time.monotonic() - self._asked < ASK:
            return
        self._asked = time.monotonic()
        wanted: Counter[Group] = Counter(worker.group for worker in self.workers)
        for step, shards in backlog.items():
            more = math.ceil(shards / IN_FLIGHT)
            wanted[Group.of(step)] += min(more, step.config.max_workers) if step.config.max_workers else more
        cluster.ask([group.claims() for group in wanted for _ in range(min(wanted[group], 1000)) if group.claims()])

    def counts(self) -> tuple[dict[str, int], float]:
        """Workers by what they hold, and the GPUs of those that have nothing to do."""
        workers = Counter(worker.group.said() for worker in self.workers)
        return dict(workers), sum(worker.group.resources.gpus for worker in self.workers if not worker.load)

    @property
    def changing(self) -> bool:
        """Whether a worker is about to leave its place."""
        return any(worker.leaving for worker in self.workers)

    def dismiss(self, worker: PooledWorker) -> None:
        """End a worker at once."""
        if worker in self.workers:
            self.workers.remove(worker)
            with suppress(RayError):  # it may never have been there
                ray.kill(worker.actor)
            if self.shared is not None:
                self.shared.bury.remote(worker.name)

    def dismiss_all(self) -> None:
        """End all workers, and what they share after them."""
        shared, self.shared = self.shared, None
        for worker in list(self.workers):
            self.dismiss(worker)
        if shared is not None:
            ray.kill(shared)
        if cluster.is_shared():
            cluster.ask([])

    def _most(self, group: Group) -> int:
        """Workers of a group that the cluster has room for; of those that only wait for answers, one a node."""
        total = self._has()
        shares = [total.get(name, 0.0) / amount for name, amount in group.claims().items()]
        return int(min(shares)) if shares else cluster.nodes(total)

    def _fits(self, *more: Group) -> bool:
        """Whether the cluster has room for all who are hired, and one worker of each of these groups."""
        held: dict[str, float] = defaultdict(float)
        for group in (*(worker.group for worker in self.workers), *more):
            for name, amount in group.claims().items():
                held[name] += amount
        total = self._has()
        return all(amount <= total.get(name, 0.0) for name, amount in held.items())

    def _has(self) -> dict[str, float]:
        now = time.monotonic()
        if now - self._total[0] > FRESH:
            self._total = (now, cluster.total())
        return self._total[1]

    def _hire(self, group: Group) -> PooledWorker:
        resources = group.resources
        options: dict[str, Any] = {
            "num_cpus": resources.cpus,
            "num_gpus": resources.gpus,
            "max_restarts": 0,
            "max_concurrency": 1000,
        }
        if resources.memory_gb:
            options["memory"] = int(resources.memory_gb * 2**30)
        if resources.gpu_kind:
            options["accelerator_type"] = resources.gpu_kind
        if resources.env:
            environment = self.run.manifest.environments[resources.env]
            options["runtime_env"] = {"pip": list(environment.packages), "env_vars": environment.variables}
        if self.shared is None and is_needed(self.run):
            self.shared = open_shared_state(self.run)
        name = uuid.uuid4().hex
        actor: Any = ray.remote(Worker).options(**options).remote(self.run, self.shared, name)
        self.workers.append(worker := PooledWorker(actor, group, name, place=actor.node.remote()))
        return worker

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

from asid.pipeline.engine import cluster, office
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
class Hand:
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


class Crew:
    """Hire, send and dismiss workers, as many as there is work and room for."""

    def __init__(self, run: Run):
        self.run = run
        self.hands: list[Hand] = []
        self.office: Any = None
        self._total: tuple[float, dict[str, float]] = (float("-inf"), {})
        self._asked = float("-inf")

    def hand_for(self, step: Step, alone: bool) -> Hand | None:
        """The best worker that can take a shard of this step now, hired if need be; None when all are busy."""
        group = Group.of(step)
        mine = [hand for hand in self.hands if hand.group == group and not hand.leaving]
        free = [hand for hand in mine if hand.load < (1 if alone or hand.alone else IN_FLIGHT)]
        idle = [hand for hand in free if not hand.load]
        most = self._most(group)
        limit = step.config.max_workers or most
        serving = sum(step.name in hand.opened for hand in mine)
        if not idle and len(mine) < most and serving < limit and self._fits(group):
            idle = [self._hire(group)]
        choice = idle or free
        if serving >= limit:
            choice = [hand for hand in choice if step.name in hand.opened]
        return min(choice, key=lambda hand: (hand.load, step.name not in hand.opened), default=None)

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
        for hand in list(self.hands):
            if not hand.load and (hand.leaving or (time.monotonic() - hand.used > IDLE and not self._kept(hand))):
                self.dismiss(hand)
        staffed = {hand.group for hand in self.hands if not hand.leaving}
        order = list(self.run.steps)
        for group in {Group.of(step) for step in wanting} - staffed:
            if self._fits(group) or any(hand.leaving for hand in self.hands):
                continue
            now = time.monotonic()
            victims = [
                hand
                for hand in self.hands
                if hand.group.claims().keys() & group.claims().keys() and (not hand.load or now - hand.hired > TURN)
            ]
            if victims:
                # An idle one first, then the one whose work is furthest upstream: downstream work ends shards.
                def rank(hand: Hand) -> tuple[bool, bool, int]:
                    return hand.load > 0, self._kept(hand), max(map(order.index, hand.opened), default=0)

                min(victims, key=rank).leaving = True

    def _kept(self, hand: Hand) -> bool:
        """Whether its stages want no fewer workers than they have."""
        fewest = max((self.run.steps[step].config.min_workers for step in hand.opened), default=0)
        return fewest >= sum(other.group == hand.group and not other.leaving for other in self.hands)

    def drop_stranded(self) -> None:
        """Nodes have left, and workers that were to start there wait for room that may never come: they go, and their
        shards come back."""
        late = [hand for hand in self.hands if time.monotonic() - hand.hired > STRANDED and not hand.started]
        for hand in late:
            if not self._fits():
                hand.stranded = True
                self.dismiss(hand)

    def ask(self, backlog: Mapping[Step, int]) -> None:
        """Tell an autoscaler what the waiting shards would have use for. Without one nobody listens."""
        if not cluster.is_shared() or time.monotonic() - self._asked < ASK:
            return
        self._asked = time.monotonic()
        wanted: Counter[Group] = Counter(hand.group for hand in self.hands)
        for step, shards in backlog.items():
            more = math.ceil(shards / IN_FLIGHT)
            wanted[Group.of(step)] += min(more, step.config.max_workers) if step.config.max_workers else more
        cluster.ask([group.claims() for group in wanted for _ in range(min(wanted[group], 1000)) if group.claims()])

    def counts(self) -> tuple[dict[str, int], float]:
        """Workers by what they hold, and the GPUs of those that have nothing to do."""
        workers = Counter(hand.group.said() for hand in self.hands)
        return dict(workers), sum(hand.group.resources.gpus for hand in self.hands if not hand.load)

    @property
    def changing(self) -> bool:
        """Whether a worker is about to leave its place."""
        return any(hand.leaving for hand in self.hands)

    def dismiss(self, hand: Hand) -> None:
        """End a worker at once."""
        if hand in self.hands:
            self.hands.remove(hand)
            with suppress(RayError):  # it may never have been there
                ray.kill(hand.actor)
            if self.office is not None:
                self.office.bury.remote(hand.name)

    def dismiss_all(self) -> None:
        """End all workers, and the office after them."""
        office, self.office = self.office, None
        for hand in list(self.hands):
            self.dismiss(hand)
        if office is not None:
            ray.kill(office)
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
        for group in (*(hand.group for hand in self.hands), *more):
            for name, amount in group.claims().items():
                held[name] += amount
        total = self._has()
        return all(amount <= total.get(name, 0.0) for name, amount in held.items())

    def _has(self) -> dict[str, float]:
        now = time.monotonic()
        if now - self._total[0] > FRESH:
            self._total = (now, cluster.total())
        return self._total[1]

    def _hire(self, group: Group) -> Hand:
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
        if self.office is None and office.is_needed(self.run):
            self.office = office.open_office(self.run)
        name = uuid.uuid4().hex
        actor: Any = ray.remote(Worker).options(**options).remote(self.run, self.office, name)
        self.hands.append(hand := Hand(actor, group, name, place=actor.node.remote()))
        return hand

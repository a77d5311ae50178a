"""The workers of a run: who may do what, hiring within what the cluster has, and letting go."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ray

from pipeline.engine import cluster, office
from pipeline.engine.worker import Worker
from pipeline.manifest import Step
from pipeline.run import Run
from pipeline.stage import Resources

IN_FLIGHT = 2  # shards a worker holds, so that none idles at a shard's tail
TURN = 120.0  # seconds that a busy worker keeps its place before another group may have it: opening a model costs


@dataclass(frozen=True)
class Group:
    """Steps whose workers are interchangeable: all that ask for the same resources, but for a step with a GPU or an
    environment of its own."""

    resources: Resources
    owner: str = ""

    @classmethod
    def of(cls, step: Step) -> Group:
        resources = step.config.resources
        return cls(resources, step.name if resources.gpus or resources.env else "")

    def claims(self) -> dict[str, float]:
        """What one worker holds of the cluster, in Ray's names."""
        resources = self.resources
        claims = {"CPU": resources.cpus, "GPU": resources.gpus, "memory": resources.memory_gb * 2**30}
        return {name: amount for name, amount in claims.items() if amount}


@dataclass(eq=False)
class Hand:
    """A worker as the driver sees it."""

    actor: Any
    group: Group
    load: int = 0
    alone: bool = False  # tries a shard whose workers died, and must take no other along
    opened: set[str] = field(default_factory=set)
    leaving: bool = False  # gets no more work, so that others get its place
    hired: float = field(default_factory=time.monotonic)


class Crew:
    def __init__(self, run: Run):
        self.run = run
        self.hands: list[Hand] = []
        self.office: Any = None

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

    def make_room(self, wanting: Iterable[Step]) -> None:
        """A group with work and no worker gets the place of one that is idle, or that has had its turn."""
        for hand in [hand for hand in self.hands if hand.leaving and not hand.load]:
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
                upstream = min(victims, key=lambda hand: (hand.load > 0, max(map(order.index, hand.opened), default=0)))
                upstream.leaving = True

    @property
    def changing(self) -> bool:
        return any(hand.leaving for hand in self.hands)

    def dismiss(self, hand: Hand) -> None:
        if hand in self.hands:
            self.hands.remove(hand)
            ray.kill(hand.actor)

    def dismiss_all(self) -> None:
        for hand in list(self.hands):
            self.dismiss(hand)
        if self.office is not None:
            ray.kill(self.office)
            self.office = None

    def _most(self, group: Group) -> int:
        """Workers of a group that the cluster has room for; of those that only wait for answers, one a node."""
        total = cluster.total()
        shares = [total.get(name, 0.0) / amount for name, amount in group.claims().items()]
        return int(min(shares)) if shares else cluster.nodes()

    def _fits(self, group: Group) -> bool:
        held: dict[str, float] = defaultdict(float)
        for hand in self.hands:
            for name, amount in hand.group.claims().items():
                held[name] += amount
        total = cluster.total()
        return all(held[name] + amount <= total.get(name, 0.0) for name, amount in group.claims().items())

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
        actor = ray.remote(Worker).options(**options).remote(self.run, self.office)
        self.hands.append(hand := Hand(actor, group))
        return hand

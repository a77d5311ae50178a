"""What all workers of a run share: the pace of each endpoint, and the money. One actor, asked in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ray

from pipeline.models.config import Limits
from pipeline.models.factory import endpoint, hold_of, strictest
from pipeline.models.limiter import Gate, Lease, Limiter, Release, RemoteGate
from pipeline.models.spend import Ledger, Ticket, spent
from pipeline.run import Run


class Office:
    """Its state is made anew from the run's durable answers when its process is lost."""

    def __init__(self, run: Run):
        limits: dict[str, list[Limits]] = defaultdict(list)
        holds: dict[str, float] = defaultdict(float)
        for name, config in run.manifest.models.items():
            where = endpoint(name, config)
            limits[where].append(config.limits)
            holds[where] = max(holds[where], hold_of(config))
        self.limiters = {where: Limiter(strictest(found), holds[where]) for where, found in limits.items() if where}
        budgets = {step.name: step.config.budget for step in run.steps.values() if step.config.budget}
        self.ledger = Ledger(run.manifest.budget.usd, budgets)
        if has_budget(run):
            self.ledger.restore(spent(run.storage, run.steps, run.manifest.models))

    async def acquire_many(self, where: str, wants: Sequence[int]) -> list[Lease]:
        return await self.limiters[where].acquire_many(wants)

    async def release_many(self, where: str, releases: Sequence[Release]) -> None:
        await self.limiters[where].release_many(releases)

    async def reserve(self, stage: str, model: str, guess: float) -> Ticket:
        return await self.ledger.reserve(stage, model, guess)

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float) -> None:
        await self.ledger.settle(ticket, stage, model, usd)


def has_budget(run: Run) -> bool:
    return run.manifest.budget.usd is not None or any(step.config.budget for step in run.steps.values())


def is_needed(run: Run) -> bool:
    """Whether anything is shared at all: the embedded set shares nothing."""
    return has_budget(run) or any(endpoint(name, config) for name, config in run.manifest.models.items())


def open_office(run: Run) -> Any:
    options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 10_000}
    return ray.remote(Office).options(**options).remote(run)


@dataclass
class Desk:
    """A worker's end of the office: its gates and its purse."""

    office: Any

    def gate(self, where: str) -> Gate:
        async def call(method: str, argument: list[int] | list[Release]) -> list[Lease] | None:
            answer: list[Lease] | None = await getattr(self.office, method).remote(where, argument)
            return answer

        return RemoteGate(call)

    async def reserve(self, stage: str, model: str, guess: float) -> Ticket:
        ticket: Ticket = await self.office.reserve.remote(stage, model, guess)
        return ticket

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float) -> None:
        await self.office.settle.remote(ticket, stage, model, usd)

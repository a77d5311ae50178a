"""What all workers of a run share: rate limits, budget and what is being asked. One actor, asked in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayActorError

from asid.pipeline.models.base import Abandoned
from asid.pipeline.models.config import Limits
from asid.pipeline.models.factory import endpoint, strictest
from asid.pipeline.models.layers.flights import Claims
from asid.pipeline.models.layers.limiter import Gate, Lease, Limiter, Release, RemoteGate
from asid.pipeline.models.spend import Ledger, Ticket, spent
from asid.pipeline.run.folder import Run


class SharedState:
    """Hold rate limits and spending for all workers; after a lost process they are made anew from the run's answers."""

    def __init__(self, run: Run):
        limits: dict[str, list[Limits]] = defaultdict(list)
        for name, config in run.manifest.models.items():
            limits[endpoint(name, config)].append(config.limits)
        self.limiters = {where: Limiter(strictest(found)) for where, found in limits.items() if where}
        self.claims = Claims()
        budgets = {step.name: step.config.budget for step in run.steps.values() if step.config.budget}
        self.ledger = Ledger(run.manifest.budget.usd, budgets)
        if has_budget(run):
            self.ledger.restore(spent(run.storage, run.steps, run.manifest.models))

    async def acquire_many(self, where: str, wants: Sequence[int], worker: str) -> list[Lease]:
        """Wait for places at an endpoint for one worker's calls."""
        return await self.limiters[where].acquire_many(wants, worker)

    async def release_many(self, where: str, releases: Sequence[Release]) -> None:
        """Give places back, with how their calls ended."""
        await self.limiters[where].release_many(releases)

    async def reserve(self, stage: str, model: str, most: float, first_alone: bool, worker: str) -> Ticket:
        """Set money aside for a call, or say why not."""
        return await self.ledger.reserve(stage, model, most, first_alone, worker)

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float | None) -> None:
        """Replace what was set aside by what the call cost, in USD."""
        await self.ledger.settle(ticket, stage, model, usd)

    async def claim(self, key: str, worker: str) -> str:
        """Wait while another worker asks a question. Gives its answer; "": it is the worker's own to ask."""
        return await self.claims.claim(key, worker)

    async def through(self, key: str, worker: str, answer: str) -> None:
        """A worker has asked a question: those that wait for it get its answer."""
        await self.claims.through(key, worker, answer)

    async def bury(self, worker: str) -> None:
        """A worker is gone: what it held goes to the others at once."""
        for limiter in self.limiters.values():
            limiter.forget(worker)
        self.ledger.forget(worker)
        await self.claims.forget(worker)


def has_budget(run: Run) -> bool:
    """Whether the run, or a step of it, has a budget."""
    return run.manifest.budget.usd is not None or any(step.config.budget for step in run.steps.values())


def is_needed(run: Run) -> bool:
    """Whether anything is shared at all: the embedded set shares nothing."""
    return has_budget(run) or any(endpoint(name, config) for name, config in run.manifest.models.items())


def open_shared_state(run: Run) -> Any:
    """Start the run's shared state on the cluster."""
    options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 10_000}
    return ray.remote(SharedState).options(**options).remote(run)


@dataclass
class SharedStateClient:
    """A worker's end of the shared state. Ray starts a lost actor again: one that is dead for good died with its
    driver."""

    shared: Any
    worker: str

    def gate(self, where: str) -> Gate:
        """Give the gate to an endpoint, whose places the shared state keeps."""

        async def ask(wants: list[int]) -> list[Lease]:
            leases: list[Lease] = await _answer(self.shared.acquire_many.remote(where, wants, self.worker))
            return leases

        async def tell(ended: list[Release]) -> None:
            with suppress(RayActorError):
                await self.shared.release_many.remote(where, ended)

        return RemoteGate(ask, tell)

    async def reserve(self, stage: str, model: str, most: float, first_alone: bool = True) -> Ticket:
        """Set money aside for a call, or say why not."""
        ticket: Ticket = await _answer(self.shared.reserve.remote(stage, model, most, first_alone, self.worker))
        return ticket

    async def claim(self, key: str) -> str:
        """Wait while another worker asks a question. Gives its answer; "": it is ours to ask."""
        answer: str = await _answer(self.shared.claim.remote(key, self.worker))
        return answer

    async def through(self, key: str, answer: str) -> None:
        """Tell the answer to a question that was ours to ask; "": nothing came of it."""
        with suppress(RayActorError):
            await self.shared.through.remote(key, self.worker, answer)

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float | None) -> None:
        """Tell what a call cost, in USD."""
        with suppress(RayActorError):  # the answer is there, and is kept
            await self.shared.settle.remote(ticket, stage, model, usd)


async def _answer(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except RayActorError as error:
        raise Abandoned("the run's driver is gone") from error

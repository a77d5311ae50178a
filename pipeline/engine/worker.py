"""What runs in a worker process: a Workshop behind a Ray actor."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import ray

from asid.pipeline import interrupts
from asid.pipeline.run import logs
from asid.pipeline.run.folder import ALL, Run
from asid.pipeline.run.workshop import Done, Task, Workshop


class Worker:
    """One process that works shards. Its stages open on first use. `shared`: what it shares with the others, if any,
    who know it by `name`."""

    def __init__(self, run: Run, shared: Any, name: str):
        interrupts.leave_terminal()
        from asid.pipeline.engine.shared import SharedStateClient, has_budget
        from asid.pipeline.models.factory import model_maker

        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logs.listen()
        run.storage.clear_scratch()
        client = SharedStateClient(shared, name) if shared else None
        make = model_maker(client.gate if client else None, client if client and has_budget(run) else None)
        self.shop = Workshop(run, make, client)

    def node(self) -> str:
        """Name the node that it runs on."""
        return str(ray.get_runtime_context().get_node_id())

    async def work(self, task: Task) -> Done:
        """Work a shard, with its log kept beside it."""
        with logs.kept(self.shop.run.storage, task.step, task.shard):
            return await self.shop.work(task)

    async def decide(self, task: Task, parts: Sequence[str]) -> Done:
        """Run a corpus pass, with its log kept beside it."""
        with logs.kept(self.shop.run.storage, task.step, ALL):
            return await self.shop.decide(task, parts)

    async def rehearse(self, task: Task, row: str) -> None:
        """Try one row and throw the result away: what kills the worker is found."""
        await self.shop.rehearse(task, row)

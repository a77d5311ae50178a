"""What runs in a worker process: a Workshop behind a Ray actor."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from pipeline.manifest import Step
from pipeline.models.base import Model
from pipeline.run import Run
from pipeline.work import Done, Task, Workshop


class Worker:
    """One process that works shards. Its stages open on first use."""

    def __init__(self, run: Run):
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.shop = Workshop(run, make_model)

    async def work(self, task: Task) -> Done:
        return await self.shop.work(task)

    async def decide(self, task: Task, parts: Sequence[str]) -> Done:
        return await self.shop.decide(task, parts)

    async def rehearse(self, task: Task, row: str) -> None:
        """Try one row and throw the result away: what kills the worker is found."""
        await self.shop.rehearse(task, row)


def make_model(run: Run, step: Step, name: str) -> Model:
    from pipeline.models.factory import open_model  # the clients are slow to import, and many workers need none

    return open_model(name, run.manifest.models[name], run.storage)

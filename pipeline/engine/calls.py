"""Work that is under way: a call to a worker, and a shard that is suspected of killing workers."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from asid.pipeline.engine.pool import PooledWorker
from asid.pipeline.rows import Failure
from asid.pipeline.run.workshop import Task


@dataclass
class Suspect:
    """A shard whose workers died: its rows are tried one by one to find the one that kills."""

    task: Task
    rows: deque[str]
    tried: Counter[str] = field(default_factory=Counter)
    poison: list[Failure] = field(default_factory=list)


@dataclass
class RunningCall:
    """A call under way."""

    task: Task
    worker: PooledWorker
    row: str = ""  # of a suspect shard

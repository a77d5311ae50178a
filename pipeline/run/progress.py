"""What a run tells while it is worked, and how the work ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from asid.pipeline.run.folder import Survey
from asid.pipeline.run.workshop import Done


class Progress(Protocol):
    """Hear of the work on a run. Called in the process that drives it."""

    def started(self, survey: Survey, steps: Sequence[str]) -> None:
        """Learn what is there already, and which steps are worked."""

    def finished(self, done: Done) -> None:
        """Learn that a shard has been written."""

    def said(self, message: str) -> None:
        """Pass on a line for people."""


@dataclass
class Result:
    """Say how the work on a run ended.

    `folder`: the run's. `stopped`: steps that were given up, each with the reason. `out_of_budget`: why no further call
    was made; "" with money left. `shards`, `rows` and `failures` (rows) count what this work wrote, in `seconds` (s);
    what the run holds altogether, `asid.open(folder)` counts. `samples`: clips in the run's dataset; None for a recipe
    that makes none.
    """

    folder: str = ""
    stopped: dict[str, str] = field(default_factory=dict)
    out_of_budget: str = ""
    shards: int = 0
    rows: int = 0
    failures: int = 0
    seconds: float = 0.0
    samples: int | None = None

    @property
    def ended_early(self) -> bool:
        """Whether a step was given up or the money was spent; the same call goes on from there."""
        return bool(self.stopped or self.out_of_budget)

"""What the engine tells while it works, and how its work ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from asid.pipeline.run.folder import Survey
from asid.pipeline.run.workshop import Done


class Progress(Protocol):
    """Who wants to know. Called from the driver."""

    def started(self, survey: Survey, steps: Sequence[str]) -> None: ...

    def finished(self, done: Done) -> None: ...

    def said(self, message: str) -> None: ...


@dataclass
class Result:
    """How it ended. `stopped`: steps that were given up, with the reason."""

    stopped: dict[str, str] = field(default_factory=dict)
    out_of_budget: str = ""
    shards: int = 0
    rows: int = 0
    failures: int = 0
    seconds: float = 0.0

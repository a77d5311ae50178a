"""What came of judging: each expected case with its verdict, or the kind of what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from asid.pipeline.evaluation.rows import Case
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.rows import Failure

Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome:
    """`expected`: all cases, in the order of the data file. `judged`: those that came through every step, by id.
    `failed`: those that did not, by id."""

    system: str
    expected: Sequence[Case]
    judged: dict[str, Case]
    failed: dict[str, Failure]

    def scored(self, case: Case) -> Case | None:
        """The case with its verdict; None where it is missing."""
        found = self.judged.get(case.id)
        return found if found is not None and not found.gap else None

    def kind(self, case: Case) -> str:
        """Why a case has no verdict; "" when it has one."""
        if case.gap:
            return case.gap
        failure = self.failed.get(case.id)
        if failure:
            return failure.kind
        return "" if case.id in self.judged else "not_done"

    @cached_property
    def missing(self) -> Counter[str]:
        """How many cases have no verdict, by kind."""
        return Counter(kind for case in self.expected if (kind := self.kind(case)))

    @property
    def count(self) -> int:
        """How many cases have a verdict."""
        return len(self.expected) - self.missing.total()

    @cached_property
    def runs(self) -> list[int]:
        return sorted({case.run for case in self.expected})

    def of_run(self, run: int) -> Iterator[Case]:
        return (case for case in self.expected if case.run == run)

    def read(self, case: Case, read: Callable[[Case], Value]) -> Value | Absent:
        """What `read` makes of the case's replies; Absent, with the kind, where it has no verdict."""
        found = self.scored(case)
        return Absent(self.kind(case)) if found is None else read(found)

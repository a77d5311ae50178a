"""What a run has done and what is left, from its durable files alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.run import Run, Survey


@dataclass
class StepStatus:
    """Shards and rows of one step. `rows` came out; `failed` did not; `kinds` counts the failures by kind."""

    name: str
    done: int = 0
    stale: int = 0
    pending: int = 0
    rows: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> str:
        if self.pending:
            return "pending" if not (self.done or self.stale) else "partly done"
        return "stale" if self.stale else "done"


def steps(run: Run, survey: Survey | None = None, kinds: bool = True) -> list[StepStatus]:
    """The status of every step, in order. Reading the kinds of failures costs a read per shard that has some."""
    survey = survey or run.survey()
    found = []
    for step in run.steps:
        status = StepStatus(step)
        names = survey.names(step)
        for shard in names:
            state = survey.state(step, shard)
            setattr(status, state, getattr(status, state) + 1)
            footer = survey.footers.get((step, shard))
            if footer is not None:
                status.rows += footer.rows
                status.failed += len(footer.failed)
                if kinds and footer.failed:
                    status.kinds.update(failure.kind for failure in run.failures(step, shard))
        status.pending += not names
        found.append(status)
    return found


def drops(run: Run) -> tuple[int, Counter[str]]:
    """Clips kept, and for each rule how many clips it dropped (a clip may fall to several)."""
    from pipeline.rows import Judged

    last = list(run.steps)[-1]
    kept, rules = 0, Counter[str]()
    if issubclass(run.types(last)[1], Judged):
        for row in run.all_rows(last):
            kept += row.kept
            rules.update({reason.rule for reason in row.reasons})
    return kept, rules

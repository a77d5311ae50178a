"""What a run has done and what is left, from its durable files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from asid.pipeline.run import pace as paces
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run, Survey

PAUSE = 900.0  # s without a finished shard, after which work counts as taken up anew


@dataclass
class StepStatus:
    """Shards and rows of one step. `rows` came out; `failed` did not; `kinds` counts the failures by kind. `rate`: rows
    a second, `left`: seconds for what is pending or stale, both at the pace of the last time it was worked on; None
    while fewer than two shards tell it, and for a run in a bucket."""

    name: str
    done: int = 0
    stale: int = 0
    pending: int = 0
    rows: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    rate: float | None = None
    left: float | None = None

    @property
    def state(self) -> str:
        """The state of the step as a whole: pending, partly done, stale or done."""
        if self.pending:
            return "pending" if not (self.done or self.stale) else "partly done"
        return "stale" if self.stale else "done"


def steps(run: Run, survey: Survey | None = None, kinds: bool = True) -> list[StepStatus]:
    """The status of every step, in order. Reading the kinds of failures costs a read per shard that has some."""
    survey = survey or run.survey()
    times = _finished(run, survey)
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
        status.rate, seconds = pace(times.get(step, []))
        status.left = None if seconds is None else seconds * (status.pending + status.stale)
        found.append(status)
    return found


def _finished(run: Run, survey: Survey) -> dict[str, list[tuple[float, int]]]:
    """Of each step, when each of its shards was finished last (s since 1970), and its rows, the oldest first."""
    last = {(step, shard): (at, rows) for at, step, shard, rows in paces.read(run.storage)}
    found: dict[str, list[tuple[float, int]]] = {}
    for (step, shard), noted in last.items():
        if (step, shard) in survey.footers:
            found.setdefault(step, []).append(noted)
    return {step: sorted(times) for step, times in found.items()}


def pace(shards: Sequence[tuple[float, int]]) -> tuple[float | None, float | None]:
    """Rows a second, and seconds a shard, since work was last taken up. The first shard of it only says
    when that was."""
    begun = len(shards) - 1
    while begun > 0 and shards[begun][0] - shards[begun - 1][0] < PAUSE:
        begun -= 1
    last = shards[max(begun, 0) :]
    if len(last) < 2 or last[-1][0] == last[0][0]:
        return None, None
    seconds = last[-1][0] - last[0][0]
    return sum(rows for _, rows in last[1:]) / seconds, seconds / (len(last) - 1)


def drops(run: Run) -> tuple[int, Counter[str]]:
    """Clips kept, and for each rule how many clips it dropped (a clip may fall to several)."""
    from asid.pipeline.rows import Judged

    last = list(run.steps)[-1]
    kept, rules = 0, Counter[str]()
    if issubclass(run.types(last)[1], Judged):
        for shard in run.shard_names(last):
            for row in shards.read_columns(run.storage, run.uri(last, shard), ("kept", "reasons")):
                kept += row["kept"]
                rules.update({reason["rule"] for reason in row["reasons"]})
    return kept, rules

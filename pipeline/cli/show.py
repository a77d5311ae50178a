"""A run on the terminal: progress, status, figures, failures. Everything printed of a row is escaped: captions, file
names and reasons come from outside."""

from __future__ import annotations

import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from asid.pipeline.run import logs
from asid.pipeline.run import status as statuses
from asid.pipeline.text import plural, safe

if TYPE_CHECKING:
    from rich.live import Live

    from asid.pipeline.models.spend import Line
    from asid.pipeline.rows import Failure
    from asid.pipeline.run.folder import Run, Survey
    from asid.pipeline.run.status import StepStatus
    from asid.pipeline.run.workshop import Done


COLUMNS = ("stage", "state", "done", "stale", "pending", "rows", "failed", "rows/min", "left", "why")
WIDE = 80  # columns of a terminal that has room for all of them


class Terminal:
    """Progress: a live table on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console, run: Run):
        self.console = console
        self.run = run
        self.live: Live | None = None
        self.began = time.monotonic()
        self.rows: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.paces: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def __enter__(self) -> Terminal:
        if self.console.is_terminal:
            from rich.live import Live

            self.live = Live(console=self.console, refresh_per_second=4, transient=True, get_renderable=self._table)
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def started(self, survey: Survey, steps: Sequence[str]) -> None:
        """Count what is there already."""
        for status in statuses.steps(self.run, survey, kinds=False):
            self.total[status.name] = status.done + status.stale + status.pending
            self.done[status.name] = status.done
            self.rows[status.name] = status.rows
            self.failed[status.name] = status.failed

    def finished(self, done: Done) -> None:
        """Show a shard that has been written."""
        self.done[done.step] += 1
        self.rows[done.step] += done.mark.rows
        self.failed[done.step] += done.failures
        self.paces[done.step].append((time.monotonic(), done.mark.rows))
        if not self.live:
            self._line(str(done))

    def said(self, message: str) -> None:
        """Print a line."""
        self._line(message)

    def _line(self, message: str) -> None:
        self.console.print(Text(f"[{time.monotonic() - self.began:6.1f} s] {safe(message)}"))

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("stage", "shards", "rows", "failed", "rows/min", "left"):
            widest = max(map(len, self.run.steps)) if column == "stage" else None
            table.add_column(column, justify="left" if column == "stage" else "right", min_width=widest)
        for step in self.run.steps:
            shards = f"{self.done[step]}/{self.total[step]}" if self.total[step] else str(self.done[step])
            rate, seconds = statuses.pace(self.paces[step])
            left = None if seconds is None else seconds * (self.total[step] - self.done[step])
            table.add_row(step, shards, str(self.rows[step]), str(self.failed[step] or ""),
                          "" if rate is None else f"{60 * rate:.1f}", took(left))  # fmt: skip
        return table


def print_status(
    console: Console,
    run: Run,
    steps: list[StepStatus],
    spending: Sequence[Line],
    as_json: bool,
    waits: Sequence[str] = (),
) -> None:
    """Print the table of steps, what was dropped and what was spent; or one JSON object for each step. `waits`: who
    waits for what until when, each said as `STEP/SHARD waits for …`."""
    if as_json:
        for step in steps:
            spent = [asdict(line) | {"usage": line.usage.model_dump()} for line in spending if line.stage == step.name]
            mine = [said for said in waits if said.startswith(f"{step.name}/")]
            values = vars(step) | {"kinds": dict(step.kinds), "state": step.state, "spent": spent, "waits": mine}
            console.print(json.dumps(values), markup=False)
        return
    console.print(_steps(steps, console.width))
    kept, rules = statuses.drops(run)
    if kept or rules:
        console.print(
            f"kept {plural(kept, 'clip')}" + "".join(f"; {rule} dropped {count}" for rule, count in rules.most_common())
        )

    if any(line.usd != 0.0 for line in spending):
        from asid.pipeline.cli import bill

        console.print(bill.table(spending))
    for step in steps:
        if found := logs.count(run.storage, step.name):
            where = f"{run.storage.root.removeprefix('file://')}/{step.name}/logs"
            console.print(Text(f"{step.name}: {plural(found, 'shard')} had something to say, in {where}"))
    for said in waits:
        console.print(Text(safe(said)))


def watch(console: Console, run: Run, seconds: float) -> None:
    """The table of steps, drawn anew every few seconds until nothing is left to do."""
    from rich.live import Live

    with Live(console=console, auto_refresh=False) as live:
        while True:
            found = statuses.steps(run)
            live.update(_steps(found, console.width), refresh=True)
            if not any(step.pending or step.stale for step in found):
                return
            time.sleep(seconds)


def _steps(steps: Sequence[StepStatus], width: int = WIDE) -> Table:
    """A line for each step; on a narrow terminal without the columns that say nothing."""
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for step in steps:
        why = ", ".join(f"{kind} {count}" for kind, count in step.kinds.most_common())
        shown = (step.name, step.state, str(step.done), str(step.stale), str(step.pending), str(step.rows),
                 str(step.failed or ""), "" if step.rate is None else f"{60 * step.rate:.1f}", took(step.left),
                 safe(why))  # fmt: skip
        for name, cell in zip(COLUMNS, shown, strict=True):
            columns[name].append(cell)
    if width < WIDE:
        columns = {name: cells for name, cells in columns.items() if set(cells) - {"", "0"}}
    table = Table(box=None, pad_edge=False)
    for name, cells in columns.items():
        wrapped = name == "why"
        side: Any = "left" if name in ("stage", "state", "why") else "right"
        table.add_column(name, justify=side, no_wrap=not wrapped, min_width=None if wrapped else max(map(len, cells)))
    for line in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, line))
    return table


def took(seconds: float | None) -> str:
    """Hours, minutes and seconds; nothing for 0 and for what is not known."""
    whole = math.ceil(seconds or 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min" if minutes else f"{whole} s" if whole else ""


def print_figures(console: Console, lines: Sequence[dict[str, Any]], as_json: bool) -> None:
    """A table of figures: a line for each video, the last for all."""
    if as_json:
        for line in lines:
            console.print(json.dumps(line), markup=False)
        return
    table = Table(box=None, pad_edge=False)
    names = list(lines[0]) if lines else []
    for name in names:
        table.add_column(name, justify="left" if name == "name" else "right")
    for line in lines:
        table.add_row(*(Text(_figure(line[name])) for name in names))
    console.print(table)


def _figure(value: object) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else safe(value)


def print_failures(console: Console, failures: Iterable[Failure]) -> None:
    """Print one line for each failure, or that there is none."""
    found = 0
    for failure in failures:
        found += 1
        console.print(Text(f"{failure.stage}  {failure.kind}  {safe(failure.name)}  {safe(failure.reason)}"))
    if not found:
        console.print("no row has failed")

"""What came of a run, in a few lines: videos, clips, reasons, hours, spending, and the command to type next. All of it
is counted in the run's files, whatever this call did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from asid.pipeline.run import shards
from asid.pipeline.run import status as statuses
from asid.pipeline.run.folder import Run
from asid.pipeline.text import counted, plural, safe

if TYPE_CHECKING:
    from asid.pipeline.run.progress import Result


@dataclass(frozen=True)
class Summary:
    """`seconds`: of all videos. `failures`: step -> kind -> rows. `usd` None: a price is not known. `samples`: clips in
    the dataset; None for a recipe that makes none. `example`: the id of one of them."""

    folder: str
    videos: int
    seconds: float
    clips: int
    kept: int
    rules: Mapping[str, int]
    failures: Mapping[str, Mapping[str, int]]
    usd: float | None
    asks: bool
    samples: int | None
    rows: int
    unfinished: int  # steps that are not done
    stopped: Mapping[str, str]
    out_of_budget: str
    example: str
    worked: int  # shards, by this call
    took: float

    @property
    def is_empty(self) -> bool:
        """Whether the run is finished and nothing came of it."""
        return not self.unfinished and not (self.rows if self.samples is None else self.samples)


def summary(run: Run, result: Result) -> Summary:
    """Count what a run holds after work on it."""
    from asid.pipeline.models.spend import spent

    survey = run.survey()
    steps = statuses.steps(run, survey)
    first, last = next(iter(run.steps)), list(run.steps)[-1]
    seconds = sum(
        row["duration"]
        for shard in survey.shards
        for row in shards.read_columns(run.storage, run.uri(first, shard), ["duration"])
    )
    paid = any(not model.is_rules for model in run.manifest.models.values())
    prices = [line.usd for line in spent(run.storage, run.steps, run.manifest.models)] if paid else []
    kept, dropped, rules, example = (
        _verdicts(run, survey.shards, last) if result.samples is not None else (0, 0, {}, "")
    )
    return Summary(
        folder=run.storage.root.removeprefix("file://"),
        videos=next((step.rows for step in steps if step.name == first), 0),
        seconds=seconds,
        clips=kept + dropped,
        kept=kept,
        rules=rules,
        failures={step.name: dict(step.kinds) for step in steps if step.kinds},
        usd=None if None in prices else sum(price for price in prices if price is not None),
        asks=paid,
        samples=result.samples,
        rows=next((step.rows for step in steps if step.name == last), 0),
        unfinished=sum(step.state != "done" for step in steps),
        stopped=result.stopped,
        out_of_budget=result.out_of_budget,
        example=example,
        worked=result.shards,
        took=result.seconds,
    )


def _verdicts(run: Run, names: list[str], last: str) -> tuple[int, int, Mapping[str, int], str]:
    kept, dropped, example, rules = 0, 0, "", Counter[str]()
    there = set(run.shard_names(last))
    for shard in names:
        if shard not in there:
            continue
        for row in shards.read_columns(run.storage, run.uri(last, shard), ["id", "kept", "reasons"]):
            kept, dropped = kept + row["kept"], dropped + (not row["kept"])
            example = example or (row["id"] if row["kept"] else "")
            rules.update({reason["rule"] for reason in row["reasons"]})
    return kept, dropped, rules, example


def print_summary(console: Console, ending: Summary) -> None:
    """Print what came of a run, and the command to type next."""
    for line in _lines(ending):
        console.print(Text(safe(line)))


def _lines(ending: Summary) -> Iterator[str]:
    yield (f"{plural(ending.videos, 'video')}, {ending.seconds / 3600:.2f} h"
           + (f"; {plural(ending.clips, 'clip')}: {ending.kept} kept, {ending.clips - ending.kept} dropped"
              if ending.samples is not None else f"; {plural(ending.rows, 'row')} from the last step")
           + f"; {plural(ending.worked, 'shard')} worked in {ending.took:.0f} s")  # fmt: skip
    if ending.rules:
        yield f"dropped by: {counted(ending.rules)} (a clip may fall to several rules)"
    for step, kinds in ending.failures.items():
        yield f"failed in {step}: {counted(kinds)}"
    if ending.asks:
        yield "spent: unknown, as the price of a model is" if ending.usd is None else f"spent: {ending.usd:.4f} USD"
    for step, reason in ending.stopped.items():
        yield f"stage {step} stopped: {reason}"
    if ending.out_of_budget:
        yield f"budget reached: {ending.out_of_budget}"
    if ending.samples:
        yield f"dataset: {plural(ending.samples, 'clip')} in {ending.folder}/dataset"
    yield from _next(ending)


def _next(ending: Summary) -> Iterator[str]:
    if ending.stopped:
        yield f"next: mend what stopped it, then go on with: asid run --run {ending.folder}"
    elif ending.unfinished:
        yield f"next: asid run --run {ending.folder}"
    elif not ending.videos:
        yield f"no video came through. next: asid failures {ending.folder}"
    elif ending.is_empty:
        yield f"nothing was kept, so there is no dataset. next: asid status {ending.folder}"
    elif ending.example:
        yield f"next: asid show {ending.folder} {ending.example}"
    else:
        yield f"next: asid status {ending.folder}"

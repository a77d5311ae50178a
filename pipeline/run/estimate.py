"""What a run will cost, from a sample of its clips that goes through every stage first.

The stages before the first question are worked on a few shards, clips are drawn from these evenly by length, and taken
through the rest in a small run of their own inside the run folder. Its answers are copied beside the shards that they
belong to, so that the sample is a part of the run and nothing in it is paid for twice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asid.pipeline.models.config import Limits, ModelConfig
from asid.pipeline.models.factory import endpoint, strictest
from asid.pipeline.models.forecast import Interval, Spread, forecast, spread_of
from asid.pipeline.models.layers.replay import Entry, copy_answers
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import Line, cost, entries, lines, scaled, seconds_needed
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.recipe.steps import Step
from asid.pipeline.run import shards
from asid.pipeline.run.folder import ALL, Run, RunError
from asid.pipeline.run.shards import Footer
from asid.pipeline.stage import Stage
from asid.pipeline.storage import Storage

SHARDS = 4  # from which clips are drawn: about as many hours of video are cut for an estimate
ONE = "00000"  # the only shard of the sample
LOCATED = ("uri", "source_uri")  # fields of rows that may hold an address in the run


@dataclass(frozen=True)
class Estimate:
    """`lines` are the whole run's; `clips` it has, or will have by the length of its videos; `seconds` that the slowest
    endpoint needs at the least."""

    clips: int
    sampled: int
    lines: list[Line]
    seconds: float
    interval: Interval | None  # USD of all lines together; None while a price is not known


@dataclass(frozen=True)
class Trial:
    """A run of the sampled clips, and where they are from: id -> shard."""

    run: Run
    home: dict[str, str]
    steps: list[str]  # that are left to do
    factor: float  # by which the run is larger
    clips: int
    lengths: dict[str, float]  # s, of the sampled rows
    seconds: float  # of all rows of the run
    spread: Spread  # of both, where only some shards were looked at


def preparing(run: Run) -> list[str]:
    """The steps before the first that asks a model; they cost no money. Raises RunError when none asks."""
    names = list(run.steps)
    first = next((number for number, name in enumerate(names) if _asks(run.steps[name])), None)
    if first is None:
        raise RunError("no stage of this run asks a model: there is nothing to estimate")
    return names[:first]


def chosen_shards(run: Run) -> frozenset[str]:
    """Shards to draw from, evenly over the run; all of them where a corpus pass has to see all."""
    names = run.survey().shards
    if len(names) <= SHARDS or any(run.steps[step].is_corpus_pass for step in preparing(run)):
        return frozenset(names)
    return frozenset(names[round(at * (len(names) - 1) / (SHARDS - 1))] for at in range(SHARDS))


def draw(run: Run, count: int) -> Trial:
    """The sample as a run of its own, made ready. Raises RunError when there is no clip to draw."""
    steps = preparing(run)
    survey = run.survey()
    trunk = next(name for name in reversed(steps) if not run.steps[name].is_corpus_pass)
    there = [shard for shard in sorted(chosen_shards(run)) if survey.done(trunk, shard)]
    rows = [(row, shard) for shard in there for row in run.rows(trunk, shard)]
    if not rows:
        raise RunError(f"{trunk} has given no row to draw from")
    rows.sort(key=lambda item: (getattr(item[0], "duration", 0.0), item[0].id))
    picked = [rows[int((at + 0.5) * len(rows) / min(count, len(rows)))] for at in range(min(count, len(rows)))]
    seconds = {shard: _seconds(run, shard) for shard in survey.shards}
    share = sum(seconds[shard] for shard in there) / (sum(seconds.values()) or 1.0) or 1.0
    sample = Run(f"{run.storage.root}/estimate/{_name(run, picked)}", _live(run.manifest))
    _fill(run, sample, steps, {row.id: row for row, _ in picked}, there)
    home = {row.id: shard for row, shard in picked}
    lengths = {row.id: float(getattr(row, "duration", 0.0)) for row, _ in picked}
    long = [sum(getattr(row, "duration", 0.0) for row, home in rows if home == shard) for shard in there]
    parts = [(made, seconds[shard]) for made, shard in zip(long, there, strict=True)]
    return Trial(
        sample, home, [name for name in run.steps if name not in steps], len(rows) / share / len(picked),
        round(len(rows) / share), lengths, sum(long) / share, spread_of(parts, len(seconds)),
    )  # fmt: skip


def lend(run: Run, sample: Trial) -> None:
    """Answers that the run has already paid for go into the sample."""
    survey = run.survey()
    for step in sample.steps:
        for shard in set(sample.home.values()):
            if survey.done(step, shard):
                copy_answers(run.storage, _answers(step, shard), sample.run.storage, _answers(step, ONE), sample.home)


def give_back(run: Run, sample: Trial) -> None:
    """The sample's answers go to the shards that its clips are from."""
    for step in sample.steps:
        for shard in set(sample.home.values()):
            rows = [row for row, where in sample.home.items() if where == shard]
            copy_answers(sample.run.storage, _answers(step, ONE), run.storage, _answers(step, shard), rows)


def reckon(run: Run, sample: Trial) -> Estimate:
    """The whole run's spending, from the sample's answers."""
    models = run.manifest.models
    answers = {step: latest(entries(sample.run.storage, f"run:{step}/answers")) for step in sample.steps}
    tried = [line for step, given in answers.items() for line in lines(step, given, models)]
    interval = _interval(sample, [entry for given in answers.values() for entry in given], models)
    paid = sum(line.usd or 0.0 for line in tried)
    factor = interval.point / paid if interval and paid else sample.factor
    found = [scaled(line, factor) for line in tried]
    by_endpoint: dict[str, list[Line]] = defaultdict(list)
    limits: dict[str, list[Limits]] = defaultdict(list)
    for line in found:
        if where := endpoint(line.model, models[line.model]):
            by_endpoint[where].append(line)
            limits[where].append(models[line.model].limits)
    times = [seconds_needed(group, strictest(limits[where])) for where, group in by_endpoint.items()]
    return Estimate(sample.clips, len(sample.home), found, max(times, default=0.0), interval)


def _interval(sample: Trial, answers: Iterable[Entry], models: Mapping[str, ModelConfig]) -> Interval | None:
    """The bill of the whole run by what each sampled row has cost. None while a price is not known."""
    bills = dict.fromkeys(sample.home, 0.0)
    for entry in answers:
        usd = None if entry.name not in models else cost(entry.usage, prices_of(models[entry.name]))
        if usd is None:
            return None
        row = entry.row if entry.row in bills else entry.row.split("-")[0]  # a clip of a sampled video
        bills[row] = bills.get(row, 0.0) + usd
    rows = list(sample.lengths)
    costs = [bills[row] for row in rows]
    return forecast([sample.lengths[row] for row in rows], costs, sample.clips, sample.seconds, sample.spread)


def latest(found: Iterable[Entry]) -> list[Entry]:
    """Of each question its last answer, with what was rejected on the way to it: earlier answers are to questions that
    are asked no more."""
    groups: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in found:
        groups[entry.name, entry.row, entry.task, entry.attribute].append(entry)
    kept: list[Entry] = []
    for group in groups.values():
        group.sort(key=lambda entry: entry.at)
        accepted = [number for number, entry in enumerate(group) if entry.text is not None]
        kept.extend(group[accepted[-2] + 1 if len(accepted) > 1 else 0 :])
    return kept


def _asks(step: Step) -> bool:
    return issubclass(step.kind, Stage) and bool(step.kind.models(step.config))


def _answers(step: str, shard: str) -> str:
    return f"run:{step}/answers/{shard}"


def _seconds(run: Run, shard: str) -> float:
    seconds: float = sum(row.duration for row in run.rows(next(iter(run.steps)), shard))
    return seconds


def _name(run: Run, picked: Sequence[tuple[Any, str]]) -> str:
    """Another sample, and the same one with other settings, is another run."""
    parts = [*run.fingerprints.values(), *(row.id for row, _ in picked)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _live(manifest: Manifest) -> Manifest:
    """Nobody waits a day for an estimate."""
    recipe = tuple({**entry, "mode": "live"} if entry.get("mode") == "batch" else entry for entry in manifest.recipe)
    return manifest.model_copy(update={"recipe": recipe})


def _fill(run: Run, sample: Run, steps: Sequence[str], picked: dict[str, Any], there: Sequence[str]) -> None:
    """Write what the run knows of the picked rows, and of the videos they are from, into the sample as done."""
    sample.freeze()
    wanted = picked.keys() | {getattr(row, "video", "") for row in picked.values()}
    for step in steps:
        shard = ALL if run.steps[step].is_corpus_pass else ONE
        names = [ALL] if shard == ALL else there
        rows = [_located(row, run.storage) for name in names for row in run.rows(step, name) if row.id in wanted]
        footer = Footer(
            fingerprint=sample.fingerprints[step],
            digest=shards.digest(rows),
            inputs=(sample.survey().inputs(step, shard) or {}) if sample.steps[step].inputs else {},
            outcomes=[(row.id, 1) for row in rows],
            rows=len(rows),
            total=1,
        )
        shards.write(sample.storage, sample.uri(step, shard), run.types(step)[1], rows, footer)


def _located(row: Any, storage: Storage) -> Any:
    """The row with addresses that hold outside its run."""
    changes: dict[str, Any] = {
        name: storage.resolve(value) for name in LOCATED if (value := getattr(row, name, "")).startswith("run:")
    }
    if frames := getattr(row, "frames", ()):
        changes["frames"] = tuple(frame.model_copy(update={"uri": storage.resolve(frame.uri)}) for frame in frames)
    return row.model_copy(update=changes)

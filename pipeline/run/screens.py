"""What a run's audits tell of its screen: the threshold that its sample proves, and what has been saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asid.pipeline.asking.screening import SampledAudit, Threshold, choose
from asid.pipeline.rows import Audit
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.shards import read_columns


@dataclass(frozen=True)
class Screen:
    """`step` of the run, `threshold` by its sample; `alone`: audits in which the screen was believed, of `all`."""

    step: str
    threshold: Threshold
    alone: int
    all: int


def screen(run: Run) -> Screen:
    """The threshold of the run's audit step, by all audits of its own and of its estimates in which both have spoken.
    Raises RunError for a run without a screen, and before both have spoken."""
    step = next((step for step in run.steps.values() if getattr(step.config, "screen", "")), None)
    if step is None:
        raise RunError("no step of this run has a `screen`: set audit.screen to a model that is cheap")
    config = step.config
    found = {(clip, audit.attribute): audit for clip, audit in _audits(run, step.name)}
    sample: list[SampledAudit] = []
    alone = 0
    for audit in found.values():
        if audit.suspicion is None:
            continue
        if config.threshold is not None and audit.suspicion < config.threshold:  # type: ignore[attr-defined]
            alone += 1
        else:
            sample.append(SampledAudit(audit.suspicion, bool(audit.errors or audit.missing)))
    if alone:  # those below it are not a random sample any more
        sample = list(_sampled(run, step.name))
    if not sample:
        raise RunError(f"no audit of both is there yet: `asid estimate --run {run.storage.root}` makes a sample")
    threshold = choose(sample, config.recall, config.confidence)  # type: ignore[attr-defined]
    return Screen(step.name, threshold, alone, len(found))


def _sampled(run: Run, step: str) -> Iterator[SampledAudit]:
    """The audits of the run's estimates, in which both were asked about everything."""
    for name in run.storage.list("run:estimate"):
        sample = Run.open(f"{run.storage.root}/estimate/{name}")
        config = sample.steps[step].config if step in sample.steps else None
        if config is not None and getattr(config, "threshold", 0.0) is None:
            for _, audit in _own(sample, step):
                if audit.suspicion is not None:
                    yield SampledAudit(audit.suspicion, bool(audit.errors or audit.missing))


def _audits(run: Run, step: str) -> Iterator[tuple[str, Audit]]:
    """Audits by the id of their clip: of the run's estimates, then its own."""
    for name in run.storage.list("run:estimate"):
        sample = Run.open(f"{run.storage.root}/estimate/{name}")
        if step in sample.steps:
            yield from _own(sample, step)
    yield from _own(run, step)


def _own(run: Run, step: str) -> Iterator[tuple[str, Audit]]:
    for shard in run.shard_names(step):
        for row in read_columns(run.storage, run.uri(step, shard), ["id", "audits"]):
            yield from ((row["id"], Audit.model_validate(audit)) for audit in row["audits"])

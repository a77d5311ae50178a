"""Whether a run may leave the house."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.rows import Judged
from asid.pipeline.run import status
from asid.pipeline.run.folder import Run, RunError, Survey
from asid.pipeline.text import plural


def finished_shards(run: Run, anyway: bool = False) -> list[str]:
    """The shards whose judged clips are up to date. Raises RunError for a run that makes no dataset, and, unless
    `anyway`, for one that is unfinished or failed."""
    last = list(run.steps)[-1]
    if not issubclass(run.types(last)[1], Judged):
        raise RunError(f"the run ends in {last}, not in judged clips: there is no dataset in it")
    survey = run.survey()
    found = [] if anyway else list(lacks(run, survey))
    if found:
        raise RunError("\n".join([*found, "finish it (asid run --run …), or say --unfinished"]))
    return [shard for shard in survey.shards if survey.done(last, shard)]


def lacks(run: Run, survey: Survey) -> Iterator[str]:
    """What keeps the run from being whole and sound, step by step."""
    for step in status.steps(run, survey, kinds=False):
        if step.pending or step.stale:
            counts = ((step.pending, "pending"), (step.stale, "stale"))
            told = ", ".join(f"{plural(count, 'shard')} {state}" for count, state in counts if count)
            yield f"{step.name}: {told}"
        limit = run.steps[step.name].config.max_failure_rate
        limit = run.manifest.max_failure_rate if limit is None else limit
        taken, _ = survey.tallies[step.name]
        if taken and step.failed / taken > limit:
            yield f"{step.name}: {step.failed} of {taken} rows failed, more than {limit:.0%}"

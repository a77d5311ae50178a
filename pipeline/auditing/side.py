"""Audits and power of a run, as a branch beside it: answers and figures lie under `audits/`, no shard is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from pydantic import TypeAdapter

from asid.pipeline.auditing.auditor import Auditing
from asid.pipeline.auditing.coverage import Coverage, cover
from asid.pipeline.auditing.measuring import POINTS, Measured, measure, sample
from asid.pipeline.auditing.planting import FAULTS, VARIANTS
from asid.pipeline.auditing.power import RULES, Power, of_rules, planted
from asid.pipeline.auditing.power import power as power_of
from asid.pipeline.captions import latest
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.rows import Captioned, Drafted
from asid.pipeline.run.folder import Run, RunError

Result = TypeVar("Result")

FOLDER = "run:audits"
MEASURED, POWER = f"{FOLDER}/measured.json", f"{FOLDER}/power.json"
COVERAGE = f"{FOLDER}/coverage.json"


def audit(run: Run, model: str, points: Sequence[str], size: int, seed: int) -> list[Measured]:
    """Measure the captions of each point on the same clips, and keep the figures for the report. Raises RunError."""
    rows = _rows(run)
    annotators = {candidate.annotator for row in rows for candidate in row.candidates}
    if unknown := [point for point in points if point not in POINTS and point not in annotators]:
        known = ", ".join([*POINTS, *sorted(annotators)])
        raise RunError(f"{unknown[0]} is neither a stage with captions nor an annotator of this run: {known}")
    drawn = sample(rows, size, seed)
    found = _with_auditor(run, model, lambda auditing: measure(auditing, drawn, points))
    names = {(one.model, one.point) for one in found}
    kept = [one for one in measured(run) if (one.model, one.point) not in names]
    run.storage.write(MEASURED, TypeAdapter(list[Measured]).dump_json([*kept, *found], indent=1))
    return found


def power(run: Run, model: str, each: int, seed: int) -> list[Power]:
    """Measure an auditor, or rules alone, on errors planted in the run's captions, and keep the figures."""
    clips = [(row, text) for row in _rows(run) if isinstance(row, Drafted) and (text := latest.caption(row))]
    plants = planted(clips, [*FAULTS, *VARIANTS], seed, each)
    if not plants:
        raise RunError("no caption of this run has a place for a planted error")
    if model == RULES:
        found = of_rules(plants)
    else:
        found = _with_auditor(run, model, lambda auditing: power_of(model, auditing.find, plants))
    kept = [one for one in powers(run) if one.model != model]
    run.storage.write(POWER, TypeAdapter(list[Power]).dump_json([*kept, *found], indent=1))
    return found


def coverage(run: Run, model: str, size: int, seed: int) -> Coverage:
    """Count what the captions of kept clips tell, point by point, and keep the figures for the report."""
    drawn = sample([row for row in _rows(run) if getattr(row, "kept", True)], size, seed)
    if not drawn:
        raise RunError("no clip was kept: there is nothing to count")

    async def count(auditing: Auditing) -> list[Coverage]:
        return [await cover(auditing, drawn)]

    (found,) = _with_auditor(run, model, count)
    run.storage.write(COVERAGE, TypeAdapter(list[Coverage]).dump_json([found], indent=1))
    return found


def covered(run: Run) -> Coverage | None:
    """What has been counted of this run's captions; None where nobody has."""
    return next(iter(_read(run, COVERAGE, TypeAdapter(list[Coverage]))), None)


def measured(run: Run) -> list[Measured]:
    """What audits of this run have found so far."""
    return _read(run, MEASURED, TypeAdapter(list[Measured]))


def powers(run: Run) -> list[Power]:
    """What is known of the power of this run's auditors."""
    return _read(run, POWER, TypeAdapter(list[Power]))


def _read(run: Run, uri: str, kind: TypeAdapter[list[Result]]) -> list[Result]:
    return kind.validate_json(run.storage.read(uri)) if run.storage.exists(uri) else []


def _rows(run: Run) -> list[Captioned]:
    step = list(run.steps)[-1]
    rows = [row for row in run.all_rows(step) if isinstance(row, Captioned)]
    if not rows:
        raise RunError(f"{step} has no finished captions to look at: let the run go on first (asid run --run FOLDER)")
    return rows


def _with_auditor(run: Run, name: str, work: Callable[[Auditing], Awaitable[list[Result]]]) -> list[Result]:
    """Do `work` with one of the manifest's models; its answers are kept and replayed."""
    config = run.manifest.models.get(name)
    if config is None:
        known = ", ".join([*run.manifest.models, RULES])
        raise RunError(f"the manifest has no model {name}; it has {known}")
    model = open_model(name, config, run.storage)
    auditing = Auditing(name, model, run.prompts, run.storage)

    async def done() -> list[Result]:
        store = AnswerStore(run.storage, f"{FOLDER}/answers", name)
        token = current_store.set(store)
        try:
            return await work(auditing)
        finally:
            await store.close()
            current_store.reset(token)
            await model.close()

    return asyncio.run(done())

"""A changed recipe on a fixed sample of a run's clips, with its figures beside those of the run.

The sample is drawn as for an estimate, so that every trial of a run has the same clips; the steps before the first
question must be those of the run. Answers of the run are used where the same is asked again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import cost, entries
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.diff import Change, diff
from asid.pipeline.run.estimate import Trial, draw, preparing
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.shards import read_columns


@dataclass(frozen=True)
class TrialFigures:
    """Of the sampled clips: how many ended and were kept, words of a caption, faults an audit found, USD for a clip.
    `usd` None: a price is not known."""

    clips: int
    kept: int
    words: float
    faults: float
    usd: float | None


def prepare(run: Run, manifest: Manifest, count: int) -> Trial:
    """The sampled clips as a run of the changed recipe. Raises RunError when its first steps are not those of `run`."""
    changed = Run(run.storage.root, manifest.model_copy(update={"inputs": run.manifest.inputs}))
    for step in preparing(changed):
        if changed.fingerprints[step] != run.fingerprints.get(step):
            raise RunError(f"step {step} is not as in {run.storage.root}: a trial begins after the cuts of the run, "
                           "which must be the same")  # fmt: skip
    sample = draw(changed, count)
    sample.run.borrow([run.storage.root])
    sample.run.freeze()
    return sample


def figures(run: Run, clips: Collection[str]) -> TrialFigures:
    """The figures of some clips of a run."""
    last = list(run.steps)[-1]
    fields = run.types(last)[1].model_fields
    columns = [name for name in ("id", "caption", "kept", "audits") if name in fields]
    found = [row for shard in run.shard_names(last) for row in read_columns(run.storage, run.uri(last, shard), columns)
             if row["id"] in clips]  # fmt: skip
    count = max(1, len(found))
    words = sum(len((row.get("caption") or "").split()) for row in found) / count
    audits = [audit for row in found for audit in row.get("audits") or ()]
    faults = sum(len(audit["errors"]) + len(audit["missing"]) for audit in audits) / count
    kept = sum(bool(row.get("kept", True)) for row in found)
    return TrialFigures(len(found), kept, words, faults, _usd(run, clips, count))


def _usd(run: Run, clips: Collection[str], count: int) -> float | None:
    """USD for a clip, whoever has paid it: a trial borrows answers, and its recipe would still have to pay them."""
    total: dict[str, float] = defaultdict(float)
    for step in run.steps:
        latest = {(entry.row, entry.key, entry.at): entry for entry in entries(run.storage, f"run:{step}/answers")}
        for entry in latest.values():
            config = run.manifest.models.get(entry.name)
            if entry.row in clips:
                usd = cost(entry.usage, prices_of(config)) if config else None
                if usd is None:
                    return None
                total[step] += usd
    return sum(total.values()) / count


def changes(run: Run, sample: Trial) -> Iterator[Change]:
    """What the changed recipe has made otherwise of the sampled clips."""
    return (change for change in diff(run, sample.run) if change.clip in sample.home)


def table(before: TrialFigures, after: TrialFigures) -> Iterator[str]:
    """Both runs' figures, a line for each."""

    def said(value: float | None) -> str:
        return "unknown" if value is None else f"{value:.4g}"

    rows = [
        ("clips", before.clips, after.clips), ("kept", before.kept, after.kept),
        ("words of a caption", before.words, after.words), ("faults found in a clip", before.faults, after.faults),
        ("USD for a clip", before.usd, after.usd),
    ]  # fmt: skip
    yield f"{'':24} {'run':>12} {'trial':>12}"
    for name, one, two in rows:
        yield f"{name:24} {said(one):>12} {said(two):>12}"

"""What another manifest, other inputs or other settings would do to a run that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asid.pipeline.run.folder import Run, RunError


@dataclass(frozen=True)
class Revision:
    """`settings`: paths of the manifest that differ; `stale`: step -> shards that would be made anew; `dropped`: steps
    with shards that the recipe would no longer have; `added`, `removed`: inputs."""

    settings: tuple[str, ...]
    stale: Mapping[str, int]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def is_harmless(self) -> bool:
        """Whether all that was made so far stays as it is, and what the run is about as well."""
        return not (self.stale or self.dropped or self.added or self.removed)


def existing(folder: str) -> Run | None:
    """The run at a folder with the manifest frozen into it; None where none is."""
    return Run.open(folder) if Run.is_at(folder) else None


def revision(before: Run, after: Run) -> Revision:
    """What it means for a run to go on as `after`."""
    survey = before.survey()
    made = {
        step: [shard for shard in survey.names(step) if survey.state(step, shard) == "done"] for step in before.steps
    }
    changed = [step for step in after.steps if before.fingerprints.get(step) != after.fingerprints[step]]
    old, new = _values(before), _values(after)
    settings = tuple(dict.fromkeys(_differences(old, new)))
    was, now = ([entry.path for entry in run.manifest.inputs] for run in (before, after))
    return Revision(
        settings=settings,
        stale={step: len(made[step]) for step in changed if made.get(step)},
        dropped=tuple(step for step in before.steps if step not in after.steps and made[step]),
        added=tuple(path for path in now if path not in was),
        removed=tuple(path for path in was if path not in now),
    )


def agree_or_refuse(before: Run | None, after: Run, yes: bool) -> None:
    """Raise RunError, with what would become stale and how to go on, unless nothing would or the user agrees."""
    if before is None or yes:
        return
    found = revision(before, after)
    if found.is_harmless:
        return
    folder = after.storage.root.removeprefix("file://")
    raise RunError("\n".join([f"{folder} was made from something else:", *_told(found), *_ways_on(folder)]))


def _told(found: Revision) -> Iterator[str]:
    if found.added:
        yield f"  inputs added: {', '.join(found.added)}"
    if found.removed:
        yield f"  inputs no longer named: {', '.join(found.removed)} (their videos stay in the run)"
    if found.settings:
        yield f"  settings that differ: {', '.join(found.settings)}"
    for step in found.dropped:
        yield f"  {step} would no longer be a step of the run"
    for step, count in found.stale.items():
        yield f"  {step}: {count} finished {'shard' if count == 1 else 'shards'} would become stale and be made anew"


def _ways_on(folder: str) -> Iterator[str]:
    yield "nothing was changed. To go on all the same, type the same with --yes"
    yield f"to go on with the run as it is: asid run --run {folder}"
    yield "to begin another run, name another folder: --run OTHER"


def _values(run: Run) -> dict[str, Any]:
    """The manifest but for its inputs, with the recipe by the names of its steps."""
    values = run.manifest.model_dump(mode="json", exclude={"inputs"})
    values["recipe"] = dict(zip(run.steps, values["recipe"], strict=True))
    return values


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Paths at which two trees differ; never their values, which may be secrets."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path

"""Work on runs from Python. What `import asid` shows is made here, and the command line is a user of it.

Nothing is printed: who wants to hear of the work gives a callback. What a user can mend is raised as `UserError`,
before work begins and with the run as it was.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asid.pipeline.figures import Figures
    from asid.pipeline.recipe.manifest import Manifest
    from asid.pipeline.rows import Failure, Judged
    from asid.pipeline.run.folder import Fresh, Run, Survey
    from asid.pipeline.run.progress import Progress, Result
    from asid.pipeline.run.status import StepStatus
    from asid.pipeline.run.workshop import Done

USUAL = "asid-run"  # the run folder where none is named
DEMO = "demo.yaml"  # the shipped manifest where none is named


@dataclass(frozen=True)
class Event:
    """Tell one thing that happened to a run. `message` is a line for people.

    When a shard has been written, `step` and `shard` name it, `rows` came out, `failures` (rows) did not, it took
    `seconds` (s), and `done` of the step's `total` shards are there; otherwise these are empty.
    """

    message: str
    step: str = ""
    shard: str = ""
    rows: int = 0
    failures: int = 0
    seconds: float = 0.0
    done: int = 0
    total: int = 0


def run(
    *what: str | os.PathLike[str] | Manifest,
    run: str | os.PathLike[str] = "",
    settings: Mapping[str, Any] | Iterable[str] = (),
    prompts: str | os.PathLike[str] = "",
    answers_from: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    cpus: float | None = None,
    yes: bool = False,
    progress: Callable[[Event], None] | None = None,
) -> Result:
    """Take videos through every stage, or go on with a run.

    `what` is a manifest (a YAML file, the name of a shipped one, or a `Manifest`), then inputs: folders, files, globs,
    lists, `s3://…`, `gs://…`, `hf://…`; or inputs alone, or nothing for a run that is there. Without a manifest the
    embedded models do the work. `run` is the run folder, `asid-run` where none is named. `settings` change the
    manifest: `{"recipe.cut.max_seconds": 20}`, or lines `path=value`. `prompts` is a folder of prompts that come before
    the shipped ones. `answers_from` names runs, copies of them or copied folders of answers, which lend their stored
    answers and are only read; they are remembered. `cpus` are used on this machine; all of them by default. `yes` goes
    on although what was made so far becomes stale. `progress` is called in this thread with each `Event`.

    Raises UserError, with the run as it was, for what can be told before work begins: mistakes of the manifest, inputs
    or keys that are missing, settings that would make finished work stale. Rows that fail are no error, and neither is
    a stage that stops or a budget that is spent: `Result` says so, and the same call goes on.
    """
    target, before = named(list(what), os.fspath(run), changes(settings, prompts))
    lenders = [answers_from] if isinstance(answers_from, str | os.PathLike) else answers_from
    target.borrow([absolute(os.fspath(lender)) for lender in lenders])
    told = Callback(target, progress)
    check(target, before, yes, list(target.steps), said=told.said)
    return work(target, told, cpus=cpus)


def open_run(folder: str | os.PathLike[str]) -> RunView:
    """Open a run to look at it. Raises UserError where there is none, or one of another format."""
    from asid.pipeline.run.folder import Run

    return RunView(Run.open(folder))


class RunView:
    """Show what a run holds, read from its files whenever it is asked; nothing in them is changed."""

    def __init__(self, run: Run):
        self.run = run

    def __repr__(self) -> str:
        return f"asid.open({folder_of(self.run)!r})"

    @property
    def manifest(self) -> Manifest:
        """The manifest that is frozen into the run."""
        return self.run.manifest

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the recipe's steps, in order."""
        return tuple(self.run.steps)

    def rows(self, step: str) -> Iterator[Any]:
        """Yield all rows that a step gave, stale ones among them, as the type that this step gives. Raises UserError
        for a step that the recipe does not have."""
        known_step(self.run, step)
        return self.run.all_rows(step)

    def clips(self, dropped: bool = False) -> Iterator[Judged]:
        """Yield the finished clips that were kept and are up to date; with `dropped`, the others too. Raises UserError
        for a recipe that makes no dataset."""
        from asid.pipeline.run.completeness import finished_shards

        last = self.steps[-1]
        for shard in finished_shards(self.run, anyway=True):
            for clip in self.run.rows(last, shard):
                if clip.kept or dropped:
                    yield clip

    def failures(self, step: str = "") -> Iterator[Failure]:
        """Yield every row that did not make it through `step`, or through any. Raises UserError for a step that the
        recipe does not have."""
        if step:
            known_step(self.run, step)
        return self._failures([step] if step else self.steps)

    def _failures(self, steps: Sequence[str]) -> Iterator[Failure]:
        survey = self.run.survey()
        for name in steps:
            for shard in survey.names(name):
                yield from self.run.failures(name, shard)

    def status(self) -> list[StepStatus]:
        """Count for each step, in order, shards that are done, stale and pending, and rows that came out and failed."""
        from asid.pipeline.run import status

        return status.steps(self.run)

    def figures(self) -> Figures:
        """Count all that the report shows: clips, hours, languages, audits, spending. Reads every finished clip. Raises
        UserError for a recipe that makes no dataset."""
        from asid.pipeline import figures
        from asid.pipeline.run.completeness import finished_shards

        finished_shards(self.run, anyway=True)
        return figures.gather(self.run)


class Callback:
    """Give progress of the work on `run` to a function, as events."""

    def __init__(self, run: Run, tell: Callable[[Event], None] | None):
        self.run = run
        self.tell = tell or (lambda _: None)
        self.done: Counter[str] = Counter()
        self.total: Counter[str] = Counter()

    def started(self, survey: Survey, steps: Sequence[str]) -> None:
        """Count the shards that are there."""
        from asid.pipeline.run import status

        for found in status.steps(self.run, survey, kinds=False):
            self.done[found.name] = found.done
            self.total[found.name] = found.done + found.stale + found.pending

    def finished(self, done: Done) -> None:
        """Tell of a shard."""
        self.done[done.step] += 1
        counts = self.done[done.step], max(self.done[done.step], self.total[done.step])
        self.tell(Event(str(done), done.step, done.shard, done.mark.rows, done.failures, done.seconds, *counts))

    def said(self, message: str) -> None:
        """Tell a line."""
        self.tell(Event(message))


# --- what the commands are made of -------------------------------------------------------------------------------


def named(what: Sequence[Any], folder: str, changes: Sequence[str] = ()) -> tuple[Run, Run | None]:
    """Find the run that is meant by a manifest, inputs, both, or as a folder that is there; and the run that is there
    already, as it was frozen. Inputs alone are added to those of a run that is there."""
    from asid.pipeline.recipe.manifest import Manifest, ManifestError
    from asid.pipeline.run.folder import Run, RunError
    from asid.pipeline.run.revision import existing

    what = [entry if isinstance(entry, Manifest) else os.fspath(entry) for entry in what]
    if not folder and len(what) == 1 and not _is_manifest(what[0]) and Run.is_at(what[0]):
        folder, what = what[0], []
    folder = folder or USUAL
    before = existing(folder)
    if not what:
        return Run.open(folder, changes), before
    name, *inputs = what if _is_manifest(what[0]) else ["", *what]
    if misplaced := [word for word in inputs if _is_manifest(word)]:
        raise RunError(f"{misplaced[0]} looks like a manifest: a manifest comes first, before the inputs")
    given = [{"path": absolute(path)} for path in inputs]
    if name or before is None:
        chosen = _manifest(name or DEMO, changes)
        if given:
            chosen = Manifest.model_validate(chosen.model_dump() | {"inputs": given})
    else:
        chosen = Run.open(folder, changes).manifest
        there = [entry.model_dump() for entry in chosen.inputs]
        paths = {entry["path"] for entry in there}
        added = [entry for entry in given if entry["path"] not in paths]
        chosen = Manifest.model_validate(chosen.model_dump() | {"inputs": [*there, *added]})
    if not chosen.inputs:
        raise ManifestError([no_inputs(name if isinstance(name, str) else "the manifest", "run", folder)])
    return Run(folder, chosen), before


def check(
    target: Run,
    before: Run | None,
    yes: bool,
    steps: Sequence[str],
    again: bool = False,
    asks: bool = True,
    said: Callable[[str], None] = lambda _: None,
) -> None:
    """Say everything that can be said before work begins. Raises UserError; then the run folder is as it was. `again`:
    also what is done is worked; `asks`: models may be asked; `said` hears of what ingest wrote and is made again."""
    from asid.pipeline.rows import Video
    from asid.pipeline.run import chances
    from asid.pipeline.run.doctor import before_spending
    from asid.pipeline.run.folder import RunError
    from asid.pipeline.run.preflight import preflight
    from asid.pipeline.run.revision import agree_or_refuse

    if not issubclass(target.types(next(iter(target.steps)))[1], Video):
        raise RunError(f"{folder_of(target)} is a run of {target.manifest.title}: `asid eval` goes on with it")
    if before is not None:
        _restore(before, said)
    survey = target.survey()
    preflight(target, list(steps) if again else chances.due(target, survey, steps))
    agree_or_refuse(before, target, yes)
    if asks:
        before_spending(target, steps, again)


def _restore(before: Run, said: Callable[[str], None]) -> None:
    """Make again what ingest wrote, as the run was frozen, where it cannot be read: nothing can be said of a run
    without it."""
    from asid.pipeline.run import repair
    from asid.pipeline.run.lock import lock

    if lost := repair.lost(before):
        with lock(before.storage):
            repair.restore(before, lost, said)


def work(
    target: Run,
    progress: Progress,
    *,
    cpus: float | None = None,
    steps: Sequence[str] | None = None,
    force: bool = False,
    only: frozenset[str] | None = None,
    fresh: Fresh | None = None,
    replay_only: bool = False,
) -> Result:
    """Do the work of a run under its lock, and write its dataset. Raises RunError when somebody else works on it."""
    from asid.pipeline.dataset import parquet
    from asid.pipeline.run.folder import Fresh
    from asid.pipeline.run.lock import lock

    progress.said("loading Ray")
    from asid.pipeline.engine import Engine

    with lock(target.storage):
        target.freeze()
        engine = Engine(target, progress, cpus)
        result = engine.execute(steps, force=force, only=only, fresh=fresh or Fresh(), replay_only=replay_only)
        result.folder = folder_of(target)
        result.samples = parquet.write(target) if parquet.ends_judged(target) else None
    return result


def changes(settings: Mapping[str, Any] | Iterable[str], prompts: str | os.PathLike[str] = "") -> list[str]:
    """Give settings as lines `path=value`, the folder of prompts among them. Raises UserError without that folder."""
    from asid.pipeline.errors import UserError

    if prompts and not os.path.isdir(prompts):
        raise UserError(f"there is no folder {os.fspath(prompts)} of prompts")
    if isinstance(settings, str):
        settings = [settings]
    if isinstance(settings, Mapping):
        settings = [f"{path}={json.dumps(value)}" for path, value in settings.items()]
    return [*settings, *([f"prompts={os.path.abspath(prompts)}"] if prompts else [])]


def known_step(target: Run, name: str) -> None:
    """Raise RunError, with the nearest name, for a step that a run does not have."""
    from asid.pipeline.registry import nearest
    from asid.pipeline.run.folder import RunError

    if name not in target.steps:
        said = f"there is no step {name!r} in this run{nearest(name, target.steps)}"
        raise RunError(f"{said}\nit has {', '.join(target.steps)}")


def no_inputs(name: str, command: str, folder: str) -> str:
    """Say of a manifest that it has no inputs, with the lines that mend it."""
    return (
        f"{name}: `inputs` is empty, and none are given on the command line: write `inputs: [s3://bucket/videos]` into "
        f"it, or type: asid {command} {name} s3://bucket/videos --run {folder}"
    )


def folder_of(run: Run) -> str:
    """Give a run's folder as a user names it: a path, or an address."""
    return run.storage.root.removeprefix("file://")


def _manifest(what: str | Manifest, changes: Sequence[str]) -> Manifest:
    from asid.pipeline.recipe import manifest as manifests

    if isinstance(what, str):
        return manifests.load(what, changes)
    return manifests.parse(manifests.dump(what), "manifest", changes) if changes else what


def _is_manifest(what: Any) -> bool:
    return not isinstance(what, str) or is_manifest(what)


def is_manifest(what: str) -> bool:
    """Whether a word names a manifest: by how it ends."""
    return what.endswith((".yaml", ".yml"))


def absolute(path: str) -> str:
    """Give an address as it is, and a path from the root."""
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))

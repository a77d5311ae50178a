"""Commands that do the work of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asid.pipeline import manifest as manifests
from asid.pipeline.cli.common import Prompts, RunFolder, Settings, changes, empty, err, out
from asid.pipeline.lock import lock
from asid.pipeline.manifest import Manifest, ManifestError
from asid.pipeline.run import Fresh, Run, RunError
from asid.pipeline.storage import REMOTE

if TYPE_CHECKING:
    from asid.pipeline.engine import Result

OUT_OF_BUDGET = 3  # exit code

What = Annotated[list[str] | None, typer.Argument(help="A manifest (.yaml), inputs, or both")]
Cpus = Annotated[float | None, typer.Option("--cpus", help="CPUs to use on this machine; all of them by default")]


def run(
    what: What = None,
    folder: RunFolder = "asid-run",
    settings: Settings = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
) -> None:
    """Take videos through every stage, or go on with a run. Without a manifest: the embedded models."""
    _work(_target(what or [], folder, changes(settings, prompts)), cpus=cpus)


def estimate(
    what: Annotated[
        list[str] | None, typer.Argument(help="A manifest (.yaml), inputs, or both; or a run folder")
    ] = None,
    folder: RunFolder = "asid-run",
    sample: Annotated[int, typer.Option("--sample", min=1, help="Clips to try")] = 20,
    settings: Settings = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
) -> None:
    """Say what a run will cost, from some of its clips. They are paid for, and the run goes on from them."""
    from asid.pipeline import estimate as estimates
    from asid.pipeline.bill import print_estimate
    from asid.pipeline.doctor import before_spending
    from asid.pipeline.engine import Engine
    from asid.pipeline.show import Terminal
    from asid.pipeline.storage import Storage

    what = what or []
    if len(what) == 1 and not is_manifest(what[0]) and Storage(what[0]).exists("run:run.json"):
        folder = what.pop()
    target = _target(what, folder, changes(settings, prompts))
    before_spending(target, list(target.steps))
    with lock(target.storage):
        target.freeze()
        with Terminal(err, target) as progress:
            steps = estimates.preparing(target)
            _stopped(Engine(target, progress, cpus).execute(steps[:1]))
            _stopped(Engine(target, progress, cpus).execute(steps, within=estimates.chosen_shards(target)))
            tried = estimates.draw(target, sample)
            estimates.lend(target, tried)
        with Terminal(err, tried.run) as progress:
            result = Engine(tried.run, progress, cpus).execute(tried.steps)
        estimates.give_back(target, tried)
        _stopped(result)
        print_estimate(out, estimates.reckon(target, tried))


def submit(
    what: What = None,
    folder: Annotated[
        str, typer.Option("--run", help="Run folder that all nodes see: s3://…, gs://… or absolute")
    ] = "",
    settings: Settings = None,
    address: Annotated[str, typer.Option("--address", help="Of the dashboard; RAY_API_SERVER_ADDRESS by default")] = "",
    working_dir: Annotated[
        Path, typer.Option("--working-dir", help="Sent to the cluster: manifests, own stages")
    ] = Path(),
    wait: Annotated[bool, typer.Option(help="Read along until the job has ended, and exit as it does")] = True,
    check: Annotated[
        bool,
        typer.Option(help="Look here for what would end the job; not if only the cluster has a stage's packages"),
    ] = True,
) -> None:
    """Do `asid run` as a job of a Ray cluster. Submitted again, it goes on where it was."""
    from asid.pipeline.cli import submission
    from asid.pipeline.engine.jobs import Jobs

    if not folder.startswith(REMOTE) and not Path(folder).is_absolute():
        raise typer.BadParameter("name a run folder that all nodes see, s3://…, gs://… or absolute", param_hint="--run")
    what = list(what or [])
    if what and check:
        own = what.pop(0) if is_manifest(what[0]) else ""
        sent, notes = submission.check(own or "demo.yaml", what, folder, settings or [], working_dir)
        what = [sent, *what] if own else what
        for note in notes:
            err.print(note, markup=False)
    words = ["run", *what, "--run", folder]
    words += [word for setting in settings or [] for word in ("--set", setting)]
    jobs = Jobs(address)
    job = jobs.submit(words, working_dir)
    err.print(f"submitted as {job} to {jobs.address}", markup=False)
    if wait:
        raise typer.Exit(jobs.follow(job, lambda text: out.print(text, markup=False)))


def stage(
    name: Annotated[str, typer.Argument(help="The step to do, as `asid status` names it")],
    folder: RunFolder = "asid-run",
    clips: Annotated[str, typer.Option("--clips", help="Only these input rows: ids, with commas")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only the rows that failed")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also what is done, asking the models anew")] = False,
    attribute: Annotated[str, typer.Option("--attribute", help="Ask anew for this attribute alone")] = "",
    replay_only: Annotated[bool, typer.Option("--replay-only", help="Only stored answers: no call is made")] = False,
    prompts: Prompts = "",
    cpus: Cpus = None,
) -> None:
    """Do one step of a run. Steps after it become stale when its rows change; `asid run` does them."""
    target = Run.open(folder, changes(None, prompts))
    if name not in target.steps:
        raise RunError(f"the run has no step {name!r}; it has {', '.join(target.steps)}")
    only: frozenset[str] | None = frozenset(filter(None, clips.split(","))) or None
    if failed:
        footers = target.survey().footers
        ids = {id for (step, _), footer in footers.items() if step == name for id in footer.failed}
        only = frozenset(ids if only is None else ids & only)
        if not only:
            out.print(f"{name}: no row has failed")
            return
    fresh = Fresh(every=force or bool(clips), attribute=attribute)
    _work(target, steps=[name], cpus=cpus, only=only, fresh=fresh, replay_only=replay_only,
          force=force or bool(attribute) or replay_only)  # fmt: skip


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).absolute())


def is_manifest(what: str) -> bool:
    return what.endswith((".yaml", ".yml"))


def _target(what: list[str], folder: str, changes: list[str]) -> Run:
    """The run that a command line names: by a manifest, inputs, both, or as a folder that is there."""
    if not what:
        return Run.open(folder, changes)
    name, *inputs = what if is_manifest(what[0]) else ["demo.yaml", *what]
    chosen = manifests.load(name, changes)
    if inputs:
        given = chosen.model_dump() | {"inputs": [{"path": _absolute(path)} for path in inputs]}
        chosen = Manifest.model_validate(given)
    if not chosen.inputs:
        raise ManifestError([empty(name, "run", folder)])
    return Run(folder, chosen)


def _stopped(result: Result) -> None:
    """Say why work ended early, if it did, and exit."""
    for step, reason in result.stopped.items():
        err.print(f"stage {step} stopped: {reason}", markup=False)
    if result.out_of_budget:
        err.print(result.out_of_budget, markup=False)
    _leave(result)


def _leave(result: Result) -> None:
    """Exit with the code of work that ended early; go on after work that did not."""
    if result.out_of_budget:
        raise typer.Exit(OUT_OF_BUDGET)
    if result.stopped:
        raise typer.Exit(1)


def _work(target: Run, **how: Any) -> None:
    """Do the work under the run's lock, write the dataset, say how it ended, exit with its code."""
    from asid.pipeline import dataset
    from asid.pipeline.doctor import before_spending
    from asid.pipeline.engine import Engine
    from asid.pipeline.show import Terminal, print_end

    if not how.get("replay_only"):
        again = bool(how.get("force") or how.get("only"))
        before_spending(target, how.get("steps") or list(target.steps), again)
    with lock(target.storage):
        target.freeze()
        with Terminal(err, target) as progress:
            engine = Engine(target, progress, how.pop("cpus", None))
            result = engine.execute(how.pop("steps", None), **how)
        samples = dataset.write(target) if dataset.ends_judged(target) else 0
    print_end(out, target, result, samples)
    _leave(result)

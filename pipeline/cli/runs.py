"""Commands that do the work of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asid.pipeline import api
from asid.pipeline.cli.common import changes, complain, err, out, words_and_run
from asid.pipeline.cli.options import AnswersFrom, Models, Prompts, RunFolder, Settings, Yes

if TYPE_CHECKING:
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.progress import Result

OUT_OF_BUDGET = 3  # exit code

What = Annotated[list[str] | None, typer.Argument(help="A manifest (.yaml), inputs, or both; or a run folder")]
Cpus = Annotated[float | None, typer.Option("--cpus", help="CPUs to use on this machine; all of them by default")]


def _meant(
    what: list[str] | None, folder: str, changed: list[str], lenders: list[str] | None
) -> tuple[Run, Run | None]:
    """Give the run that a command means, with the runs that lend it answers, and the one that is there already."""
    target, before = api.named(what or [], folder, changed)
    target.borrow([api.absolute(lender) for lender in lenders or []])
    return target, before


def run(
    what: What = None,
    folder: RunFolder = "",
    settings: Settings = None,
    models: Models = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
    answers_from: AnswersFrom = None,
    yes: Yes = False,
) -> None:
    """Take videos through every stage, or go on with a run. Without a manifest: the embedded models."""
    target, before = _meant(what, folder, changes(settings, prompts, models), answers_from)
    _work(target, before, yes, cpus=cpus)


def estimate(
    what: What = None,
    folder: RunFolder = "",
    sample: Annotated[int, typer.Option("--sample", min=1, help="Clips to try")] = 20,
    settings: Settings = None,
    models: Models = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
    answers_from: AnswersFrom = None,
    yes: Yes = False,
) -> None:
    """Say what a run will cost, from some of its clips. They are paid for, and the run goes on from them."""
    from asid.pipeline.cli.bill import print_estimate
    from asid.pipeline.cli.show import Terminal
    from asid.pipeline.engine import Engine
    from asid.pipeline.run import estimate as estimates
    from asid.pipeline.run.lock import lock

    target, before = _meant(what, folder, changes(settings, prompts, models), answers_from)
    api.check(target, before, yes, list(target.steps), said=complain)
    steps = estimates.preparing(target)
    with _going_on(target), lock(target.storage):
        target.freeze()
        with Terminal(err(), target) as progress:
            _stopped(target, Engine(target, progress, cpus).execute(steps[:1]))
            _stopped(target, Engine(target, progress, cpus).execute(steps, within=estimates.chosen_shards(target)))
            tried = estimates.draw(target, sample)
            estimates.lend(target, tried)
        with Terminal(err(), tried.run) as progress:
            result = Engine(tried.run, progress, cpus).execute(tried.steps)
        estimates.give_back(target, tried)
        _stopped(target, result)
        print_estimate(out(), estimates.reckon(target, tried))


def submit(
    what: What = None,
    folder: Annotated[
        str, typer.Option("--run", help="Run folder that all nodes see: s3://…, gs://… or absolute")
    ] = "",
    settings: Settings = None,
    models: Models = None,
    address: Annotated[str, typer.Option("--address", help="Of the dashboard; RAY_API_SERVER_ADDRESS by default")] = "",
    working_dir: Annotated[
        Path, typer.Option("--working-dir", help="Sent to the cluster: manifests, own stages")
    ] = Path(),
    wait: Annotated[bool, typer.Option(help="Read along until the job has ended, and exit as it does")] = True,
    check: Annotated[
        bool,
        typer.Option(help="Look here for what would end the job; not if only the cluster has a stage's packages"),
    ] = True,
    yes: Yes = False,
) -> None:
    """Do `asid run` as a job of a Ray cluster. Submitted again, it goes on where it was."""
    from asid.pipeline.cli import submission
    from asid.pipeline.engine.jobs import Jobs
    from asid.pipeline.storage import REMOTE

    if not folder.startswith(REMOTE) and not Path(folder).is_absolute():
        raise typer.BadParameter("name a run folder that all nodes see, s3://…, gs://… or absolute", param_hint="--run")
    what, settings = list(what or []), changes(settings, "", models)
    if what and check:
        own = what.pop(0) if api.is_manifest(what[0]) else ""
        sent, notes = submission.check(own or api.DEMO, what, folder, settings, working_dir)
        what = [sent, *what] if own else what
        for note in notes:
            err().print(note, markup=False)
    words = ["run", *what, "--run", folder]
    words += [word for setting in settings for word in ("--set", setting)]
    words += ["--yes"] if yes else []
    jobs = Jobs(address)
    job = jobs.submit(words, working_dir)
    err().print(f"submitted as {job} to {jobs.address}", markup=False)
    if wait:
        raise typer.Exit(jobs.follow(job, lambda text: out().print(text, markup=False)))


def stage(
    words: Annotated[
        list[str], typer.Argument(metavar="NAME [RUN]", help="The step to do, as `asid status` names it, and the run")
    ],
    folder: RunFolder = "",
    clips: Annotated[str, typer.Option("--clips", help="Only these input rows: ids, with commas")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only the rows that failed")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also what is done, asking the models anew")] = False,
    attribute: Annotated[str, typer.Option("--attribute", help="Ask anew for this attribute alone")] = "",
    replay_only: Annotated[bool, typer.Option("--replay-only", help="Only stored answers: no call is made")] = False,
    prompts: Prompts = "",
    cpus: Cpus = None,
    answers_from: AnswersFrom = None,
    yes: Yes = False,
) -> None:
    """Do one step of a run. Steps after it become stale when its rows change; `asid run` does them."""
    from asid.pipeline.attributes import ATTRIBUTES
    from asid.pipeline.registry import nearest
    from asid.pipeline.run.folder import Fresh, Run, RunError

    folder, name = words_and_run(words, folder, ("NAME", "RUN"))
    before = Run.open(folder)
    target = Run.open(folder, changes(None, prompts))
    target.borrow([api.absolute(lender) for lender in answers_from or []])
    api.known_step(target, name)
    if attribute and attribute not in ATTRIBUTES:
        raise RunError(f"there is no attribute {attribute!r}{nearest(attribute, ATTRIBUTES)}")
    only: frozenset[str] | None = frozenset(filter(None, clips.split(","))) or None
    if failed:
        footers = target.survey().footers
        ids = {id for (step, _), footer in footers.items() if step == name for id in footer.failed}
        only = frozenset(ids if only is None else ids & only)
        if not only:
            out().print(f"{name}: no row has failed")
            return
    fresh = Fresh(every=force or bool(clips), attribute=attribute)
    _work(target, before, yes, steps=[name], cpus=cpus, only=only, fresh=fresh, replay_only=replay_only,
          force=force or bool(attribute) or replay_only)  # fmt: skip


def _stopped(target: Run, result: Result) -> None:
    """Say why work ended early, if it did, and how to go on, and exit."""
    for step, reason in result.stopped.items():
        err().print(f"stage {step} stopped: {reason}", markup=False)
    if result.out_of_budget:
        err().print(result.out_of_budget, markup=False)
    if result.stopped or result.out_of_budget:
        err().print(f"To go on: asid run --run {api.folder_of(target)}", markup=False)
    _leave(result)


def _leave(result: Result) -> None:
    """Exit with the code of work that ended early; go on after work that did not."""
    if result.out_of_budget:
        raise typer.Exit(OUT_OF_BUDGET)
    if result.stopped:
        raise typer.Exit(1)


@contextmanager
def _going_on(target: Run) -> Iterator[None]:
    """Say, when work is stopped, what is kept and how to go on, and exit with the signal's code."""
    from asid.pipeline import interrupts

    try:
        yield
    except KeyboardInterrupt:  # Ray raises a plain one in place of ours
        complain(f"\nstopped by {interrupts.name()}. What is finished is kept, and every answer that was paid for.")
        complain(f"To go on: asid run --run {api.folder_of(target)}")
        raise typer.Exit(interrupts.exit_code()) from None


def _work(target: Run, before: Run | None, yes: bool, **how: Any) -> None:
    """Do the work under the run's lock, write the dataset, say how it ended, exit with its code."""
    from asid.pipeline.cli import summary
    from asid.pipeline.cli.show import Terminal

    steps = how.get("steps") or list(target.steps)
    with _going_on(target):
        again = bool(how.get("force") or how.get("only"))
        api.check(target, before, yes, steps, again, asks=not how.get("replay_only"), said=complain)
        with Terminal(err(), target) as progress:
            result = api.work(target, progress, **how)
        ending = summary.summary(target, result)
        summary.print_summary(out(), ending)
        _leave(result)
        if steps == list(target.steps) and ending.is_empty:
            raise typer.Exit(1)


def trial(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="The changed manifest (.yaml)")],
    against: Annotated[str, typer.Option("--against", metavar="RUN", help="The run that it is held against")],
    clips: Annotated[int, typer.Option("--clips", min=1, help="Clips to try; always the same ones of a run")] = 50,
    settings: Settings = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
) -> None:
    """Try a changed manifest on some clips of a run, and compare. Only questions that are new are paid for."""
    from asid.pipeline.cli.show import Terminal
    from asid.pipeline.engine import Engine
    from asid.pipeline.recipe import manifest as manifests
    from asid.pipeline.run import trial as trials
    from asid.pipeline.run.diff import tally
    from asid.pipeline.run.doctor import before_spending
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.lock import lock

    base = Run.open(api.absolute(against))
    sample = trials.prepare(base, manifests.load(manifest, changes(settings, prompts)), clips)
    before_spending(sample.run, sample.steps)
    with _going_on(sample.run), lock(sample.run.storage), Terminal(err(), sample.run) as progress:
        result = Engine(sample.run, progress, cpus).execute(sample.steps)
    _stopped(sample.run, result)
    ids = frozenset(sample.home)
    for line in trials.table(trials.figures(base, ids), trials.figures(sample.run, ids)):
        out().print(line, markup=False)
    for line in tally(trials.changes(base, sample)):
        out().print(line, markup=False)

"""The `asid` command. Thin: parses, calls, prints.

Exit codes: 0 all done; 1 a stage was given up or too many rows failed; 2 wrong use; 3 the budget is reached;
130 interrupted. Whatever the code, the run folder can be taken up again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipeline import manifest as manifests
from pipeline.inputs import InputError
from pipeline.lock import lock
from pipeline.manifest import Manifest, ManifestError
from pipeline.prompts import PromptError
from pipeline.run import Fresh, Run, RunError
from pipeline.shards import ShardError
from pipeline.storage import REMOTE

if TYPE_CHECKING:
    from pipeline.engine import Result

OUT_OF_BUDGET = 3  # exit code

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
# Tables keep their columns where no terminal says how wide it is.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, soft_wrap=True, highlight=False)

RunFolder = Annotated[str, typer.Option("--run", help="Run folder: a path, s3://… or gs://…")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="path=value, such as recipe.cut.max_seconds=60")]
Prompts = Annotated[str, typer.Option("--prompts", help="Folder of prompts that come before the shipped ones")]
Cpus = Annotated[float | None, typer.Option("--cpus", help="CPUs to use on this machine; all of them by default")]


def is_manifest(what: str) -> bool:
    return what.endswith((".yaml", ".yml"))


@app.command()
def run(
    what: Annotated[
        list[str] | None, typer.Argument(help="A manifest (.yaml), inputs, or a manifest and inputs")
    ] = None,
    folder: RunFolder = "asid-run",
    settings: Settings = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
) -> None:
    """Take videos through every stage, or go on with a run. Without a manifest: the embedded models."""
    _work(_target(what or [], folder, _changes(settings, prompts)), cpus=cpus)


@app.command()
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
    from pipeline import estimate as estimates
    from pipeline.bill import print_estimate
    from pipeline.doctor import before_spending
    from pipeline.engine import Engine
    from pipeline.show import Terminal
    from pipeline.storage import Storage

    what = what or []
    if len(what) == 1 and not is_manifest(what[0]) and Storage(what[0]).exists("run:run.json"):
        folder = what.pop()
    target = _target(what, folder, _changes(settings, prompts))
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


@app.command()
def submit(
    what: Annotated[
        list[str] | None, typer.Argument(help="A manifest (.yaml) in the working directory, inputs, or both")
    ] = None,
    folder: Annotated[
        str, typer.Option("--run", help="Run folder that all nodes see: s3://…, gs://… or absolute")
    ] = "",
    settings: Settings = None,
    address: Annotated[str, typer.Option("--address", help="Of the dashboard; RAY_API_SERVER_ADDRESS by default")] = "",
    working_dir: Annotated[
        Path, typer.Option("--working-dir", help="Sent to the cluster: manifests, own stages")
    ] = Path(),
    wait: Annotated[bool, typer.Option(help="Read along until the job has ended, and exit as it does")] = True,
) -> None:
    """Do `asid run` as a job of a Ray cluster. Submitted again, it goes on where it was."""
    from pipeline.engine.jobs import Jobs

    if not folder.startswith(REMOTE) and not Path(folder).is_absolute():
        raise typer.BadParameter("name a run folder that all nodes see, s3://…, gs://… or absolute", param_hint="--run")
    words = ["run", *(what or []), "--run", folder]
    words += [word for setting in settings or [] for word in ("--set", setting)]
    jobs = Jobs(address)
    job = jobs.submit(words, working_dir)
    err.print(f"submitted as {job} to {jobs.address}", markup=False)
    if wait:
        raise typer.Exit(jobs.follow(job, lambda text: out.print(text, markup=False)))


@app.command()
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
    target = Run.open(folder, _changes(None, prompts))
    if name not in target.steps:
        raise RunError(f"the run has no step {name!r}; it has {', '.join(target.steps)}")
    only: frozenset[str] | None = frozenset(filter(None, clips.split(","))) or None
    if failed:
        ids = {id for _, footer in _footers(target, name) for id in footer.failed}
        only = frozenset(ids if only is None else ids & only)
        if not only:
            out.print(f"{name}: no row has failed")
            return
    fresh = Fresh(every=force or bool(clips), attribute=attribute)
    _work(target, steps=[name], cpus=cpus, only=only, fresh=fresh, replay_only=replay_only,
          force=force or bool(attribute) or replay_only)  # fmt: skip


@app.command()
def status(
    folder: Annotated[str, typer.Argument(help="Run folder")] = "asid-run",
    prompts: Prompts = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each step")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every few seconds until all is done")] = False,
    seconds: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between looks")] = 5.0,
) -> None:
    """What is done, stale, pending and failed, step by step, how fast it went, and what is left."""
    from pipeline import status as statuses
    from pipeline.models.spend import spent
    from pipeline.show import print_status
    from pipeline.show import watch as watching

    target = Run.open(folder, _changes(None, prompts))
    if watch:
        watching(out, target, seconds)
    paid = any(model.provider != "embedded" for model in target.manifest.models.values())
    spending = spent(target.storage, target.steps, target.manifest.models) if paid else []
    print_status(out, target, statuses.steps(target), spending, as_json)


@app.command()
def show(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    clip: Annotated[str, typer.Argument(help="Id of a clip or a video; a unique beginning of it is enough")],
) -> None:
    """Everything known of one clip, stage by stage, with what each stage changed in the caption."""
    from pipeline.show import print_clip

    print_clip(out, Run.open(folder), clip)


@app.command()
def failures(
    folder: Annotated[str, typer.Argument(help="Run folder")] = "asid-run",
    step: Annotated[str, typer.Option("--stage", help="Only of this step")] = "",
) -> None:
    """Every row that did not make it: where, why, and what it was."""
    from pipeline.show import print_failures

    print_failures(out, Run.open(folder), step)


@app.command()
def doctor(
    what: Annotated[str, typer.Argument(help="Manifest; the embedded one when none is named")] = "demo.yaml",
    settings: Settings = None,
) -> None:
    """Check this machine and a manifest before anything is spent: tools, packages, weights, keys, endpoints."""
    from pipeline.doctor import examine

    problems = 0
    for finding in examine(manifests.load(what, settings or [])):
        out.print(("ok   " if finding.good else "BAD  ") + finding.what, markup=False)
        if not finding.good:
            problems += 1
            out.print(f"     {finding.cure}", markup=False, highlight=False)
    if problems:
        raise typer.Exit(1)


@app.command()
def export(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    to: Annotated[str, typer.Option("--to", help="asid-1m, ms-swift, llama-factory, trl or webdataset")],
    target: Annotated[Path, typer.Option("--out", help="Folder to write")],
    media: Annotated[
        str, typer.Option("--media", help="How rows name videos: absolute, relative, or copy")
    ] = "absolute",
    items: Annotated[str, typer.Option("--items", help="Of all, single, subset attributes")] = "all,single",
    audio: Annotated[str, typer.Option("--audio", help="Sound in the video, or in a file of its own")] = "video",
    validation: Annotated[float, typer.Option("--validation", help="Share of the videos")] = 0.0,
    test: Annotated[float, typer.Option("--test", help="Share of the videos")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of splits and of the wording of prompts")] = 0,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also from a run that is not whole")] = False,
) -> None:
    """Write what a trainer reads. Clips of one video are in one split."""
    from pipeline import export as exports

    splits = exports.Splits(validation, test, seed)
    settings = exports.settings(splits, media, items.split(","), audio, unfinished)
    for name, count in exports.export(Run.open(folder), to, target, settings).items():
        out.print(f"{name}: {count}")


@app.command()
def publish(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    repo: Annotated[str, typer.Option("--repo", help="ORGANISATION/NAME on the Hub")],
    target: Annotated[str, typer.Option("--out", help="Folder to build in; RUN/publish by default")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the folder and stop")] = False,
    public: Annotated[bool, typer.Option("--public", help="A new repository is private otherwise")] = False,
    videos: Annotated[str, typer.Option("--videos", help="reference, embed or none")] = "reference",
    validation: Annotated[float, typer.Option("--validation", help="Share of the videos")] = 0.0,
    test: Annotated[float, typer.Option("--test", help="Share of the videos")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of splits and of the wording of prompts")] = 0,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also a run that is not whole")] = False,
) -> None:
    """Publish the dataset with its card on the Hub. The token comes from HF_TOKEN."""
    from pipeline import publish as publishing

    run = Run.open(folder)
    built = publishing.place(run, target)
    splits = publishing.Splits(validation, test, seed)
    for name, count in publishing.build(run, repo, built, publishing.settings(videos, splits, unfinished)).items():
        out.print(f"{name}: {count} rows")
    out.print(f"written to {built}" if dry_run else publishing.upload(built, repo, public))


@app.command()
def report(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    target: Annotated[Path, typer.Option("--out", help="HTML file to write")] = Path("report.html"),
) -> None:
    """Draw the run on one HTML page that needs nothing else."""
    from pipeline import report as reports
    from pipeline.finished import finished_shards

    opened = Run.open(folder)
    finished_shards(opened, anyway=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(reports.html(opened), "utf-8")
    out.print(f"wrote {target}")


@app.command("eval")
def evaluate(
    kind: Annotated[str, typer.Argument(help="shots, speech or captions")],
    folder: RunFolder,
    truth: Annotated[Path, typer.Option("--truth", help="Folder with NAME.truth.json, and NAME.rttm where it is")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each line")] = False,
) -> None:
    """Hold a run against truth."""
    from pipeline.evaluate import KINDS
    from pipeline.show import print_figures

    if kind not in KINDS:
        raise typer.BadParameter(f"{kind} is not one of {', '.join(KINDS)}")
    if not truth.is_dir():
        raise typer.BadParameter(f"there is no folder {truth}")
    print_figures(out, KINDS[kind](Run.open(folder), truth), as_json)


@app.command()
def review(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    sample: Annotated[int, typer.Option("--sample", help="Clips to look at")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample")] = 1,
    port: Annotated[int, typer.Option("--port", help="0: any free one")] = 0,
    result: Annotated[bool, typer.Option("--result", help="Say what the verdicts come to, and stop")] = False,
    save: Annotated[str, typer.Option("--save", help="Write corrected captions into this folder, and stop")] = "",
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also of a run that is not whole")] = False,
) -> None:
    """Judge a sample of clips beside their captions, on a page of this machine."""
    from pipeline import review as reviews

    opened = Run.open(folder)
    clips = reviews.open_sample(opened, sample, seed, unfinished)
    if save:
        rows, pairs = reviews.save(opened, clips, Path(save))
        out.print(f"{rows} corrected captions and {pairs} preference pairs in {save}")
    elif not result:
        reviews.serve(opened, clips, port, out.print)
    if result:
        for line in reviews.report(opened):
            out.print(line, markup=False)


@app.command()
def gc(
    folder: Annotated[str, typer.Argument(help="Run folder")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
) -> None:
    """Remove media that no row of the run speaks of, and what killed workers have left."""
    from pipeline.gc import orphans, remove

    target = Run.open(folder)
    with lock(target.storage):
        found = orphans(target)
        for orphan in found:
            out.print(f"{orphan.size:12,}  {orphan.uri}", markup=False)
        if not dry_run:
            remove(target, found)
    size = sum(orphan.size for orphan in found)
    out.print(f"{len(found)} files, {size:,} bytes{', nothing removed: a dry run' if dry_run else ' removed'}")


manifest_app = typer.Typer(no_args_is_help=True, help="Write or check a manifest.")
app.add_typer(manifest_app, name="manifest")


@manifest_app.command("new")
def manifest_new(
    target: Annotated[Path, typer.Argument(help="File to write")],
    recipe: Annotated[str, typer.Option("--like", help="Shipped manifest to begin from")] = "demo.yaml",
) -> None:
    """Write a manifest to begin from, with its comments."""
    from pipeline.prompts import shipped

    source = shipped("manifests") / recipe
    if not source.is_file():
        raise ManifestError([f"no shipped manifest {recipe!r}; there are {', '.join(_shipped())}"])
    if target.exists():
        raise typer.BadParameter(f"{target} is there already")
    target.write_text(source.read_text("utf-8"), "utf-8")
    out.print(f"wrote {target}: set `inputs`, then `asid doctor {target}` and `asid run {target} --run RUN`")


@manifest_app.command("check")
def manifest_check(file: Annotated[str, typer.Argument(help="Manifest")], settings: Settings = None) -> None:
    """Say every mistake of a manifest, with its line."""
    steps = manifests.load(file, settings or []).steps()
    out.print(f"{file} is right: {' → '.join(step.name for step in steps)}")


# --- helpers -----------------------------------------------------------------------------------------------------


def _changes(settings: list[str] | None, prompts: str) -> list[str]:
    return [*(settings or []), *([f"prompts={Path(prompts).resolve()}"] if prompts else [])]


def _shipped() -> list[str]:
    from pipeline.prompts import shipped

    return sorted(file.name for file in shipped("manifests").glob("*.yaml"))


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).absolute())


def _footers(target: Run, step: str) -> list[tuple[str, Any]]:
    return [(shard, footer) for (name, shard), footer in target.survey().footers.items() if name == step]


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
        raise ManifestError([f"{name}: `inputs` is empty, and none are given on the command line"])
    return Run(folder, chosen)


def _stopped(result: Result) -> None:
    """Exit as a run does whose work ended early."""
    for step, reason in result.stopped.items():
        err.print(f"stage {step} stopped: {reason}", markup=False)
    if result.out_of_budget:
        err.print(result.out_of_budget, markup=False)
        raise typer.Exit(OUT_OF_BUDGET)
    if result.stopped:
        raise typer.Exit(1)


def _work(target: Run, **how: Any) -> None:
    """Do the work under the run's lock, write the dataset, say how it ended, exit with its code."""
    from pipeline import dataset
    from pipeline.doctor import before_spending
    from pipeline.engine import Engine
    from pipeline.show import Terminal, print_end

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
    if result.out_of_budget:
        raise typer.Exit(OUT_OF_BUDGET)
    if result.stopped:
        raise typer.Exit(1)


def main() -> None:
    try:
        app()
    except ManifestError as error:
        for problem in error.problems:
            err.print(problem, markup=False)
        sys.exit(2)
    except (InputError, RunError, PromptError, ShardError) as error:
        err.print(str(error), markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("interrupted; what is done is kept: the same command goes on from here")
        sys.exit(130)


if __name__ == "__main__":
    main()

"""Commands that look at a run and change none of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asid.pipeline.cli.common import Prompts, RunFolder, Where, changes, out, run_named, words_and_run


def status(
    folder: Where = "",
    run: RunFolder = "",
    prompts: Prompts = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each step")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every few seconds until all is done")] = False,
    seconds: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between looks")] = 5.0,
) -> None:
    """What is done, stale, pending and failed, step by step, how fast it went, and what is left."""
    from asid.pipeline.cli.show import print_status
    from asid.pipeline.cli.show import watch as watching
    from asid.pipeline.models.layers.notices import waits
    from asid.pipeline.run import status as statuses
    from asid.pipeline.run.folder import Run

    target = Run.open(run_named(folder, run), changes(None, prompts))
    if watch:
        watching(out(), target, seconds)
    paid = any(model.provider != "embedded" for model in target.manifest.models.values())
    spending = []
    if paid:
        from asid.pipeline.models.spend import spent

        spending = spent(target.storage, target.steps, target.manifest.models)
    print_status(out(), target, statuses.steps(target), spending, as_json)
    for wait in [] if as_json else waits(target.storage):
        out().print(wait, markup=False)


def show(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[RUN] CLIP", help="Run folder, and the id of a clip or video or how it begins"),
    ],
    run: RunFolder = "",
) -> None:
    """Everything known of one clip, stage by stage, with what each stage changed in the caption."""
    from asid.pipeline.cli.show import print_clip
    from asid.pipeline.run.folder import Run

    folder, clip = words_and_run(words, run, ("RUN", "CLIP"))
    print_clip(out(), Run.open(folder), clip)


def failures(
    folder: Where = "",
    run: RunFolder = "",
    step: Annotated[str, typer.Option("--stage", help="Only of this step")] = "",
) -> None:
    """Every row that did not make it: where, why, and what it was."""
    from asid.pipeline.cli.runs import known_step
    from asid.pipeline.cli.show import print_failures
    from asid.pipeline.run.folder import Run

    target = Run.open(run_named(folder, run))
    if step:
        known_step(target, step)
    print_failures(out(), target, step)


def report(
    folder: Where = "",
    run: RunFolder = "",
    target: Annotated[Path, typer.Option("--out", help="HTML file to write")] = Path("report.html"),
) -> None:
    """Draw the run on one HTML page that needs nothing else."""
    from asid.pipeline import report as reports
    from asid.pipeline.run.completeness import finished_shards
    from asid.pipeline.run.folder import Run, RunError
    from asid.pipeline.run.preflight import writable_or_refuse

    opened = Run.open(run_named(folder, run))
    if target.is_dir():
        raise RunError(f"{target} is a folder: name the HTML file to write")
    writable_or_refuse(target.parent)
    finished_shards(opened, anyway=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(reports.html(opened), "utf-8")
    out().print(f"wrote {target}", markup=False)


def evaluate(
    words: Annotated[
        list[str], typer.Argument(metavar="KIND [RUN]", help="shots, speech or captions; and the run folder")
    ],
    truth: Annotated[Path, typer.Option("--truth", help="Folder with NAME.truth.json, and NAME.rttm where it is")],
    run: RunFolder = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each line")] = False,
) -> None:
    """Hold a run against truth."""
    from asid.pipeline.cli.show import print_figures
    from asid.pipeline.evaluation.truth import KINDS
    from asid.pipeline.recipe.mistakes import nearest
    from asid.pipeline.run.folder import Run

    folder, kind = words_and_run(words, run, ("KIND", "RUN"))
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind} is not one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
    if not truth.is_dir():
        raise typer.BadParameter(f"there is no folder {truth}")
    print_figures(out(), KINDS[kind](Run.open(folder), truth), as_json)


def review(
    folder: Where = "",
    run: RunFolder = "",
    sample: Annotated[int, typer.Option("--sample", help="Clips to look at")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample")] = 1,
    port: Annotated[int, typer.Option("--port", help="0: any free one")] = 0,
    result: Annotated[bool, typer.Option("--result", help="Say what the verdicts come to, and stop")] = False,
    save: Annotated[str, typer.Option("--save", help="Write corrected captions into this folder, and stop")] = "",
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also of a run that is not whole")] = False,
) -> None:
    """Judge a sample of clips beside their captions, on a page of this machine."""
    from asid.pipeline import review as reviews
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.preflight import writable_or_refuse

    opened = Run.open(run_named(folder, run))
    if save:
        writable_or_refuse(Path(save))
    clips = reviews.open_sample(opened, sample, seed, unfinished)
    if save:
        rows, pairs = reviews.save(opened, clips, Path(save))
        out().print(f"{rows} corrected captions and {pairs} preference pairs in {save}")
    elif not result:
        reviews.serve(opened, clips, port, out().print)
    if result:
        for line in reviews.report(opened):
            out().print(line, markup=False)

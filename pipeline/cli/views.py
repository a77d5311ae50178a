"""Commands that look at a run and change none of its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from asid.pipeline import api
from asid.pipeline.cli.common import changes, out, run_named, words_and_run
from asid.pipeline.cli.options import Prompts, RunFolder, Where


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
    paid = any(not model.is_rules for model in target.manifest.models.values())
    spending = []
    if paid:
        from asid.pipeline.models.spend import spent

        spending = spent(target.storage, target.steps, target.manifest.models)
    print_status(out(), target, statuses.steps(target), spending, as_json, waits(target.storage))


def show(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[RUN] CLIP", help="Run folder, and the id of a clip or video or how it begins"),
    ],
    run: RunFolder = "",
) -> None:
    """Everything known of one clip, stage by stage, with what each stage changed in the caption."""
    from asid.pipeline.cli.clip import print_clip
    from asid.pipeline.run.folder import Run

    folder, clip = words_and_run(words, run, ("RUN", "CLIP"))
    print_clip(out(), Run.open(folder), clip)


def failures(
    folder: Where = "",
    run: RunFolder = "",
    step: Annotated[str, typer.Option("--stage", help="Only of this step")] = "",
) -> None:
    """Every row that did not make it: where, why, and what it was."""
    from asid.pipeline.cli.show import print_failures

    print_failures(out(), api.open_run(run_named(folder, run)).failures(step))


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


def diff(
    one: Annotated[str, typer.Argument(metavar="RUN_A", help="The run before")],
    two: Annotated[str, typer.Argument(metavar="RUN_B", help="The run after, or a copy of the first made since")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each change")] = False,
) -> None:
    """What two runs differ in: clips that came, went or have another caption, where that comes from, and its price."""
    from asid.pipeline.run.diff import diff as differences
    from asid.pipeline.run.diff import tally
    from asid.pipeline.run.folder import Run

    changes = differences(Run.open(one), Run.open(two))
    if as_json:
        for change in changes:
            out().print(json.dumps(change.as_json(), ensure_ascii=False), markup=False)
        return
    for line in tally(changes):
        out().print(line, markup=False)


def sql(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN] [QUERY]", help="The run, and what to ask it")
    ] = None,
    folder: RunFolder = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each row")] = False,
) -> None:
    """Ask a run in SQL: a table for each step, dataset, failures and spend. Without a query: the tables there are."""
    from rich.table import Table
    from rich.text import Text

    from asid.pipeline.run import sql as sqls
    from asid.pipeline.run.folder import Run

    given = list(words or [])
    asked = given.pop() if given and (" " in given[-1].strip() or len(given) > 1) else ""
    target = Run.open(run_named(given[0] if given else "", folder))
    if not asked:
        for name, columns in sqls.described(target):
            out().print(f"{name}: {', '.join(columns)}", markup=False)
        return
    names, rows = sqls.query(target, asked)
    if as_json:
        for row in rows:
            out().print(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str), markup=False)
        return
    drawn = Table(*names, box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text("" if value is None else str(value)) for value in row))
    out().print(drawn)


def screen(folder: Where = "", run: RunFolder = "") -> None:
    """Say from which suspicion on the strong auditor must be asked, with what holds, and how to go on with it."""
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.screens import screen as screens

    where = run_named(folder, run)
    found = screens(Run.open(where))
    told = found.threshold
    out().print(f"{told.sample} audits by both, {told.faulty} of them with faults", markup=False)
    if found.alone:
        out().print(f"the screen was believed in {found.alone} of {found.all} audits", markup=False)
    if not told.is_useful:
        out().print(f"{told.why}: nothing can be saved, and everything is asked of both", markup=False)
        return
    out().print(
        f"below {told.value:g} the screen is believed: at least {told.bound:.1%} of the faults are still found, and "
        f"about {told.saved:.0%} of the strong auditor's calls are saved",
        markup=False,
    )
    out().print(
        f"to go on so: asid run --run {where} --set recipe.{found.step}.threshold={told.value:g} --yes", markup=False
    )

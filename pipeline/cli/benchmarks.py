"""`asid eval`: a run held against truth, and captions scored by judges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asid.pipeline.cli.common import changes, complain, err, out, words_and_run
from asid.pipeline.cli.options import Prompts, RunFolder, Settings, Yes
from asid.pipeline.text import plural

if TYPE_CHECKING:
    from asid.pipeline.evaluation.captioning import Written
    from asid.pipeline.evaluation.judged import BenchmarkFigures
    from asid.pipeline.evaluation.tables import Table

Cpus = Annotated[float | None, typer.Option("--cpus", help="CPUs to use on this machine; all of them by default")]
OUT_OF_BUDGET = 3  # exit code


def evaluate(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME [RUN]", help="shots, speech, captions; a judged benchmark; `list` for all; `table RUN…`"
        ),
    ],
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Of shots, speech, captions: folder with NAME.truth.json, NAME.rttm")
    ] = None,
    captions: Annotated[
        list[str] | None, typer.Option("--captions", help="To be scored: a file, a dataset folder, a run, or a model")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The benchmark's file, as published; or a run, for its list's columns")
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option("--judge", help="PROVIDER:MODEL, PROVIDER:MODEL@URL or FILE.yaml#NAME; of one step: STEP=MODEL"),
    ] = None,
    runs: Annotated[int | None, typer.Option("--runs", min=1, max=99, help="How often each case is judged")] = None,
    name: Annotated[str, typer.Option("--name", help="Of the captions, in the tables")] = "",
    annotator: Annotated[str, typer.Option("--annotator", help="Whose captions, of a run with several")] = "",
    videos: Annotated[
        Path | None, typer.Option("--videos", help="Folder of clips, for judges that look and models that caption")
    ] = None,
    prompt: Annotated[
        str,
        typer.Option("--prompt", help="For captions of a model", show_default="caption/general, or the data's prompts"),
    ] = "",
    retry: Annotated[str, typer.Option("--retry", help="Failures to ask about again: passing, all, none")] = "passing",
    budget: Annotated[float | None, typer.Option("--budget", min=0, help="USD that judging may cost")] = None,
    run: RunFolder = "",
    settings: Settings = None,
    prompts: Prompts = "",
    cpus: Cpus = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON, whole")] = False,
) -> None:
    """Hold a run against truth, or have captions judged against a benchmark. `asid eval list` says which there are."""
    from asid.pipeline.evaluation.benchmark import Benchmark
    from asid.pipeline.registry import METRICS

    if words == ["list"]:
        _list()
    elif words[0] == "table":
        _together(words[1:] or [run], as_json)
    elif truth is not None or not isinstance(METRICS.find(words[0]), Benchmark):
        _against_truth(words, run, truth, as_json)
    else:
        if len(words) > 1:
            run = run or words[1]
        asked = Asked(words[0], captions or [], data, judge or [], runs, name, annotator, videos, retry, budget, prompt)
        _judged(asked, run, changes(settings, prompts), cpus, as_json)


def caption(
    model: Annotated[str, typer.Argument(help="PROVIDER:MODEL, PROVIDER:MODEL@URL or FILE.yaml#NAME")],
    videos: Annotated[list[str], typer.Option("--videos", help="Folder, file, glob, list or address; may stand often")],
    prompt: Annotated[
        str,
        typer.Option("--prompt", help="A name under prompts/, a .txt file, or a .jsonl file with each video's prompts"),
    ] = "caption/general",
    target: Annotated[Path, typer.Option("--out", help="File of captions to write")] = Path("predictions.jsonl"),
    sees: Annotated[str, typer.Option("--sees", help="video (with its sound), audio, or both with a comma")] = "video",
    samples: Annotated[int, typer.Option("--samples", min=1, max=64, help="Captions of each video, seeded")] = 1,
    budget: Annotated[float | None, typer.Option("--budget", min=0, help="USD that captions may cost")] = None,
    run: Annotated[str, typer.Option("--run", help="Run folder", show_default="asid-captions")] = "asid-captions",
    settings: Settings = None,
    cpus: Cpus = None,
    yes: Yes = False,
) -> None:
    """Have one model caption whole videos, and write a file that `asid eval` scores. Done again, it goes on."""
    made = _caption(model, videos, prompt, target, sees, budget, run, settings or [], cpus, yes, samples)
    out().print(
        f"{plural(made.captions, 'caption')} in {target}" + (f", {made.failed} failed" if made.failed else ""),
        markup=False,
    )
    if not made.captions:
        complain(f"there is no caption: asid failures {run} says why")
        raise typer.Exit(1)


def _caption(
    model: str,
    videos: list[str],
    prompt: str,
    target: Path,
    sees: str,
    budget: float | None,
    folder: str,
    settings: list[str],
    cpus: float | None,
    yes: bool,
    samples: int = 1,
) -> Written:
    from asid.pipeline import api, interrupts
    from asid.pipeline.cli.show import Terminal
    from asid.pipeline.evaluation import captioning
    from asid.pipeline.evaluation.judged import to_retry
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.lock import lock
    from asid.pipeline.run.revision import existing

    paths = [api.absolute(path) for path in videos]
    made = captioning.manifest(
        model, paths, prompt, [word.strip() for word in sees.split(",")], settings, budget, samples
    )
    opened, before = Run(folder, made), existing(folder)
    api.check(opened, before, yes, list(opened.steps), said=complain)
    try:
        with lock(opened.storage), Terminal(err(), opened) as progress:
            from asid.pipeline.engine import Engine

            opened.freeze()
            for step in captioning.steps(opened):
                if again := to_retry(opened, step):
                    Engine(opened, progress, cpus).execute([step], only=again)
            result = Engine(opened, progress, cpus).execute()
    except KeyboardInterrupt:
        complain(f"\nstopped by {interrupts.name()}. Every answer that was paid for is kept: the same command goes on")
        raise typer.Exit(interrupts.exit_code()) from None
    _ended(result)
    return captioning.write(opened, target)


def _together(runs: list[str], as_json: bool) -> None:
    """Print the tables of the papers, one row for each system, from the figures of runs."""
    from asid.pipeline.evaluation import published

    if not any(runs):
        raise typer.BadParameter("name the runs whose figures are to stand together: asid eval table RUN RUN …")
    tables = published.tables([published.read(run) for run in runs])
    if as_json:
        out().print(json.dumps([table.plain() for table in tables], ensure_ascii=False), markup=False)
    else:
        _draw(tables)


def _list() -> None:
    from asid.pipeline.evaluation.benchmark import Benchmark
    from asid.pipeline.registry import METRICS

    for name in METRICS.names():
        found = METRICS.find(name)
        if isinstance(found, Benchmark):
            out().print(f"{name:10}  {found.about}", markup=False)
            out().print(f"{'':10}  --data: {found.data}", markup=False)
            out().print(f"{'':10}  judged in steps: {', '.join(found.steps)}", markup=False)
        else:
            said = (found.__doc__ or "").strip().partition("\n")[0]
            out().print(f"{name:10}  of a run, with --truth: {said}", markup=False)
    out().print(f"{'table':10}  runs of these side by side, as the papers print them: asid eval table RUN RUN …")


def _against_truth(words: list[str], run: str, truth: Path | None, as_json: bool) -> None:
    from asid.pipeline.cli.show import print_figures
    from asid.pipeline.evaluation.benchmark import Benchmark
    from asid.pipeline.registry import METRICS
    from asid.pipeline.run.folder import Run

    folder, kind = words_and_run(words, run, ("KIND", "RUN"))
    measure = METRICS.find(kind)
    if isinstance(measure, Benchmark):
        raise typer.BadParameter(f"{kind} is judged, and takes --captions, --data and --judge in place of --truth")
    if truth is None:
        raise typer.BadParameter("name the folder of truth with --truth")
    if not truth.is_dir():
        raise typer.BadParameter(f"there is no folder {truth}")
    print_figures(out(), measure(Run.open(folder), truth), as_json)


class Asked:
    """What a command line asks of a judged benchmark."""

    def __init__(
        self,
        benchmark: str,
        captions: list[str],
        data: Path | None,
        judges: list[str],
        runs: int | None,
        name: str,
        annotator: str,
        videos: Path | None,
        retry: str,
        budget: float | None,
        prompt: str,
    ):
        from asid.pipeline.evaluation.registry import find

        self.name, self.benchmark = benchmark, find(benchmark)
        if retry not in ("passing", "all", "none"):
            raise typer.BadParameter("--retry takes passing, all or none")
        self.captions, self.data, self.judges = captions, data, judges
        self.runs = runs or self.benchmark.runs
        self.system, self.annotator, self.videos, self.retry, self.budget = name, annotator, videos, retry, budget
        self.prompt = prompt


def _judged(asked: Asked, folder: str, settings: list[str], cpus: float | None, as_json: bool) -> None:
    from asid.pipeline import interrupts
    from asid.pipeline.cli.show import Terminal
    from asid.pipeline.evaluation import judged
    from asid.pipeline.evaluation.intake import DataIntake
    from asid.pipeline.evaluation.judges import models_of
    from asid.pipeline.evaluation.prepare import prepare
    from asid.pipeline.models.spec import is_model
    from asid.pipeline.run.doctor import before_spending
    from asid.pipeline.run.lock import lock
    from asid.pipeline.run.preflight import preflight

    folder = folder or f"asid-eval-{asked.name.rpartition(':')[2]}"
    intake = DataIntake()
    captions = [_of_model(word, asked, folder, cpus) if is_model(word) else word for word in asked.captions]
    clips = asked.videos if asked.benchmark.sees or captions == asked.captions else None
    prepared = prepare(asked.benchmark, asked.data, captions, asked.runs, intake, name=asked.system,
                       annotator=asked.annotator, videos=clips)  # fmt: skip
    models, judges = models_of(asked.judges, prepared.steps)
    run = judged.open_run(folder, judged.manifest(asked.name, asked.benchmark, models, judges, settings, asked.budget))
    preflight(run, prepared.steps)
    try:
        with lock(run.storage):
            run.freeze()
            judged.write_cases(run, prepared.cases, intake)
            if prepared.steps:
                before_spending(run, prepared.steps)
                with Terminal(err(), run) as progress:
                    result = judged.judge(run, progress, cpus, asked.retry)
                _ended(result)
            found = judged.figures(run, asked.benchmark, prepared.system, intake)
    except KeyboardInterrupt:
        complain(f"\nstopped by {interrupts.name()}. Every answer that was paid for is kept: the same command goes on")
        raise typer.Exit(interrupts.exit_code()) from None
    _print(found, as_json)
    if not found.scored:
        complain(f"nothing was scored: asid failures {folder} says why")
        raise typer.Exit(1)


def _of_model(spec: str, asked: Asked, folder: str, cpus: float | None) -> str:
    """The file of captions that a model writes for a benchmark's videos, beside the run that judges them."""
    import re

    if asked.videos is None:
        raise typer.BadParameter(f"name the videos that {spec} is to caption with --videos")
    name = re.sub(r"[^\w.-]+", "-", spec.partition("@")[0].partition(":")[2] or spec.rpartition("#")[2])
    target = Path(f"{folder}-captions") / f"{name}.jsonl"
    prompt = asked.prompt or (str(asked.data) if asked.benchmark.prompted and asked.data else "caption/general")
    _caption(spec, [str(asked.videos)], prompt, target, "video", asked.budget, f"{folder}-captions/{name}", [],
             cpus, False)  # fmt: skip
    return str(target)


def _ended(result: Any) -> None:
    """Leave where judging ended early: figures of a part of the cases would look like those of all."""
    if result.out_of_budget:
        complain(f"{result.out_of_budget}. Every answer is kept: the same command with more --budget goes on")
        raise typer.Exit(OUT_OF_BUDGET)
    for step, reason in result.stopped.items():
        complain(f"{step} stopped: {reason}")
    if result.stopped:
        raise typer.Exit(1)


def _print(found: BenchmarkFigures, as_json: bool) -> None:
    from rich.text import Text

    from asid.pipeline.evaluation.said import lines
    from asid.pipeline.text import safe

    if as_json:
        out().print(json.dumps(found.plain(), ensure_ascii=False), markup=False)
        return
    _draw(found.tables)
    for line in lines(found):
        out().print(Text(safe(line)))


def _draw(tables: Sequence[Table]) -> None:
    from rich.table import Table as Drawn
    from rich.text import Text

    from asid.pipeline.evaluation.tables import shown
    from asid.pipeline.text import safe

    for table in tables:
        out().print(Text(safe(table.title)))
        drawn = Drawn(box=None, pad_edge=False)
        for number, column in enumerate(table.columns):
            drawn.add_column(Text(safe(column)), justify="right" if number else "left", no_wrap=True)
        for row in table.rows:
            drawn.add_row(*(Text(safe(shown(cell, table.digits))) for cell in row))
        out().print(drawn)
        for note in table.notes:
            out().print(Text(safe(note)))
        out().print()

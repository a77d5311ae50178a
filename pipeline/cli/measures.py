"""Commands that measure a run's captions with an auditor of their own, and the auditor itself. They change no row."""

from __future__ import annotations

from typing import Annotated

import typer

from asid.pipeline.cli.common import out, run_named
from asid.pipeline.cli.options import RunFolder, Where
from asid.pipeline.text import plural

Auditor = Annotated[str, typer.Option("--model", help="Which of the manifest's models audits")]
Seed = Annotated[int, typer.Option("--seed", help="Of the sample")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object for each line")]


def audit(
    model: Auditor,
    folder: Where = "",
    run: RunFolder = "",
    at: Annotated[
        str, typer.Option("--at", help="Stages, with commas: draft, verified, refined, kept, or annotators")
    ] = "draft,verified,refined,kept",
    sample: Annotated[int, typer.Option("--sample", min=1, help="Clips drawn by chance")] = 100,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Measure how many captions of each stage are without error and without gaps, by one auditor for all."""
    from asid.pipeline.auditing import side
    from asid.pipeline.run.folder import Run

    opened = Run.open(run_named(folder, run))
    points = [point.strip() for point in at.split(",") if point.strip()]
    for found in side.audit(opened, model, points, sample, seed):
        if as_json:
            out().print(found.model_dump_json(), markup=False, soft_wrap=True)
            continue
        rates = ", ".join(
            f"{name} {one.value:.0%} ({one.low:.0%} to {one.high:.0%})"
            for name, one in (("No-Error", found.no_error), ("No-Missing", found.no_missing), ("Clean", found.clean))
        )
        told = [
            f"no answer for {found.failed}" if found.failed else "",
            f"{found.unheard} not audited: {found.model} hears nothing" if found.unheard else "",
            f"points of {found.partly} not audited: {found.model} hears nothing" if found.partly else "",
        ]
        line = f"{found.point}: {rates} of {plural(found.clean.trials, 'clip')}"
        out().print("; ".join([line, *filter(None, told)]), markup=False)


def power(
    model: Annotated[str, typer.Option("--model", help="Which of the manifest's models audits; rules: rules alone")],
    folder: Where = "",
    run: RunFolder = "",
    each: Annotated[int, typer.Option("--each", min=1, help="Plants of each kind")] = 40,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Plant errors and true rewordings in the run's own captions, and count what an auditor finds and objects to."""
    from asid.pipeline.auditing import side
    from asid.pipeline.run.folder import Run

    opened = Run.open(run_named(folder, run))
    for found in side.power(opened, model, each, seed):
        if as_json:
            out().print(found.model_dump_json(), markup=False, soft_wrap=True)
            continue
        what = "found" if found.fault else "falsely objected to"
        hit = found.hit
        failed = f"; no answer to {found.failed}" if found.failed else ""
        line = f"{found.kind}: {what} {hit.value:.0%} ({hit.low:.0%} to {hit.high:.0%}), {hit.count} of {hit.trials}"
        out().print(line + failed, markup=False)


def coverage(
    model: Annotated[str, typer.Option("--model", help="Which of the manifest's models sorts and groups")],
    folder: Where = "",
    run: RunFolder = "",
    sample: Annotated[int, typer.Option("--sample", min=1, help="Kept clips drawn by chance")] = 200,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Count what the captions tell: by attribute, point and group of phrases. The report draws it."""
    from asid.pipeline.auditing import side
    from asid.pipeline.run.folder import Run

    found = side.coverage(Run.open(run_named(folder, run)), model, sample, seed)
    for point in found.points:
        if as_json:
            out().print(point.model_dump_json(), markup=False, soft_wrap=True)
            continue
        largest = ", ".join(f"{name} {count}" for name, count in list(point.groups.items())[:5])
        share = f"{point.clips / found.clips:.0%} of {plural(found.clips, 'clip')}"
        out().print(f"{point.attribute}: {point.point}: {share}{f' ({largest})' if largest else ''}", markup=False)
    if found.failed and not as_json:
        out().print(f"no answer for {plural(found.failed, 'caption')}", markup=False)

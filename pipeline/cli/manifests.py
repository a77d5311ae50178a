"""Commands that write, check and examine a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asid.pipeline import manifest as manifests
from asid.pipeline.cli.common import Settings, out
from asid.pipeline.manifest import ManifestError


def doctor(
    what: Annotated[str, typer.Argument(help="Manifest; the embedded one when none is named")] = "demo.yaml",
    settings: Settings = None,
) -> None:
    """Check this machine and a manifest before anything is spent: tools, packages, weights, keys, endpoints."""
    from asid.pipeline.doctor import examine

    problems = 0
    for finding in examine(manifests.load(what, settings or [])):
        out.print(("ok   " if finding.good else "BAD  ") + finding.what, markup=False)
        if not finding.good:
            problems += 1
            out.print(f"     {finding.cure}", markup=False, highlight=False)
    if problems:
        raise typer.Exit(1)


def new(
    target: Annotated[Path, typer.Argument(help="File to write")],
    recipe: Annotated[str, typer.Option("--like", help="Shipped manifest to begin from")] = "demo.yaml",
) -> None:
    """Write a manifest to begin from, with its comments."""
    from asid.pipeline.prompts import shipped

    source = shipped("manifests") / recipe
    if not source.is_file():
        raise ManifestError([f"no shipped manifest {recipe!r}; there are {', '.join(_shipped())}"])
    if target.exists():
        raise typer.BadParameter(f"{target} is there already")
    target.write_text(source.read_text("utf-8"), "utf-8")
    out.print(f"wrote {target}: set `inputs`, then `asid doctor {target}` and `asid run {target} --run RUN`")


def check(file: Annotated[str, typer.Argument(help="Manifest")], settings: Settings = None) -> None:
    """Say every mistake of a manifest, with its line."""
    steps = manifests.load(file, settings or []).steps()
    out.print(f"{file} is right: {' → '.join(step.name for step in steps)}")


def _shipped() -> list[str]:
    from asid.pipeline.prompts import shipped

    return sorted(file.name for file in shipped("manifests").glob("*.yaml"))

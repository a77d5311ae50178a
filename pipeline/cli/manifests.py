"""Commands that write, check and examine a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asid.pipeline.cli.common import changes, out
from asid.pipeline.cli.options import Models, Settings

if TYPE_CHECKING:
    from asid.pipeline.prompts import Prompts as Wordings
    from asid.pipeline.recipe.manifest import Manifest


def doctor(
    what: Annotated[str, typer.Argument(help="Manifest, or run folder; the embedded one by default")] = "demo.yaml",
    settings: Settings = None,
    models: Models = None,
) -> None:
    """Check this machine and a manifest before anything is spent: tools, packages, weights, keys, endpoints."""
    from itertools import chain

    from asid.pipeline.run.doctor import examine, examine_run
    from asid.pipeline.run.folder import Run

    problems = 0
    is_run = not what.endswith((".yaml", ".yml")) and Run.is_at(what)
    for finding in chain(
        examine(_manifest(what, changes(settings, models=models))), examine_run(Run.open(what)) if is_run else ()
    ):
        out().print(("ok   " if finding.good else "BAD  ") + finding.what, markup=False)
        if not finding.good:
            problems += 1
            out().print(f"     {finding.cure}", markup=False, highlight=False)
    if problems:
        raise typer.Exit(1)


group = typer.Typer(no_args_is_help=True, help="Write or check a manifest.")


@group.command()
def new(
    target: Annotated[Path, typer.Argument(help="File to write")],
    recipe: Annotated[str, typer.Option("--like", help="Shipped manifest to begin from")] = "demo.yaml",
) -> None:
    """Write a manifest to begin from, with its comments."""
    from asid.pipeline.prompts import shipped
    from asid.pipeline.recipe.manifest import ManifestError
    from asid.pipeline.registry import nearest
    from asid.pipeline.run.preflight import writable_or_refuse

    source = shipped("manifests") / recipe
    if not source.is_file():
        known = sorted(file.name for file in shipped("manifests").glob("*.yaml"))
        raise ManifestError([f"no shipped manifest {recipe!r}{nearest(recipe, known)}"])
    if target.exists():
        raise typer.BadParameter(f"{target} is there already")
    writable_or_refuse(target.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(source.read_text("utf-8"), "utf-8")
    said = f"wrote {target}: set `inputs`, then `asid doctor {target}` and `asid run {target} --run RUN`"
    out().print(said, markup=False)


@group.command()
def check(
    file: Annotated[str, typer.Argument(help="Manifest")], settings: Settings = None, models: Models = None
) -> None:
    """Say every mistake of a manifest, with its line, and whether its inputs, models and prompts are there."""
    from asid.pipeline.recipe.manifest import ManifestError, load
    from asid.pipeline.run.doctor import lacks

    manifest = load(file, changes(settings, models=models))
    if found := list(lacks(manifest)):
        raise ManifestError([f"{file}: {problem}" for problem in found])
    out().print(f"{file} is right: {' → '.join(step.name for step in manifest.steps())}", markup=False)


def principles(
    file: Annotated[str, typer.Argument(help="Manifest whose `grade` has `aspects`, such as avc-dpo.yaml")],
    folder: Annotated[Path, typer.Argument(help="Folder to write them into, for --prompts")],
    settings: Settings = None,
    models: Models = None,
) -> None:
    """Have the model that will grade captions write the principles it grades by, one question for each aspect."""
    import asyncio

    from asid.pipeline.asking.principles import written
    from asid.pipeline.models.factory import open_model
    from asid.pipeline.models.layers.replay import AnswerStore, current_store
    from asid.pipeline.prompts import Prompts as Wordings
    from asid.pipeline.recipe.manifest import ManifestError, load
    from asid.pipeline.run.preflight import writable_or_refuse
    from asid.pipeline.storage import Storage

    manifest = load(file, changes(settings, models=models))
    prompts = Wordings(manifest.prompts or None)
    found = list(_principles(manifest, prompts))
    if not found:
        raise ManifestError([f"{file}: no step grades by `aspects` whose prompts have principles of their own"])
    if there := [part for part, _, _ in found if (folder / f"{part}.txt").exists()]:
        raise typer.BadParameter(f"{folder / there[0]}.txt is there already: name another folder")
    writable_or_refuse(folder)

    async def ask() -> dict[str, str]:
        texts = {}
        store = AnswerStore(Storage(folder), "run:answers", "principles")
        token = current_store.set(store)
        try:
            for part, name, question in found:
                model = open_model(name, manifest.models[name], Storage(Path.cwd()), stage="principles")
                try:
                    texts[part] = await written(model, name, question, prompts)
                finally:
                    await model.close()
        finally:
            await store.close()
            current_store.reset(token)
        return texts

    for part, text in asyncio.run(ask()).items():
        target = folder / f"{part}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        out().print(f"{target}\n{text}", markup=False)
    out().print(f"read them, then: asid run {file} --prompts {folder} --run RUN", markup=False)


def _principles(manifest: Manifest, prompts: Wordings) -> Iterator[tuple[str, str, str]]:
    """Give (the part of a prompt that is to be written, the model that grades by it, the question it is about)."""
    from asid.pipeline.asking.principles import PART

    steps = manifest.steps()
    asked = {getattr(step.config, "name", ""): getattr(step.config, "prompt", "") for step in steps}
    for step in steps:
        aspects = getattr(step.config, "aspects", None)  # of `prefer` it is a list of names
        for annotator, judged in aspects.items() if isinstance(aspects, dict) else ():
            for part in prompts.parts(judged):
                if part.startswith(PART):
                    yield part, step.config.model, prompts.text(asked[annotator])


def _manifest(what: str, settings: list[str]) -> Manifest:
    from asid.pipeline.recipe.manifest import load
    from asid.pipeline.run.folder import Run

    is_run = not what.endswith((".yaml", ".yml")) and Run.is_at(what)
    return Run.open(what, settings).manifest if is_run else load(what, settings)

"""`asid doctor`: what a manifest needs, looked for on this machine before anything is spent."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.inputs import InputError, list_inputs
from pipeline.manifest import Manifest, Step
from pipeline.media.process import MediaError, run
from pipeline.models.factory import check_model
from pipeline.prompts import PromptError, Prompts
from pipeline.stage import Stage
from pipeline.storage import Storage

ROOM = 2 << 30  # bytes free, below which a run will not go far


@dataclass(frozen=True)
class Finding:
    what: str
    cure: str = ""  # the line that mends it; "" when nothing is wrong

    @property
    def good(self) -> bool:
        return not self.cure


def examine(manifest: Manifest) -> Iterator[Finding]:
    """Everything that can be found out without spending, good and bad."""
    yield from _tools()
    yield from _room()
    yield from _inputs(manifest)
    prompts = Prompts(manifest.prompts or None)
    storage = Storage(Path.cwd())
    for step in manifest.steps():
        yield _prompts(step, prompts)
        yield from _needs(step, manifest)
    for name, config in manifest.models.items():
        problems = asyncio.run(check_model(config, storage))
        yield Finding(f"model {name} ({config.provider} {config.model})", "; ".join(problems))


def _inputs(manifest: Manifest) -> Iterator[Finding]:
    for entry in manifest.inputs:
        try:
            next(list_inputs([entry], Storage(Path.cwd())), None)
        except (InputError, OSError) as error:
            yield Finding(f"input {entry.path}", f"{error}: mend `inputs`")
        else:
            yield Finding(f"input {entry.path}")


def _tools() -> Iterator[Finding]:
    for tool in ("ffmpeg", "ffprobe"):
        try:
            first = run([tool, "-version"], timeout=20).decode("utf-8", "replace").split("\n", 1)[0]
            yield Finding(" ".join(first.split()[:3]))
        except MediaError as error:
            yield Finding(tool, str(error))


def _room() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    said = f"{free / 2**30:.1f} GiB free here"
    yield Finding(said, "" if free > ROOM else "free some disk, or put the run folder elsewhere with --run")


def _prompts(step: Step, prompts: Prompts) -> Finding:
    try:
        names = step.kind.prompts(step.config) if issubclass(step.kind, Stage) else []
        for name in names:
            prompts.text(name)
    except PromptError as error:
        return Finding(f"step {step.name}", str(error))
    return Finding(f"step {step.name}")


def _needs(step: Step, manifest: Manifest) -> Iterator[Finding]:
    """Packages and variables that the stage's settings call for, in this environment or in one of the step's own."""
    if not issubclass(step.kind, Stage):
        return
    own = manifest.environments.get(step.config.resources.env)
    for package, extra in step.kind.packages(step.config):
        if own:
            yield Finding(f"step {step.name}: {package} comes from the environment {step.config.resources.env!r}")
        elif importlib.util.find_spec(package) is None:
            cure = f"pip install 'asid-verify[{extra}]', or name an environment in `resources.env`"
            yield Finding(f"step {step.name} needs the package {package}", cure)
        else:
            yield Finding(f"step {step.name}: {package} is installed")
    for variable, why in step.kind.variables(step.config):
        yield Finding(
            f"step {step.name}: {variable}", "" if os.environ.get(variable) else f"export {variable}=…: {why}"
        )

"""`asid doctor`: what a manifest needs, looked for on this machine before anything is spent."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.media.process import MediaError, run
from asid.pipeline.models.config import Prices
from asid.pipeline.models.factory import check_model, unfit_media
from asid.pipeline.models.prices import prices_of
from asid.pipeline.prompts import PromptError, Prompts
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.recipe.steps import Step
from asid.pipeline.run import chances, repair, shards
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.preflight import input_problems, missing_tools, opens_media
from asid.pipeline.stage import Context, Stage
from asid.pipeline.storage import Storage
from asid.pipeline.text import plural

ROOM = 2 << 30  # bytes free, below which a run will not go far


@dataclass(frozen=True)
class Finding:
    """Hold one thing that was looked at."""

    what: str
    cure: str = ""  # the line that mends it; "" when nothing is wrong

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.cure


def examine(manifest: Manifest) -> Iterator[Finding]:
    """Everything that can be found out without spending, good and bad."""
    yield from _tools()
    yield from _room()
    yield from _inputs(manifest)
    prompts = Prompts(manifest.prompts or None)
    for step in manifest.steps():
        yield _prompts(step, prompts)
        yield from _needs(step, manifest)
    yield from check_models(manifest, manifest.models, manifest.steps())
    yield from _prices(manifest)


def check_models(manifest: Manifest, names: Iterable[str], steps: Sequence[Step]) -> Iterator[Finding]:
    """What can be known of models before they are paid: their settings, keys and endpoints, and whether they take what
    the steps show them."""
    whole_files = not any(getattr(step.config, "method", "") in ("copy", "virtual") for step in steps)
    for name in names:
        config = manifest.models[name]
        users = [step for step in steps if issubclass(step.kind, Stage) and name in step.kind.models(step.config)]
        sees = {sense for step in users for sense in getattr(step.config, "sees", ())}
        elsewhere = bool(users) and all(step.config.resources.env for step in users)
        problems = asyncio.run(check_model(config, Storage(Path.cwd()), elsewhere))
        problems += unfit_media(config, sees, whole_files)
        yield Finding(f"model {name} ({config.provider} {config.model})", "; ".join(problems))


def _prices(manifest: Manifest) -> Iterator[Finding]:
    """What each model that is paid for costs, and at which host. One without a price is wrong where a budget counts."""
    bounded = manifest.budget.usd is not None or any(getattr(one.config, "budget", None) for one in manifest.steps())
    for name, config in manifest.models.items():
        if config.is_rules:
            continue
        prices, where = prices_of(config), config.base_url or f"{config.provider}'s own address"
        if prices.known:
            told = (f"{value:g} {kind.replace('_', ' ')}" for kind in Prices.model_fields
                    if (value := getattr(prices, kind)) is not None)  # fmt: skip
            yield Finding(f"price of {name} at {where}: {', '.join(told)}; USD for a million tokens")
        else:
            cure = f"set models.{name}.prices.input and prices.output, in USD for a million tokens"
            unknown = f"price of {name} at {where}: unknown"
            yield Finding(unknown, cure) if bounded else Finding(f"{unknown}; an estimate would leave it out: {cure}")


def examine_run(run: Run) -> Iterator[Finding]:
    """Every shard of a run read against its checksums, and whether the media that its last rows name are there. What is
    damaged is made again by the next run, with no call for what was answered."""
    first = next(iter(run.steps))
    for step in run.steps:
        damaged = {**(repair.lost(run) if step == first else {}), **run.verify(step)}
        count = sum(1 for _ in run.shard_names(step))
        said = f"step {step}: {plural(count, 'shard')} read, {len(damaged)} damaged"
        yield Finding(said, "; ".join(damaged.values()))
    last = list(run.steps)[-1]
    if "uri" in run.types(last)[1].model_fields:
        there = sorted(set(run.shard_names(last)) - damaged.keys())
        uris = [
            row["uri"] for shard in there for row in shards.read_columns(run.storage, run.uri(last, shard), ["uri"])
        ]
        missing = [uri for uri in uris if not run.storage.exists(uri)]
        cure = f"such as {missing[:1]}: do the step that made them again (asid stage STEP --force)"
        yield Finding(f"media of {last}: {len(missing)} missing", cure if missing else "")


def lacks(manifest: Manifest) -> Iterator[str]:
    """What `asid run` would refuse the manifest for, one line each: inputs, tools, prompts, models."""
    steps = manifest.steps()
    if not manifest.inputs:
        yield "`inputs` is empty: name videos in it, or on the command line"
    yield from missing_tools(steps)
    yield from input_problems(manifest.inputs, Storage(Path.cwd()), all(map(opens_media, steps[:1])))
    prompts = Prompts(manifest.prompts or None)
    paid = [name for name, model in manifest.models.items() if not model.is_rules]
    for finding in (*(_prompts(step, prompts) for step in steps), *check_models(manifest, paid, steps)):
        if not finding.good:
            yield f"{finding.what}: {finding.cure}"


def before_spending(run: Run, steps: Sequence[str], again: bool = False) -> None:
    """Raises RunError when a model that is going to be asked cannot be, or a prompt does not fit its step: one line for
    each, with what mends it. `again`: also of steps that are done."""
    asked = {
        name: [model for model in step.kind.models(step.config) if not run.manifest.models[model].is_rules]
        for name in steps
        if issubclass((step := run.steps[name]).kind, Stage)
    }
    if not any(asked.values()):
        return
    asking = [name for name, models in asked.items() if models]
    due = asking if again else chances.due(run, run.survey(), asking)
    paid = dict.fromkeys(model for name in due for model in asked[name])
    findings = [_prompts(run.steps[name], run.prompts) for name in due]
    findings += check_models(run.manifest, paid, list(run.steps.values()))
    if found := [finding for finding in findings if not finding.good]:
        raise RunError("\n".join(f"{finding.what}: {finding.cure}" for finding in found))


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
    """Whether each prompt is there and has a place for what the stage, with these settings, puts into it."""
    try:
        if issubclass(step.kind, Stage):
            for name in step.kind.prompts(step.config):
                prompts.text(name)
            step.kind(step.config, Context(Storage(Path.cwd()), prompts, {})).check_prompts()
    except PromptError as error:
        return Finding(f"step {step.name}", str(error))
    return Finding(f"step {step.name}")


def _needs(step: Step, manifest: Manifest) -> Iterator[Finding]:
    """Packages and variables that the stage's settings call for, in this environment or in one of the step's own."""
    if not issubclass(step.kind, Stage):
        return
    own = manifest.environments.get(step.config.resources.env)
    for package, requirement in step.kind.packages(step.config):
        if own:
            yield Finding(f"step {step.name}: {package} comes from the environment {step.config.resources.env!r}")
        elif importlib.util.find_spec(package) is None:
            cure = f"name an environment that has {requirement!r} in `resources.env`, or install it here"
            yield Finding(f"step {step.name} needs the package {package}", cure)
        else:
            yield Finding(f"step {step.name}: {package} is installed")
    for variable, why in step.kind.variables(step.config):
        yield Finding(
            f"step {step.name}: {variable}", "" if os.environ.get(variable) else f"export {variable}=…: {why}"
        )

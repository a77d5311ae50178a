"""What is wrong with a manifest, said so that it can be mended: unknown keys with the nearest right one, models and
annotators that are not there, and stages that cannot work on what comes before them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from asid.pipeline.models import secrets
from asid.pipeline.recipe.steps import Step, find_stage, flow, settings_of, stage_name, steps_of
from asid.pipeline.registry import STAGES, UnknownName, nearest
from asid.pipeline.rows import Candidate, Captioned, Decision, Drafted, Refined, Row, Scored
from asid.pipeline.stage import Stage, StageConfig

FIRST = ("ingest", "cases")  # what a recipe can begin with: videos, or the cases of a benchmark
STEP_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,40}$")


def mistakes(values: dict[str, Any], manifest: type[BaseModel]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every mistake in the values of a YAML file, with the path of keys that leads to it. `manifest`: the model. What
    looks like a secret is not repeated."""
    for path, said in _mistakes(values, manifest):
        yield path, secrets.mask(said)


def _mistakes(values: dict[str, Any], manifest: type[BaseModel]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    try:
        manifest.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            yield tuple(detail["loc"]), _say(detail, manifest)
    models = values.get("models") or {}
    environments = values.get("environments") or {}
    seen: dict[str, int] = {}
    known = True  # all stages, with settings that can be
    recipe = values.get("recipe")
    for index, entry in enumerate(recipe if isinstance(recipe, list) else []):
        here: tuple[str | int, ...] = ("recipe", index)
        known, so_far = False, known
        if not isinstance(entry, dict) or "stage" not in entry:
            yield here, f"each recipe entry needs `stage`, one of {', '.join(STAGES.names())}"
            continue
        try:
            kind = find_stage(str(entry["stage"]))
        except UnknownName as error:
            yield (*here, "stage"), str(error)
            continue
        config_type: type[StageConfig] = kind.types()[-1]
        try:
            config = config_type.model_validate(settings_of(kind, entry))
        except ValidationError as error:
            for detail in error.errors():
                yield (*here, *detail["loc"]), _say(detail, config_type)
            continue
        known = so_far
        step = next(steps_of([entry])).name
        if not STEP_NAME.match(step):
            yield here, f"step name {step!r}: use lower-case letters, digits, - and _"
        if step in seen:
            yield here, f"two steps are called {step!r}: give one a `name`"
            known = False  # what reads which of them cannot be told
        seen[step] = index
        for model in kind.models(config) if issubclass(kind, Stage) else []:
            if model not in models:
                yield here, f"{step} names the model {model!r}, which `models` does not have{nearest(model, models)}"
        if config.resources.env and config.resources.env not in environments:
            yield here, f"{step} names the environment {config.resources.env!r}, which `environments` does not have"
    if isinstance(recipe, list) and recipe and isinstance(recipe[0], dict) and stage_name(recipe[0]) not in FIRST:
        yield ("recipe", 0), "the first stage must be `ingest`"
    elif isinstance(recipe, list) and recipe and known:
        steps = list(steps_of(recipe))
        yield from _misplaced(steps)
        yield from _unheard(steps)
        yield from _unrepeatable(steps)


def _misplaced(steps: Sequence[Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Steps that cannot work on the rows of the one before, or would lose what has been made of them."""
    rows = flow(steps)
    for step in steps:
        index = step.entry
        taken, given = rows[step.name]
        before = ", ".join(name for name in step.inputs if rows[name][1] is not Decision)
        if wanted := [kind for kind in step.kind.takes(step.config) if not issubclass(taken, kind)]:
            says = f"{step.name} works on {wanted[0].__name__} rows, and {before} before it gives {taken.__name__}"
            fitting = " or ".join(f"`{name}`" for name in STAGES.shipped if _leads(name, taken, wanted[0]))
            yield ("recipe", index), says + (f": put {fitting} between them" if fitting else "")
        elif issubclass(given, step.kind.types()[0]) and not issubclass(given, taken):
            yield ("recipe", index), f"{step.name} would lose what {before} has made: put it before {before}"
        elif step.kind.types()[0] is Captioned and issubclass(taken, (Drafted, Scored)):
            yield (
                ("recipe", index),
                f"{step.name} works on captions that {before} has used already: put it before {before}",
            )


def _leads(name: str, taken: type[Row], wanted: type[Row]) -> bool:
    """Whether the shipped stage of that name makes what is wanted of such rows, and loses nothing."""
    kind = find_stage(name)
    if not issubclass(taken, kind.types()[0]):
        return False
    given = Captioned if kind.types()[1] is Candidate else kind.gives(taken)  # captions side by side are joined
    return issubclass(given, wanted) and issubclass(given, taken)


def _unrepeatable(steps: Sequence[Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Steps with rounds that no step follows which mends what they find."""
    rows = flow(steps)
    for place, step in enumerate(steps):
        if getattr(step.config, "rounds", 1) > 1:
            after = steps[place + 1] if place + 1 < len(steps) else None
            if after is None or not issubclass(rows[after.name][1], Refined):
                said = f"{step.name} has `rounds`, and no step that refines comes next: put `refine` after it"
                yield ("recipe", step.entry, "rounds"), said


def _unheard(steps: Sequence[Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Steps that name an annotator whom the recipe does not have before them."""
    for place, step in enumerate(steps):
        before = [one.name.removeprefix("caption-") for one in steps[:place] if one.kind.name == "caption"]
        for name in step.kind.annotators(step.config) if not step.is_corpus_pass else ():
            if name not in before:
                said = f"{step.name} names the annotator {name!r}, which the recipe does not have before it"
                yield ("recipe", step.entry), said + nearest(name, before)


def _say(detail: ErrorDetails, model: type[BaseModel]) -> str:
    key = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return f"unknown key {key!r}{nearest(key, _keys(model, detail['loc'][:-1]))}"
    if detail["type"] == "missing":
        return f"{key!r} is missing"
    said = "a mapping is due here" if detail["type"] == "model_type" else detail["msg"]
    got = "" if detail["type"] == "secret" else secrets.shown(detail["input"], tuple(detail["loc"]))
    return f"{key}: {said}" + (f" (got {got!r})" if got else "")


def _keys(model: Any, path: Sequence[str | int]) -> list[str]:
    """The keys that the model at `path` knows."""
    for part in path:
        if isinstance(part, int) or not hasattr(model, "model_fields"):
            continue
        if part not in model.model_fields:
            continue
        model = _inner(model.model_fields[part].annotation)
    return list(getattr(model, "model_fields", {}))


def _inner(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _inner(argument)) is not None:
            return found
    return None

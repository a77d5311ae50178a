"""Which model judges, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from asid.pipeline.errors import UserError
from asid.pipeline.registry import PROVIDERS

FORM = "write it as PROVIDER:MODEL, PROVIDER:MODEL@http://host:port/v1, or FILE.yaml#NAME of a manifest's models"


class JudgeError(UserError):
    """A judge that the command line does not name in a way that can be read."""


def models_of(given: Sequence[str], steps: Iterable[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Models by name, and the name of each step's model. Each of `given` is one model for all steps, or STEP=MODEL.
    Raises JudgeError."""
    names = list(steps)
    models: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    for word in given:
        step, equals, spec = word.partition("=")
        one = bool(equals) and step in names
        name = f"judge-{step}" if one else "judge"
        if name in models:
            raise JudgeError(f"--judge names two models for {step if one else 'all steps'}: name one")
        models[name] = model_of(spec if one else word)
        chosen.update({step: name} if one else {each: name for each in names if each not in chosen})
    chosen = {step: chosen[step] for step in names if step in chosen}
    if missing := [step for step in names if step not in chosen]:
        raise JudgeError(f"name a judge with --judge MODEL ({', '.join(missing)} would have none): {FORM}")
    return models, chosen


def is_model(spec: str) -> bool:
    """Whether a word of the command line names a model, not a file."""
    file, mark, _ = spec.rpartition("#")
    provider, colon, _ = spec.partition(":")
    return bool(mark and file.endswith((".yaml", ".yml"))) or bool(colon and provider in PROVIDERS.names())


def model_of(spec: str) -> dict[str, Any]:
    """The settings of a model. Raises JudgeError."""
    file, mark, name = spec.rpartition("#")
    if mark and file.endswith((".yaml", ".yml")):
        return _of_file(Path(file), name)
    provider, colon, rest = spec.partition(":")
    if not colon or provider not in PROVIDERS.names():
        raise JudgeError(f"--judge {spec}: {FORM}; providers are {', '.join(PROVIDERS.names())}")
    model, _, address = rest.partition("@http")
    found: dict[str, Any] = {"provider": provider, "model": model}
    if address:
        found["base_url"] = f"http{address}"
    return found


def _of_file(file: Path, name: str) -> dict[str, Any]:
    try:
        values = YAML(typ="safe").load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise JudgeError(f"{file} cannot be read as YAML: {error}") from error
    models = values.get("models") if isinstance(values, Mapping) else None
    if not isinstance(models, Mapping) or not isinstance(models.get(name), Mapping):
        known = ", ".join(map(str, models)) if isinstance(models, Mapping) else "none"
        raise JudgeError(f"{file} has no model {name!r} under `models`; it has {known}")
    return dict(models[name])

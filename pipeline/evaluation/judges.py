"""Which model judges, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.models.spec import FORM, ModelSpecError
from asid.pipeline.models.spec import model_of as spec_of


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


def model_of(spec: str) -> dict[str, Any]:
    """Give the settings of a judge. Raises JudgeError."""
    try:
        return spec_of(spec)
    except ModelSpecError as error:
        raise JudgeError(f"--judge {error}") from error

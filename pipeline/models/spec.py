"""A model as the command line names it, in one word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from asid.pipeline.errors import UserError
from asid.pipeline.registry import PROVIDERS

FORM = "write it as PROVIDER:MODEL, PROVIDER:MODEL@http://host:port/v1, or FILE.yaml#NAME of a manifest's models"


class ModelSpecError(UserError):
    """A model that the command line does not name in a way that can be read."""


def is_model(spec: str) -> bool:
    """Whether a word of the command line names a model, not a file."""
    file, mark, _ = spec.rpartition("#")
    provider, colon, _ = spec.partition(":")
    return bool(mark and file.endswith((".yaml", ".yml"))) or bool(colon and provider in PROVIDERS.names())


def model_of(spec: str) -> dict[str, Any]:
    """Give the settings of a model. Raises ModelSpecError."""
    file, mark, name = spec.rpartition("#")
    if mark and file.endswith((".yaml", ".yml")):
        return _of_file(Path(file), name)
    provider, colon, rest = spec.partition(":")
    if not colon or provider not in PROVIDERS.names():
        raise ModelSpecError(f"{spec}: {FORM}; providers are {', '.join(PROVIDERS.names())}")
    model, _, address = rest.partition("@http")
    found: dict[str, Any] = {"provider": provider, "model": model}
    if address:
        found["base_url"] = f"http{address}"
    return found


def _of_file(file: Path, name: str) -> dict[str, Any]:
    try:
        values = YAML(typ="safe").load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ModelSpecError(f"{file} cannot be read as YAML: {error}") from error
    models = values.get("models") if isinstance(values, Mapping) else None
    if not isinstance(models, Mapping) or not isinstance(models.get(name), Mapping):
        known = ", ".join(map(str, models)) if isinstance(models, Mapping) else "none"
        raise ModelSpecError(f"{file} has no model {name!r} under `models`; it has {known}")
    return dict(models[name])

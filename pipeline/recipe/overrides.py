"""Changes to a manifest that a command line makes: `path=value`, and one's own model in the place of another."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from asid.pipeline.models import secrets
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.provider import find_provider
from asid.pipeline.models.spec import FORM, ModelSpecError, model_of
from asid.pipeline.recipe.steps import stage_name
from asid.pipeline.registry import nearest

SAMPLING = {"temperature", "max_tokens", "seed"}  # settings that every provider of language models has


def override(tree: Any, setting: str) -> str:
    """Apply one `path=value`; says what is wrong with it, or nothing."""
    path, equals, value = setting.partition("=")
    if not equals or not path:
        return f"--set {secrets.mask(path)}: write it as path=value, for example recipe.cut.max_seconds=60"
    *folders, last = path.split(".")
    place = tree
    for part in folders:
        inner = _child(place, part)
        if inner is None and isinstance(place, dict):
            inner = place[part] = {}
        if inner is None:
            return f"--set {path}: there is no {part!r} in the manifest{nearest(part, _names(place))}"
        place = inner
    if isinstance(place, list):
        return f"--set {path}: {last!r} names a list entry; go on to one of its settings"
    if not isinstance(place, dict):
        return f"--set {path}: {'.'.join(folders)} is a value, not a group of settings"
    try:
        given = YAML(typ="safe").load(value)
    except YAMLError:
        return f"--set {path}: its value is not YAML"
    if folders == ["models"] and isinstance(given, str):
        return _stand_in(tree, last, given)
    place[last] = given
    return ""


def _stand_in(tree: Any, name: str, spec: str) -> str:
    """Put a model that the command line names in one word in the place of the model `name`. Its steps ask for no GPU
    and no packages when its calls leave the worker; how it samples stays, and with the same provider all settings."""
    models = tree.get("models")
    if not isinstance(models, dict) or not isinstance(models.get(name), dict):
        return f"--model {name}: the manifest has no model {name!r}{nearest(name, models or ())}"
    before = models[name]
    try:
        given = model_of(spec)
        config = ModelConfig.model_validate({"model": before.get("model"), **given})
    except (ModelSpecError, ValidationError) as error:
        return f"--model {name}={error if isinstance(error, ModelSpecError) else f'{spec}: {FORM}'}"
    kept = set(before.get("settings") or {}) - {"engine"}
    kept &= kept if given["provider"] == before.get("provider") else SAMPLING
    settings = {key: value for key, value in (before.get("settings") or {}).items() if key in kept}
    models[name] = ({"settings": settings} if settings else {}) | given
    if find_provider(config.provider).is_remote(config) or config.is_rules:
        for entry in tree.get("recipe") or []:
            if isinstance(entry, dict) and entry.get("model") == name and isinstance(entry.get("resources"), dict):
                entry["resources"] = {"cpus": min(1, entry["resources"].get("cpus", 1))}
    return ""


def _names(place: Any) -> list[str]:
    """What `_child` finds in a list of recipe entries."""
    entries = [entry for entry in place if isinstance(entry, dict)] if isinstance(place, list) else []
    return [str(entry.get("name") or stage_name(entry)) for entry in entries]


def _child(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list):
        if part.isdecimal():
            return place[int(part)] if int(part) < len(place) else None
        entries = [entry for entry in place if isinstance(entry, dict)]
        return next((entry for entry in entries if part in (entry.get("name"), stage_name(entry))), None)
    return None

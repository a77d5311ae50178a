"""A manifest that builds on another: `extends: asid.yaml` and the lines that differ.

Mappings are laid over each other key by key, and null takes a key away; any other value replaces what was there. A
model that names its `provider` replaces the whole of the one before it. `recipe` may be a list, which replaces the
whole recipe, or a mapping from the name of a step to what differs: settings to lay over its own, null to leave it out,
or, with `stage` and `after` or `before`, a step that is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from asid.pipeline.prompts import shipped
from asid.pipeline.recipe.steps import find_stage, placed, stage_name
from asid.pipeline.registry import nearest
from asid.pipeline.rows import Candidate

PLACES = ("after", "before")


class Unextendable(Exception):
    """What is wrong with an extending manifest, and the path of keys that leads to it."""

    def __init__(self, path: Sequence[str | int], said: str):
        super().__init__(said)
        self.path = list(path)


def find(name: str, folder: Path | None) -> Path:
    """Find the file that `extends` names: beside the manifest, else a shipped one. Raises Unextendable."""
    given = Path(name).expanduser()
    if folder and (folder / given).is_file():
        return folder / given
    if given.parent == Path() and (shipped("manifests") / given).is_file():
        return shipped("manifests") / given
    names = sorted(entry.name for entry in shipped("manifests").glob("*.yaml"))
    raise Unextendable(["extends"], f"there is no manifest {name!r} to build on{nearest(name, names)}; shipped ones: "
                       f"{', '.join(names)}")  # fmt: skip


def lay(base: Mapping[str, Any], over: Any) -> CommentedMap:
    """The values of a manifest, `base`, with those of the one that extends it over them. Only what `over` says has
    lines. Raises Unextendable."""
    said = _without(over, ("extends", "recipe"))
    found: CommentedMap = _laid(base, said)
    models = said.get("models")
    for name, model in models.items() if isinstance(models, Mapping) else ():
        if isinstance(model, Mapping) and "provider" in model:
            found["models"][name] = model
    if "recipe" in over:
        recipe = over["recipe"]
        found["recipe"] = _recipe(base.get("recipe") or [], recipe) if isinstance(recipe, CommentedMap) else recipe
        found.lc.data["recipe"] = over.lc.data["recipe"]
    return found


def step_name(entry: Mapping[str, Any]) -> str:
    """What an extending manifest calls a recipe entry: its `name`, that of its model if it annotates without one, or
    that of its stage."""
    stage = stage_name(entry)
    annotates = bool(stage) and find_stage(stage).types()[1] is Candidate
    return str(entry.get("name") or (entry.get("model") if annotates else "") or stage)


def _recipe(base: Any, over: CommentedMap) -> CommentedSeq:
    if not isinstance(base, list) or not all(isinstance(entry, Mapping) for entry in base):
        raise Unextendable(["recipe"], "the recipe of what this extends is no list of stages: mend that file first")
    steps: list[tuple[str, Any, Any]] = [(step_name(entry), entry, None) for entry in base]  # name, entry, its line
    for name, said in over.items():
        at = next((index for index, step in enumerate(steps) if step[0] == name), None)
        line = over.lc.data[name]
        if at is not None and said is None:
            del steps[at]
        elif at is not None and isinstance(said, CommentedMap):
            if place := [key for key in PLACES if key in said]:
                raise Unextendable(["recipe", name, place[0]], f"{name} has its place already in what this extends")
            steps[at] = name, _laid(steps[at][1], said), line
        elif isinstance(said, CommentedMap) and "stage" in said:
            steps.insert(_place(name, said, [step[0] for step in steps]), (name, _new(name, said), line))
        else:
            raise Unextendable(["recipe", name], _unknown(name, [step[0] for step in steps]))
    found = CommentedSeq([entry for _, entry, _ in steps])
    for index, (_, _, line) in enumerate(steps):
        if line:
            found.lc.add_idx_line_col(index, [line[0], line[1]])
    return found


def _unknown(name: str, names: Sequence[str]) -> str:
    return (
        f"there is no step {name!r} in what this extends{nearest(name, names)}; it has {', '.join(names)}. "
        "For a new one give a mapping with `stage`, and `after` or `before`"
    )


def _place(name: str, said: Mapping[str, Any], names: Sequence[str]) -> int:
    given = [key for key in PLACES if key in said]
    if len(given) != 1:
        raise Unextendable(["recipe", name], f"say where {name} belongs, with `after: STEP` or `before: STEP`")
    (key,) = given
    if said[key] not in names:
        raise Unextendable(["recipe", name, key], f"there is no step {said[key]!r}{nearest(str(said[key]), names)}")
    return list(names).index(said[key]) + (key == "after")


def _new(name: str, said: CommentedMap) -> CommentedMap:
    entry = _without(said, PLACES)
    if step_name(entry) != name:
        entry["name"] = name
        entry.lc.data.setdefault("name", entry.lc.data["stage"])
    return entry


def _laid(base: Any, over: Any) -> Any:
    """`over` on `base`, with lines for what `over` says alone."""
    if not isinstance(over, CommentedMap) or not isinstance(base, Mapping):
        return over
    found = CommentedMap()
    found.lc.data = dict(over.lc.data or {})
    for key, value in base.items():
        if key not in over:
            found[key] = deepcopy(value)
        elif over[key] is not None:
            found[key] = _laid(value, over[key])
    for key in over:
        if key not in base and over[key] is not None:
            found[key] = over[key]
    return found


def _without(tree: Any, keys: Sequence[str]) -> CommentedMap:
    found = CommentedMap((key, value) for key, value in tree.items() if key not in keys)
    found.lc.data = dict(tree.lc.data or {})
    return found


def rooted(values: dict[str, Any], folder: Path, absolute: Callable[[str, Path], str]) -> dict[str, Any]:
    """The values of a manifest in `folder` with paths that hold anywhere."""
    found = dict(values)
    inputs = found.get("inputs")
    if isinstance(inputs, list):
        found["inputs"] = [
            absolute(entry, folder) if isinstance(entry, str)
            else entry | {"path": absolute(entry["path"], folder)}
            if isinstance(entry, dict) and isinstance(entry.get("path"), str)
            else entry
            for entry in inputs
        ]  # fmt: skip
    if found.get("prompts"):
        found["prompts"] = absolute(str(found["prompts"]), folder)
    if isinstance(found.get("recipe"), list):
        found["recipe"] = [
            placed(entry, lambda path: absolute(path, folder)) if isinstance(entry, dict) else entry
            for entry in found["recipe"]
        ]
    return found

"""The manifest: one YAML file that says what to read, what to do, with which models, for how much.

It becomes frozen pydantic, with unknown keys refused. All mistakes are told at once, each with its line and the nearest
right key, before any work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from asid.pipeline.errors import UserError
from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.models import secrets
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.prompts import shipped
from asid.pipeline.recipe import extending as extends
from asid.pipeline.recipe.mistakes import mistakes
from asid.pipeline.recipe.overrides import override
from asid.pipeline.recipe.steps import Step, placed, steps_of

LARGEST = 4 << 20  # bytes of a manifest


class ManifestError(UserError):
    """Everything wrong with a manifest, one line each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class Budget(BaseModel):
    """Say how much may be spent, in USD."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    usd: float | None = Field(None, gt=0, description="no new call starts above it")


class Environment(BaseModel):
    """Packages of its own for the workers of a stage, where pins fight each other: a Ray runtime_env."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    packages: tuple[str, ...]
    variables: dict[str, str] = {}


class Manifest(BaseModel):
    """What the YAML file may hold. `recipe` entries hold `stage`, an optional `name`, and that stage's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: int = Field(1, ge=1, le=1)
    title: str = ""
    inputs: tuple[InputConfig, ...] = ()
    recipe: tuple[dict[str, Any], ...] = Field(min_length=1)
    models: dict[str, ModelConfig] = {}
    environments: dict[str, Environment] = {}
    prompts: str = Field("", description="a folder whose prompts come before the shipped ones")
    budget: Budget = Budget()
    max_failure_rate: float = Field(0.25, ge=0, le=1)
    seed: int = 0
    rounds: tuple[dict[str, Any], ...] = Field((), description="what differs in each round of training: path: value")
    round: int = Field(1, ge=1, description="which of `rounds` this run is; each is a run of its own")

    def steps(self) -> list[Step]:
        return list(steps_of(self.recipe))


def load(path: str | Path, settings: Sequence[str] = ()) -> Manifest:
    """Read a manifest, or raise ManifestError with all its mistakes. A name without a folder may be a shipped one.

    Relative paths in it start at its own folder. `settings` are `path=value` overrides, such as
    `recipe.split.shots.detector=content` or `budget.usd=5`.
    """
    file = Path(path)
    if file.is_dir():
        raise ManifestError([f"{path} is a folder, not a manifest"])
    if not file.is_file():
        inside = shipped("manifests") / file.name
        if file.parent != Path() or not inside.is_file():
            names = ", ".join(sorted(entry.name for entry in shipped("manifests").glob("*.yaml")))
            raise ManifestError([f"there is no manifest {str(path)!r}; shipped ones: {names}"])
        file = inside
    folder = file.parent.absolute()
    manifest = parse(_text(file), file.name, settings, folder=folder)
    inputs = tuple(entry.model_copy(update={"path": _absolute(entry.path, folder)}) for entry in manifest.inputs)
    prompts = _absolute(manifest.prompts, folder) if manifest.prompts else ""
    recipe = tuple(placed(entry, lambda path: _absolute(path, folder)) for entry in manifest.recipe)
    return manifest.model_copy(update={"inputs": inputs, "prompts": prompts, "recipe": recipe})


def _absolute(path: str, folder: Path) -> str:
    return path if "://" in path else str(folder / Path(path).expanduser())


def _text(file: Path) -> str:
    """The text of a manifest. Raises ManifestError for one that cannot be read."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise ManifestError([f"{file}: {error.strerror}"]) from error
    if len(data) > LARGEST:
        raise ManifestError([f"{file} has more than {LARGEST >> 20} MiB: it is no manifest"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ManifestError(
            [f"{file.name}:{line}: not UTF-8 (byte {data[error.start]:#04x}): save it as UTF-8"]
        ) from error


def parse(
    text: str,
    name: str = "manifest",
    settings: Sequence[str] = (),
    frozen: bool = False,
    folder: Path | None = None,
) -> Manifest:
    """The manifest in a YAML text. `folder`: where it lies, and what it extends may lie. Raises ManifestError with all
    its mistakes, secrets among them unless it is `frozen` into a run already."""
    tree = _tree(text, name, folder)
    problems = [problem for setting in settings if (problem := override(tree, setting))]
    if not problems and not frozen and (laid := _of_round(tree)):
        problems = [problem for setting in (*laid, *settings) if (problem := override(tree, setting))]
    elif frozen and any(setting.startswith("round=") for setting in settings):
        problems.append("each round is a run of its own: name the manifest, --set round=N and a new --run folder")
    values = _plain(tree)
    found = sorted({(_line(tree, where), said) for where, said in mistakes(values, Manifest)})
    found += [] if frozen else sorted({(_line(tree, where), said) for where, said in secrets.found(values)})
    problems += [f"{name}:{line}: {said}" for line, said in found]
    if problems:
        raise ManifestError(problems) from None
    return Manifest.model_validate(values)


def _of_round(tree: Any) -> list[str]:
    """What this run's round has of its own, as `path=value`. Raises ManifestError for one that is not there."""
    rounds, number = tree.get("rounds") or [], tree.get("round", 1)
    if not isinstance(rounds, list) or not isinstance(number, int) or not all(isinstance(one, dict) for one in rounds):
        return []  # told as a mistake of the manifest
    if number != 1 and number > len(rounds):
        raise ManifestError([f"round: there is no round {number}: the manifest has {len(rounds)} `rounds`"])
    own = rounds[number - 1] if rounds and number >= 1 else {}
    return [f"{path}={json.dumps(_plain(value))}" for path, value in own.items()]


def _tree(text: str, name: str, folder: Path | None, extending: tuple[Path, ...] = ()) -> Any:
    """The YAML of a manifest, with that of the one it extends under it. `extending`: the files that led here."""
    try:
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        said = str(getattr(error, "problem", None) or type(error).__name__).partition(" with value")[0]
        raise ManifestError([f"{where}: not YAML: {secrets.mask(said)}"]) from None
    if not isinstance(tree, dict):
        raise ManifestError([f"{name}:1: a manifest is a mapping with `inputs` and `recipe`"])
    if "extends" not in tree:
        return tree
    try:
        file = extends.find(str(tree["extends"]), folder).absolute()
        if file in extending:
            raise extends.Unextendable(["extends"], f"{file.name} extends itself by way of this")
        base = _plain(_tree(_text(file), file.name, file.parent, (*extending, file)))
        if file.parent != folder:
            base = extends.rooted(base, file.parent, _absolute)
        return extends.lay(base, tree)
    except extends.Unextendable as error:
        raise ManifestError([f"{name}:{_line(tree, error.path)}: {error}"]) from None


def dump(manifest: Manifest) -> str:
    """The manifest as YAML, for freezing into the run."""
    from io import StringIO

    sink = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(_plain(manifest.model_dump(mode="json", exclude_defaults=True) | {"version": manifest.version}), sink)
    return sink.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _line(tree: Any, path: Sequence[str | int]) -> int:
    """The line of the deepest key on the path that the file has."""
    line, place = 1, tree
    for part in path:
        try:
            position = place.lc.data[part]
            line = position[0] + 1
            place = place[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line

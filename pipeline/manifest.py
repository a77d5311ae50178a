"""The manifest: one YAML file that says what to read, what to do, with which models, for how much.

It becomes frozen pydantic, with unknown keys refused. All mistakes are told at once, each with its line and the nearest
right key, before any work.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import stages
from pipeline.inputs import InputConfig
from pipeline.models.config import ModelConfig
from pipeline.prompts import shipped
from pipeline.rows import Candidate, Captioned, Decision, Row
from pipeline.stage import CorpusPass, Stage, StageConfig

StageKind = type[Stage[Any, Any, Any]] | type[CorpusPass[Any, Any]]
STEP_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,40}$")


class ManifestError(Exception):
    """Everything wrong with a manifest, one line each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class Budget(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: float | None = Field(None, gt=0, description="no new call starts above it")


class Environment(BaseModel):
    """Packages of its own for the workers of a stage, where pins fight each other: a Ray runtime_env."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    packages: tuple[str, ...]
    variables: dict[str, str] = {}


class Manifest(BaseModel):
    """What the YAML file may hold. `recipe` entries hold `stage`, an optional `name`, and that stage's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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

    def steps(self) -> list[Step]:
        return list(_steps(self.recipe))


@dataclass(frozen=True)
class Step:
    """One entry of the recipe: a stage with its settings, under a name that is its folder. `inputs` are the names of
    the steps it reads; more than one for a stage that joins annotators, or reads a corpus pass's decisions."""

    name: str
    kind: Any  # a StageKind
    config: Any  # a StageConfig, of that stage
    inputs: tuple[str, ...]

    def __hash__(self) -> int:
        return hash(self.name)  # settings may hold dicts

    @property
    def is_corpus_pass(self) -> bool:
        return issubclass(self.kind, CorpusPass)


def find_stage(name: str) -> StageKind:
    """A shipped stage by its name, or any stage as `module:Class`."""
    if ":" in name:
        module, _, attribute = name.partition(":")
        kind = getattr(importlib.import_module(module), attribute)
        if not (isinstance(kind, type) and issubclass(kind, (Stage, CorpusPass))):
            raise TypeError(f"{name} is not a Stage")
        return kind
    return stages.load(name)


def _settings(kind: StageKind, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The stage's own settings in a recipe entry. An annotator's `name` is one of them."""
    own = {"stage"} if "name" in kind.types()[-1].model_fields else {"stage", "name"}
    return {key: value for key, value in entry.items() if key not in own}


def _steps(recipe: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """The recipe with what each step reads. Neighbouring `caption` steps are annotators side by side: all read the step
    before the first of them, and the step after the last joins them. A corpus pass reads the step before it, and so
    does the step after it, together with the pass's decisions."""
    trunk: tuple[str, ...] = ()  # what the next step on the main line reads
    beside: list[str] = []  # annotators and corpus passes standing beside the trunk
    for entry in recipe:
        kind = find_stage(entry["stage"])
        config: Any = kind.types()[-1].model_validate(_settings(kind, entry))
        name = entry.get("name") or kind.name
        if kind.name == "caption":
            name = f"caption-{config.name or config.model}"
            yield Step(name, kind, config, trunk)
            beside.append(name)
        elif issubclass(kind, CorpusPass):
            yield Step(name, kind, config, trunk)
            beside.append(name)
        else:
            yield Step(name, kind, config, (*trunk, *beside))
            trunk, beside = (name,), []


def flow(steps: Iterable[Step]) -> dict[str, tuple[type[Row], type[Row]]]:
    """Step -> the rows it takes and the rows it gives, in this recipe."""
    found: dict[str, tuple[type[Row], type[Row]]] = {}
    for step in steps:
        taken = found[step.inputs[0]][1] if step.inputs else step.kind.types()[0]
        if any(found[name][1] is Candidate for name in step.inputs[1:]):
            taken = Captioned
        found[step.name] = taken, step.kind.gives(taken)
    return found


def load(path: str | Path, settings: Sequence[str] = ()) -> Manifest:
    """Read a manifest, or raise ManifestError with all its mistakes. A name without a folder may be a shipped one.

    Relative paths in it start at its own folder. `settings` are `path=value` overrides, such as
    `recipe.split.shots.detector=content` or `budget.usd=5`.
    """
    file = Path(path)
    if not file.is_file():
        inside = shipped("manifests") / file.name
        if file.parent != Path() or not inside.is_file():
            names = ", ".join(sorted(entry.name for entry in shipped("manifests").glob("*.yaml")))
            raise ManifestError([f"there is no manifest {str(path)!r}; shipped ones: {names}"])
        file = inside
    manifest = parse(file.read_text("utf-8"), file.name, settings)
    folder = file.parent.absolute()
    inputs = tuple(
        entry if "://" in entry.path else entry.model_copy(update={"path": str(folder / Path(entry.path).expanduser())})
        for entry in manifest.inputs
    )
    prompts = str(folder / Path(manifest.prompts).expanduser()) if manifest.prompts else ""
    return manifest.model_copy(update={"inputs": inputs, "prompts": prompts})


def parse(text: str, name: str = "manifest", settings: Sequence[str] = ()) -> Manifest:
    try:
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise ManifestError([f"{where}: not YAML: {getattr(error, 'problem', None) or error}"]) from error
    if not isinstance(tree, dict):
        raise ManifestError([f"{name}:1: a manifest is a mapping with `inputs` and `recipe`"])
    problems = [problem for setting in settings if (problem := _override(tree, setting))]
    values = _plain(tree)
    found = sorted((_line(tree, where), said) for where, said in _mistakes(values))
    problems += [f"{name}:{line}: {said}" for line, said in found]
    if problems:
        raise ManifestError(problems)
    return Manifest.model_validate(values)


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


# --- overrides ---------------------------------------------------------------------------------------------------


def _override(tree: Any, setting: str) -> str:
    """Apply one `path=value`; says what is wrong with it, or nothing."""
    path, equals, value = setting.partition("=")
    if not equals or not path:
        return f"--set {setting}: write it as path=value, for example recipe.cut.max_seconds=60"
    *folders, last = path.split(".")
    place = tree
    for part in folders:
        inner = _child(place, part)
        if inner is None and isinstance(place, dict):
            inner = place[part] = {}
        if inner is None:
            return f"--set {setting}: there is no {part!r} in the manifest"
        place = inner
    if isinstance(place, list):
        return f"--set {setting}: {last!r} names a list entry; go on to one of its settings"
    place[last] = YAML(typ="safe").load(value)
    return ""


def _child(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list):
        if part.isdigit():
            return place[int(part)] if int(part) < len(place) else None
        entries = [entry for entry in place if isinstance(entry, dict)]
        return next((entry for entry in entries if part in (entry.get("name"), _stage_name(entry))), None)
    return None


def _stage_name(entry: Mapping[str, Any]) -> str:
    try:
        return find_stage(str(entry.get("stage"))).name
    except (KeyError, ImportError, AttributeError, TypeError):
        return ""  # told as a mistake of its own


# --- mistakes ----------------------------------------------------------------------------------------------------


def _mistakes(values: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every mistake with the path of keys that leads to it."""
    try:
        Manifest.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            yield tuple(detail["loc"]), _say(detail, Manifest)
    models = values.get("models") or {}
    environments = values.get("environments") or {}
    seen: dict[str, int] = {}
    known = True  # all stages, with settings that can be
    recipe = values.get("recipe")
    for index, entry in enumerate(recipe if isinstance(recipe, list) else []):
        here: tuple[str | int, ...] = ("recipe", index)
        known, so_far = False, known
        if not isinstance(entry, dict) or "stage" not in entry:
            yield here, f"each recipe entry needs `stage`, one of {', '.join(stages.names())}"
            continue
        try:
            kind = find_stage(str(entry["stage"]))
        except KeyError:
            yield (*here, "stage"), f"no stage {entry['stage']!r}{_nearest(str(entry['stage']), stages.names())}"
            continue
        except (ImportError, AttributeError, TypeError) as error:
            yield (*here, "stage"), f"cannot load stage {entry['stage']!r}: {error}"
            continue
        config_type: type[StageConfig] = kind.types()[-1]
        try:
            config = config_type.model_validate(_settings(kind, entry))
        except ValidationError as error:
            for detail in error.errors():
                yield (*here, *detail["loc"]), _say(detail, config_type)
            continue
        known = so_far
        step = next(_steps([entry])).name
        if not STEP_NAME.match(step):
            yield here, f"step name {step!r}: use lower-case letters, digits, - and _"
        if step in seen:
            yield here, f"two steps are called {step!r}: give one a `name`"
        seen[step] = index
        for model in kind.models(config) if issubclass(kind, Stage) else []:
            if model not in models:
                yield here, f"{step} names the model {model!r}, which `models` does not have{_nearest(model, models)}"
        if config.resources.env and config.resources.env not in environments:
            yield here, f"{step} names the environment {config.resources.env!r}, which `environments` does not have"
    if isinstance(recipe, list) and recipe and isinstance(recipe[0], dict) and _stage_name(recipe[0]) != "ingest":
        yield ("recipe", 0), "the first stage must be `ingest`"
    elif isinstance(recipe, list) and recipe and known:
        steps = list(_steps(recipe))
        yield from _misplaced(steps)
        yield from _unheard(steps)


def _misplaced(steps: Sequence[Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Steps that cannot work on the rows of the one before, or would lose what has been made of them."""
    rows = flow(steps)
    for index, step in enumerate(steps):
        taken, given = rows[step.name]
        before = ", ".join(name for name in step.inputs if rows[name][1] is not Decision)
        if wanted := [kind for kind in step.kind.takes(step.config) if not issubclass(taken, kind)]:
            says = f"{step.name} works on {wanted[0].__name__} rows, and {before} before it gives {taken.__name__}"
            made = Candidate if wanted[0] is Captioned else wanted[0]  # captions side by side are joined
            giving = [name for name in stages.names() if find_stage(name).types()[1] is made]
            yield ("recipe", index), says + (f": put `{giving[0]}` between them" if giving else "")
        elif issubclass(given, step.kind.types()[0]) and not issubclass(given, taken):
            yield (
                ("recipe", index),
                f"{step.name} would lose what {before} has made of the rows: put it before {before}",
            )


def _unheard(steps: Sequence[Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Steps that name an annotator whom the recipe does not have before them."""
    for index, step in enumerate(steps):
        before = [one.name.removeprefix("caption-") for one in steps[:index] if one.kind.name == "caption"]
        for name in step.kind.annotators(step.config) if not step.is_corpus_pass else ():
            if name not in before:
                yield (("recipe", index), f"{step.name} names the annotator {name!r}, which the recipe does not have "
                       f"before it{_nearest(name, before)}")  # fmt: skip


def _say(detail: ErrorDetails, model: type[BaseModel]) -> str:
    key = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return f"unknown key {key!r}{_nearest(key, _keys(model, detail['loc'][:-1]))}"
    if detail["type"] == "missing":
        return f"{key!r} is missing"
    if detail["type"] == "model_type":
        return f"{key}: a mapping is due here (got {str(detail['input'])[:60]!r})"
    return f"{key}: {detail['msg']} (got {str(detail['input'])[:60]!r})"


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


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""


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

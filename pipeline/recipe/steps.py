"""The recipe of a manifest: its stages in order, what each reads of the others, and which rows flow between them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asid import stages
from asid.pipeline.rows import Candidate, Captioned, Row
from asid.pipeline.stage import CorpusPass, Stage

StageKind = type[Stage[Any, Any, Any]] | type[CorpusPass[Any, Any]]


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


def stage_name(entry: Mapping[str, Any]) -> str:
    """Of a recipe entry; nothing when it names no stage."""
    try:
        return find_stage(str(entry.get("stage"))).name
    except (KeyError, ImportError, AttributeError, TypeError):
        return ""  # told as a mistake of its own


def settings_of(kind: StageKind, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The stage's own settings in a recipe entry. An annotator's `name` is one of them."""
    own = {"stage"} if "name" in kind.types()[-1].model_fields else {"stage", "name"}
    return {key: value for key, value in entry.items() if key not in own}


def steps_of(recipe: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """The recipe with what each step reads. Neighbouring `caption` steps are annotators side by side: all read the step
    before the first of them, and the step after the last joins them. A corpus pass reads the step before it, and so
    does the step after it, together with the pass's decisions."""
    trunk: tuple[str, ...] = ()  # what the next step on the main line reads
    beside: list[str] = []  # annotators and corpus passes standing beside the trunk
    for entry in recipe:
        kind = find_stage(entry["stage"])
        config: Any = kind.types()[-1].model_validate(settings_of(kind, entry))
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

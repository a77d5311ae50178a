"""The recipe of a manifest: its stages in order, what each reads of the others, and which rows flow between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asid.pipeline import registry
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
    entry: int = 0  # its place in the recipe

    def __hash__(self) -> int:
        return hash(self.name)  # settings may hold dicts

    @property
    def is_corpus_pass(self) -> bool:
        return issubclass(self.kind, CorpusPass)


def find_stage(name: str) -> StageKind:
    """Find a stage by its name, or as `module:Class`. Raises UnknownName."""
    kind = registry.STAGES.find(name)
    if not (isinstance(kind, type) and issubclass(kind, (Stage, CorpusPass))):
        raise registry.UnknownName(f"{name} is not a Stage: derive its class from Stage or CorpusPass")
    return kind


def stage_name(entry: Mapping[str, Any]) -> str:
    """Of a recipe entry; nothing when it names no stage."""
    try:
        return find_stage(str(entry.get("stage"))).name
    except registry.UnknownName:
        return ""  # told as a mistake of its own


def settings_of(kind: StageKind, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The stage's own settings in a recipe entry. An annotator's `name` is one of them."""
    own = {"stage"} if "name" in kind.types()[-1].model_fields else {"stage", "name"}
    return {key: value for key, value in entry.items() if key not in own}


def placed(entry: Mapping[str, Any], absolute: Callable[[str], str]) -> dict[str, Any]:
    """The recipe entry with paths to files that hold anywhere."""
    try:
        named = find_stage(str(entry.get("stage"))).types()[-1].FILES
    except registry.UnknownName:
        named = frozenset()  # told as a mistake of its own
    lists = {name: entry[name] for name in named & entry.keys() if isinstance(entry[name], (list, tuple))}
    return dict(entry) | {
        name: [absolute(path) if isinstance(path, str) else path for path in paths] for name, paths in lists.items()
    }


def steps_of(recipe: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """The recipe with what each step reads. Neighbouring `caption` steps are annotators side by side: all read the step
    before the first of them, and the step after the last joins them. A corpus pass reads the step before it, and so
    does the step after it, together with the pass's decisions. A stage with `rounds` above 1 is repeated, with the one
    after it, under their names with the number of the round."""
    trunk: tuple[str, ...] = ()  # what the next step on the main line reads
    beside: list[str] = []  # annotators and corpus passes standing beside the trunk
    repeated: Step | None = None
    for place, entry in enumerate(recipe):
        kind = find_stage(entry["stage"])
        config: Any = kind.types()[-1].model_validate(settings_of(kind, entry))
        name = entry.get("name") or kind.name
        if kind.name == "caption":
            name = f"caption-{config.name or config.model}"
            yield Step(name, kind, config, trunk, place)
            beside.append(name)
        elif issubclass(kind, CorpusPass):
            yield Step(name, kind, config, trunk, place)
            beside.append(name)
        else:
            step = Step(name, kind, config, (*trunk, *beside), place)
            yield step
            trunk, beside = (name,), []
            for number in range(2, _rounds(repeated) + 1):
                assert repeated is not None
                for one in (repeated, step):
                    again = replace(one, name=f"{one.name}-{number}", inputs=trunk)
                    yield again
                    trunk = (again.name,)
            repeated = step if _rounds(step) > 1 else None


def _rounds(step: Step | None) -> int:
    return getattr(step.config, "rounds", 1) if step else 1


def flow(steps: Iterable[Step]) -> dict[str, tuple[type[Row], type[Row]]]:
    """Step -> the rows it takes and the rows it gives, in this recipe."""
    found: dict[str, tuple[type[Row], type[Row]]] = {}
    for step in steps:
        taken = found[step.inputs[0]][1] if step.inputs else step.kind.types()[0]
        if any(found[name][1] is Candidate for name in step.inputs[1:]):
            taken = Captioned
        found[step.name] = taken, step.kind.gives(taken)
    return found

"""Whether captions tell the attributes they were asked for and no others (ASID, Tab. 9).

Cases: one for each prompt, of which a video may have two. `statements`: the attributes asked for, as this project names
them; `question`: the prompt; `groups`: `k`, how many attributes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.files import DataError, first, records, short_key, text_of, texts_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table, percent
from asid.pipeline.metrics import following as metric
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

PUBLISHED = {"narrative elements": "narrative", "narrative_elements": "narrative"}
SIZES = (1, 2, 3, 4)


def _plain(level: object) -> object:
    return level.strip().casefold() if isinstance(level, str) else level


Level = Annotated[metric.Level, BeforeValidator(_plain)]


class Levels(Record):
    """One level for each attribute, under the names of the published prompts."""

    scene: Level
    characters: Level
    objects: Level
    actions: Level
    narrative: Level = Field(validation_alias=AliasChoices(*PUBLISHED, "narrative"))
    speech: Level
    camera: Level
    emotions: Level


class Shown(Record):
    """Words of the caption that make an attribute explicit."""

    attribute: str
    words: str


class AttributeLevels(Record):
    """The judge's levels, and what they rest on."""

    levels: Levels
    evidence: list[Shown] = Field(default_factory=list)


def key_of(attribute: str) -> str:
    """An attribute as this project names it. Raises ValueError for an unknown one."""
    plain = " ".join(attribute.casefold().split())
    return metric.attribute_key(PUBLISHED.get(plain, plain))


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`prompts.jsonl` of ASID-Caption, or lines `{"video_id", "attributes", "prompt"}`. A prompt's id is its
    `prompt_id`, else its place in the file from 0."""
    found: list[Reference] = []
    ids = ("video_id", "video_rel", "video", "id")
    for number, (id, record) in enumerate(records(path, intake, ids)):
        name = text_of(id)
        given = first(record, ("prompt_id", "pid"))
        prompt = str(number) if given is None else text_of(given)
        try:
            targets = tuple(dict.fromkeys(key_of(each) for each in texts_of(record.get("attributes") or ())))
        except ValueError as error:
            intake.fault("unknown_attribute", f"{name}, prompt {prompt}", str(error))
            continue
        if not targets:
            intake.fault("no_reference", f"{name}, prompt {prompt}", "it names no attribute")
            continue
        if record.get("k") not in (None, len(targets)):
            intake.note("prompts whose `k` is not their number of attributes, counted by their attributes")
        found.append(
            Reference(
                name,
                short_key(name),
                f"p{prompt}",
                prompt,
                text_of(record.get("prompt")),
                statements=targets,
                groups={"k": str(len(targets))},
            )
        )
    if not found:
        raise DataError(f"{path} holds no prompt with attributes: give ASID-Caption's prompts.jsonl")
    return found


def _values(case: Case) -> Values:
    return {"caption": fence("caption", case.caption), "targets": ", ".join(case.statements)}


def _followed(case: Case) -> bool:
    levels = AttributeLevels.model_validate_json(case.reply("levels")).levels
    return metric.Following(frozenset(case.statements), levels.model_dump()).followed


def tables(outcome: Outcome) -> list[Table]:
    """Share of prompts that were followed, by the number of attributes asked for (ASID, Tab. 9)."""
    ends = [(int(case.groups["k"]), outcome.read(case, _followed)) for case in outcome.expected]
    found = metric.figures(ends)
    sizes = sorted({*SIZES, *(k for k, _ in ends)})
    shares = [percent(found[f"k={k}"]) if f"k={k}" in found else None for k in sizes]
    asked = [sum(k == size for k, _ in ends) for size in sizes]
    columns = ("Model", *(f"{size}↑" for size in sizes))
    rows: tuple[tuple[Cell, ...], ...] = ((outcome.system, *shares), ("(prompts)", *asked))
    return [Table("Instruction following by number of attributes, % followed (ASID, Tab. 9)", columns, rows)]


FOLLOWING = Benchmark(
    name="following",
    about="captions tell the attributes they were asked for and no others",
    data="ASID-Caption's prompts.jsonl; captions need a prompt_id where a video has two prompts",
    load=load,
    steps={"levels": Contract("eval/following", ("caption", "targets"), _values, AttributeLevels)},
    tables=tables,
    missing="counted as not followed",
    prompt_fields=("prompt_id", "pid"),
    strict=True,
    prompted=True,
)

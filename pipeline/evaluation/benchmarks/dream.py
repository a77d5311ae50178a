"""DREAM-1K with AutoDQ: events of caption and reference, each held against the other text (Tarsier).

Cases: one for each video. `reference`: the reference text; `statements`: its events; `groups`: `subset`. The judge
takes the caption's events out, then says how the reference's events stand to the caption (recall) and the caption's
to the reference (precision).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictInt

from asid.pipeline.asking.answers import Statements
from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values, each_once, numbered
from asid.pipeline.evaluation.files import DataError, first, lines_of, records, short_key, text_of, texts_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Table, percent
from asid.pipeline.metrics import autodq as metric
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

MOST = 10  # events that are taken out of a caption


class ActionEvents(Record):
    """Events of a caption."""

    events: Annotated[Statements, Field(max_length=MOST)]


class EventRelation(Record):
    event: StrictInt
    relation: metric.Relation


class EventRelations(Record):
    """How each event stands to a text."""

    relations: list[EventRelation]


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`DREAM-1k.jsonl`, or lines `{"video_id", "reference", "events", "subset"}`. Captions may name a video by `vid`,
    by or by `idx`."""
    found = [_reference(id, record, intake) for id, record in records(path, intake, ("vid", "video_id", "idx", "id"))]
    if not found:
        raise DataError(f"{path} holds no video: give DREAM-1k.jsonl")
    return found


def _reference(id: Any, record: Mapping[str, Any], intake: DataIntake) -> Reference:
    more = record.get("extra_info")
    info = more if isinstance(more, Mapping) else {}
    given = lines_of(first(record, ("events",)) or first(info, ("events",))) or ()
    events = texts_of(given)
    if isinstance(given, (list, tuple)) and len(events) < len(given):
        intake.note("lists of events of which some have no words: those are no events")
    text = text_of(first(record, ("reference", "caption"))) or _published(record)
    if text and not events:
        intake.note("references without events: their recall is 1, as published")
    subset = text_of(first(record, ("subset", "dataset"))).rpartition("/")[2] or "all"
    number = text_of(record.get("idx"))
    return Reference(text_of(id), short_key(id), reference=text, statements=events, groups={"subset": subset},
                     aliases=(number,) if number else (), is_empty=not text)  # fmt: skip


def _published(record: Mapping[str, Any]) -> str:
    """The reference in the last part of the last message."""
    messages = record.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    parts = last.get("content") if isinstance(last, Mapping) else None
    part = parts[-1] if isinstance(parts, list) and parts else {}
    return text_of(part.get("reference")) if isinstance(part, Mapping) else ""


def _caption(case: Case) -> Values:
    return {"caption": fence("caption", case.caption.lower())}


def _events(case: Case) -> Sequence[str]:
    return ActionEvents.model_validate_json(case.reply("actions")).events


def _recall(case: Case) -> Values | None:
    if not case.statements:
        return None
    return {"text": fence("description", case.caption.lower()), "events": numbered("statements", case.statements)}


def _precision(case: Case) -> Values | None:
    events = _events(case)
    if not events:
        return None
    return {"text": fence("description", case.reference.lower()), "events": numbered("statements", events)}


def _each(events: Callable[[Case], Sequence[str]]) -> Callable[[EventRelations, Case], str | None]:
    def check(answer: EventRelations, case: Case) -> str | None:
        return each_once([one.event for one in answer.relations], len(events(case)), "statement")

    return check


def _relations(case: Case, step: str) -> list[metric.Relation]:
    reply = case.reply(step)
    return [one.relation for one in EventRelations.model_validate_json(reply).relations] if reply else []


def tables(outcome: Outcome) -> list[Table]:
    """F1, recall and precision over five subsets, each with one voice."""

    def table(title: str, empty: metric.Empty) -> Table:
        subsets: dict[str, list[metric.EntailedShares | Absent]] = {}
        for case in outcome.expected:
            shares = outcome.read(case, lambda one: metric.clip(_relations(one, "recall"), _relations(one, "precision"),
                                                                empty))  # fmt: skip
            subsets.setdefault(case.groups["subset"], []).append(shares)
        rows = {**metric.by_subset(subsets), outcome.system: metric.figures(subsets)}
        return Table(title, ("Subset", "F1↑", "Recall↑", "Precision↑"), tuple(
            (name, *(percent(figures[part]) for part in ("f1", "recall", "precision")))
            for name, figures in rows.items()
        ))  # fmt: skip

    return [
        table("DREAM-1K, AutoDQ in %; the last line is over the subsets", "honest"),
        table("The same by the published rule, where a caption without events is precise", "published"),
    ]


DREAM = Benchmark(
    name="dream",
    about="DREAM-1K: AutoDQ, events held against each other's text",
    data="DREAM-1k.jsonl",
    load=load,
    steps={
        "actions": Contract("eval/actions", ("caption",), _caption, ActionEvents),
        "recall": Contract(
            "eval/entailment", ("text", "events"), _recall, EventRelations, _each(lambda case: case.statements)
        ),
        "precision": Contract("eval/entailment", ("text", "events"), _precision, EventRelations, _each(_events)),
    },
    tables=tables,
    missing="counted as 0",
)

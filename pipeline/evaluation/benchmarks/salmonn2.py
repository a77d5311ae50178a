"""Events that captions miss, tell wrongly or make up (video-SALMONN 2, Tab. 2; DiaDem, Tab. 2).

Cases: one for each video and run. `statements`: the events. As published, loops in a caption are collapsed before it is
judged, a judge whose lists cannot be used is asked for counts alone, and of seven runs the fourth by Total is reported,
whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, StrictInt

from asid.pipeline.asking.answers import EventErrors
from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values, numbered, numbered_once
from asid.pipeline.evaluation.files import DataError, first, lines_of, records, short_key, text_of, texts_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table, percent
from asid.pipeline.metrics import events as metric
from asid.pipeline.metrics.figure import Absent, Figure
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

PARTS = ("miss", "hall", "total")
UNUSABLE = ("invalid_answer", "truncated")  # failures of the lists that counts alone make up for


class EventTally(Record):
    """How many events a caption misses, tells rightly and tells wrongly, and how many things it makes up."""

    missed: StrictInt = Field(ge=0)
    correct: StrictInt = Field(ge=0)
    incorrect: StrictInt = Field(ge=0)
    hallucinated: StrictInt = Field(ge=0)


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`video_salmonn2_test.json`, or lines `{"video_id", "events"}`; events are a list, or one to a line of a text."""
    found: list[Reference] = []
    seen: set[str] = set()
    for id, record in records(path, intake):
        key = short_key(id)
        if key in seen:
            intake.fault("double_reference", text_of(id), "a second list of events of the same video: the first counts")
            continue
        seen.add(key)
        given = lines_of(first(record, ("events",))) or ()
        events = texts_of(given)
        if isinstance(given, (list, tuple)) and len(events) < len(given):
            intake.note("lists of events of which some have no words: those are no events")
        found.append(Reference(text_of(id), key, statements=events, is_empty=not events))
    if not found:
        raise DataError(f"{path} holds no video with events: give video_salmonn2_test.json")
    return found


def _values(case: Case) -> Values:
    caption = metric.collapse_loops(case.caption)
    return {"caption": fence("caption", caption), "events": numbered("events", case.statements)}


def _check(answer: EventErrors, case: Case) -> str | None:
    return numbered_once([*answer.missing, *answer.incorrect], len(case.statements), "event")


def _unlisted(case: Case) -> Values | None:
    """What is asked where no list could be used."""
    return None if case.reply("events") else {**_values(case), "count": str(len(case.statements))}


def adds_up(answer: EventTally, events: int) -> str | None:
    """Say why these cannot be counts of so many events; None when they can."""
    told = answer.missed + answer.correct + answer.incorrect
    return None if told == events else f"missed, correct and incorrect make {told}, and there are {events} events"


def _add_up(answer: EventTally, case: Case) -> str | None:
    return adds_up(answer, len(case.statements))


def _counts(case: Case) -> metric.EventCounts:
    if tally := case.reply("counts"):
        told = EventTally.model_validate_json(tally)
        return metric.EventCounts(len(case.statements), told.missed, told.incorrect, told.hallucinated)
    answer = EventErrors.model_validate_json(case.reply("events"))
    return metric.EventCounts(
        len(case.statements), len(answer.missing), len(answer.incorrect), len(answer.hallucinated)
    )


def _verdict(outcome: Outcome, case: Case) -> metric.EventVerdict:
    found = outcome.read(case, _counts)
    return metric.Unjudged(len(case.statements), found.why) if isinstance(found, Absent) else found


def tables(outcome: Outcome) -> list[Table]:
    """Miss, Hall and Total of the middle run (video-SALMONN 2, Tab. 2); each run; the mean of the clips' ratios."""
    verdicts = {run: [_verdict(outcome, case) for case in outcome.of_run(run)] for run in outcome.runs}
    runs = {run: metric.figures(found) for run, found in verdicts.items()}
    means = {run: metric.figures(found, "mean_of_ratios") for run, found in verdicts.items()}
    columns = ("Model", "%Miss↓", "%Hall↓", "%Total↓")
    title = "Events, ratio of sums (video-SALMONN 2, Tab. 2)"
    if len(runs) % 2:
        rows: list[tuple[Cell, ...]] = [(outcome.system, *_row(metric.median_run(list(runs.values()))))]
        title += f": of {len(runs)} runs the middle one by Total"
    else:
        rows = [(f"{outcome.system}, run {run + 1}", *_row(found)) for run, found in runs.items()]
        title += ": an even number of runs has no middle one, so each is given"
    unjudged = outcome.missing.total()
    notes = (f"{unjudged} of {len(outcome.expected)} verdicts are missing: all missed, and left out of Hall",)
    tallied = sum(bool(found.reply("counts")) for case in outcome.expected if (found := outcome.scored(case)))
    by_counts = (f"{tallied} verdicts are counts alone: their judge's lists could not be used",)
    made = [Table(title, columns, tuple(rows), notes=(notes if unjudged else ()) + (by_counts if tallied else ()))]
    each = tuple((f"run {run + 1}", *_row(found)) for run, found in runs.items())
    if len(runs) > 1:
        made.append(Table("Each run", columns, each))
    ratios = tuple((f"run {run + 1}", *_row(found)) for run, found in means.items())
    return [*made, Table("Mean of the clips' ratios", columns, ratios)]


def _row(found: Mapping[str, Figure]) -> tuple[Cell, ...]:
    return tuple(percent(found[part]) for part in PARTS)


SALMONN2 = Benchmark(
    name="salmonn2",
    about="events that captions miss, tell wrongly or make up",
    data="video_salmonn2_test.json",
    load=load,
    steps={
        "events": Contract("judge/events", ("caption", "events"), _values, EventErrors, _check, left=UNUSABLE),
        "counts": Contract("eval/tally", ("caption", "events", "count"), _unlisted, EventTally, _add_up),
    },
    tables=tables,
    missing="counted as all missed",
    runs=metric.RUNS,
)

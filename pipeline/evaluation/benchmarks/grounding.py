"""When an event happens, told from the caption alone (ASID, Tab. 6 and Fig. 20; Charades-STA).

Cases: one for each sentence. `question`: the sentence; `reference`: "start end duration" in seconds, duration -1
where the file does not tell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.files import DataError, first, number_of, records, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table, percent
from asid.pipeline.metrics import grounding as metric
from asid.pipeline.metrics.figure import Absent, Figure
from asid.pipeline.prompts import fence

TALL = re.compile(r"(\S+)\s+(-?[\d.]+)\s+(-?[\d.]+)\s*##(.+)")
UNKNOWN = -1.0


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`charades_test.json` (`timestamps` and `sentences` by video), `vid start end##sentence` a line, or one
    `{"video_id", "sentence", "start", "end", "duration"}` a line."""
    found: list[Reference] = []
    counts: dict[str, int] = {}
    for video, sentence, start, end, duration in _queries(path, intake):
        key = short_key(video)
        counts[key] = counts.get(key, 0) + 1
        name = f"{text_of(video)}/s{counts[key]}"
        if start is None or end is None or not sentence:
            intake.fault("no_span", name, "it needs a sentence, and a start and an end in seconds")
            continue
        if start > end:
            intake.note("spans that end before they begin, turned round")
            start, end = end, start
        if duration is not None and end > duration:
            intake.note("spans that end after their video, as published")
        truth = f"{start:g} {end:g} {UNKNOWN if duration is None else duration:g}"
        found.append(Reference(text_of(video), key, f"s{counts[key]}", question=sentence, reference=truth))
    if not found:
        raise DataError(f"{path} holds no sentence with a span: give charades_test.json")
    return found


Query = tuple[Any, str, float | None, float | None, float | None]


def _queries(path: Path, intake: DataIntake) -> Iterator[Query]:
    if path.suffix == ".txt":
        for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
            if match := TALL.fullmatch(line.strip()):
                yield match[1], match[4].strip(), number_of(match[2]), number_of(match[3]), None
            elif line.strip():
                intake.fault("unreadable", f"{path.name} line {number}", "not `vid start end##sentence`")
        return
    for video, record in records(path, intake):
        yield from _of_record(video, record, intake)


def _of_record(video: Any, record: Mapping[str, Any], intake: DataIntake) -> Iterator[Query]:
    duration = number_of(record.get("duration"))
    if "sentences" not in record:
        sentence = text_of(first(record, ("sentence", "query", "event")))
        yield video, sentence, number_of(record.get("start")), number_of(record.get("end")), duration
        return
    spans, sentences = record.get("timestamps") or [], record["sentences"] or []
    if len(spans) != len(sentences):
        intake.note("videos with another number of sentences than of spans: the rest has no truth")
    for number, sentence in enumerate(sentences):
        span = spans[number] if number < len(spans) else None
        start, end = span if isinstance(span, (list, tuple)) and len(span) == 2 else (None, None)
        yield video, text_of(sentence), number_of(start), number_of(end), duration


def _truth(case: Case) -> tuple[metric.Span, float]:
    start, end, duration = map(float, case.reference.split())
    return (start, end), duration


def _values(case: Case) -> Values:
    _, duration = _truth(case)
    told = f"{duration:.1f}" if duration >= 0 else "an unknown number of"
    return {"caption": fence("caption", case.caption), "event": case.question, "duration": told}


def _check(reply: str, _case: Case) -> str | None:
    if metric.read_span(reply) is None:
        return "it holds neither two numbers of seconds, such as 5.0-12.0, nor N/A"
    return None


def tables(outcome: Outcome) -> list[Table]:
    """mIoU and R1 (ASID, Tab. 6), with the answer "the whole clip" below: no figure says much without it."""
    truths = [_truth(case) for case in outcome.expected]
    spans = [_span(outcome, case) for case in outcome.expected]
    found = metric.figures(zip(spans, (truth for truth, _ in truths), strict=True))
    rows: list[tuple[Cell, ...]] = [(outcome.system, *_row(found))]
    known = [(duration, truth) for truth, duration in truths if duration >= 0]
    if known:
        rows.append(("(whole clip, no caption)", *_row(metric.whole_clip(known))))
    columns = ("Model", "mIoU↑", "R1@0.3↑", "R1@0.5↑", "R1@0.7↑")
    abstained = sum(isinstance(span, Absent) and span.why == metric.ABSTAINED for span in spans)
    notes: tuple[str, ...] = (f"{abstained} of {len(spans)} sentences got N/A, and count as 0",)
    if not known:
        notes = (*notes, "the data tells no durations: the baseline of the whole clip cannot be given")
    return [Table("Temporal grounding from captions alone, % (ASID, Tab. 6)", columns, tuple(rows), notes=notes)]


def _span(outcome: Outcome, case: Case) -> metric.Span | Absent:
    found = outcome.read(case, lambda judged: metric.read_span(judged.reply("span")))
    return Absent("unreadable") if found is None else found


def _row(found: Mapping[str, Figure]) -> tuple[Cell, ...]:
    return tuple(percent(figure) for figure in found.values())


GROUNDING = Benchmark(
    name="grounding",
    about="when an event happens, told from captions alone",
    data="charades_test.json, or Charades-STA's own .txt",
    load=load,
    steps={"span": Contract("eval/grounding", ("caption", "event", "duration"), _values, check=_check)},
    tables=tables,
    missing="counted as IoU 0, and so is N/A",
)

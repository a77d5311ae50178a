"""VidCapBench-AE: questions answered from the caption and graded 2, 1, 0 or -1 (ASID, Tab. 4).

Cases: one for each question. `groups`: `sub_category`. Captions are joined by the whole `video_dir`: folders tell
videos apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.benchmarks.questions import ANSWER, GRADED, graded_values
from asid.pipeline.evaluation.contracts import Contract
from asid.pipeline.evaluation.files import DataError, record_of, records, text_of, whole_key
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table
from asid.pipeline.metrics import vidcap as metric
from asid.pipeline.metrics.figure import Figure
from asid.pipeline.rows import Record

FIGURES = ("accuracy", "precision", "coverage", "conciseness")


class VidCapMark(Record):
    """The judge's grade of one answer."""

    score: Literal[2, 1, 0, -1]
    analysis: str


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`VidCapBench-AE_QA.jsonl`."""
    found: list[Reference] = []
    counts: dict[str, int] = {}
    for id, asked in _asked(path, intake):
        key = whole_key(id)
        counts[key] = counts.get(key, 0) + 1
        part = f"q{counts[key]}"
        question, answer = text_of(asked.get("question")), text_of(asked.get("answer"))
        category = text_of(asked.get("sub_category"))
        try:
            metric.dimension(category)
        except ValueError as error:
            intake.fault("unknown_category", f"{key}/{part}", str(error))
            continue
        if not question or not answer:
            intake.fault("no_question", f"{key}/{part}", "it needs a question and an answer")
            continue
        groups = {"sub_category": category}
        found.append(Reference(key, key, part, question=question, reference=answer, groups=groups))
    if not found:
        raise DataError(f"{path} holds no question: give VidCapBench-AE_QA.jsonl")
    return found


def _asked(path: Path, intake: DataIntake) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    for id, record in records(path, intake, ("video_dir", "video", "video_id", "path")):
        pairs = record.get("QA_pairs")
        if not isinstance(pairs, list):
            yield id, record
            continue
        yield from ((id, record_of(pair)) for pair in pairs)


def _grade(case: Case) -> metric.VidCapGrade:
    return metric.GRADES[VidCapMark.model_validate_json(case.reply("grade")).score]


def tables(outcome: Outcome) -> list[Table]:
    """Accuracy, precision, coverage and conciseness by dimension (ASID, Tab. 4)."""
    captions = {case.video: case.tokens for case in outcome.expected if case.caption}
    known = bool(captions) and all(captions.values())
    tokens = sum(captions.values()) / len(captions) if known else None
    grades = [(case.groups["sub_category"], outcome.read(case, _grade)) for case in outcome.expected]
    found = metric.by_dimension(grades, tokens)
    rows = tuple((name, figures["accuracy"].expected, *_row(figures)) for name, figures in found.items())
    notes = () if known else ("Con needs `tokens` (flan-t5's, end token included) in each record of the captions",)
    columns = ("Dimension", "Questions", "Acc↑", "Pre↑", "Cov↑", "Con↑")
    return [Table(f"VidCapBench-AE, % (ASID, Tab. 4): {outcome.system}", columns, rows, notes=notes)]


def _row(figures: Mapping[str, Figure]) -> tuple[Cell, ...]:
    return tuple(figures[name].value if name in figures else None for name in FIGURES)


VIDCAP = Benchmark(
    name="vidcap",
    about="VidCapBench-AE: questions answered from captions and graded",
    data="VidCapBench-AE_QA.jsonl",
    load=load,
    steps={"answer": ANSWER, "grade": Contract("eval/vidcap", GRADED, graded_values, VidCapMark)},
    tables=tables,
    missing="counted as not covered",
    key=whole_key,
)

"""VDCscore: questions on five aspects of a video, answered from the caption and graded (AuroraCap; ASID, Tab. 3).

Cases: one for each question. `groups`: `aspect`. A caption written for an aspect (field `aspect`) serves its
questions; one without serves all five, which is what ASID's scorer does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, StrictInt

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.benchmarks.questions import ANSWER, GRADED, graded_values
from asid.pipeline.evaluation.contracts import Contract
from asid.pipeline.evaluation.files import ID_FIELDS, DataError, documents, first, record_of, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table
from asid.pipeline.metrics import vdc as metric
from asid.pipeline.metrics.figure import Absent, mean
from asid.pipeline.rows import Record


class VDCVerdict(Record):
    """The judge's verdict and score on one answer."""

    pred: str
    score: StrictInt = Field(ge=0, le=metric.MOST)


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """A folder of `camera.jsonl`, `short.jsonl`, `background.jsonl`, `main_object.jsonl`, `detailed.jsonl`, or one of
    them, or lines `{"video_id", "aspect", "question", "answer"}`."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    found: list[Reference] = []
    for file in files:
        if path.is_dir() and file.stem not in metric.ASPECTS:
            intake.note(f"files of the folder that are no aspect, passed over ({file.name})")
            continue
        counts: dict[str, int] = {}
        for id, asked in _asked(file, intake):
            key = short_key(id)
            aspect = text_of(asked.get("aspect")) or file.stem
            counts[key] = counts.get(key, 0) + 1
            name, part = text_of(id), f"{aspect}/q{counts[key]}"
            question, answer = text_of(asked.get("question")), text_of(asked.get("answer"))
            if not question or not answer:
                intake.fault("no_question", f"{name}/{part}", "it needs a question and an answer")
                continue
            groups = {"aspect": aspect, "category": text_of(asked.get("category"))}
            found.append(Reference(name, key, part, aspect, question, reference=answer, groups=groups))
    if not found:
        raise DataError(f"{path} holds no question: give the folder of camera.jsonl, short.jsonl, …")
    return found


def _asked(file: Path, intake: DataIntake) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    for where, value in documents(file, intake):
        if not isinstance(value, Mapping):
            intake.fault("not_a_record", where, "a JSON object is due here")
        elif (id := first(value, ID_FIELDS)) is not None and "question" in value:
            yield id, value
        else:
            for id, questions in value.items():
                if not isinstance(questions, list):
                    intake.fault("not_a_record", f"{where}, {id}", "a list of questions is due here")
                    continue
                yield from ((id, record_of(asked)) for asked in questions)


def _check(answer: VDCVerdict, _case: Case) -> str | None:
    try:
        metric.read_verdict(answer.pred)
    except ValueError as error:
        return str(error)
    return None


def _grade(case: Case) -> metric.VDCGrade:
    answer = VDCVerdict.model_validate_json(case.reply("grade"))
    return metric.VDCGrade(answer.score, metric.read_verdict(answer.pred))


def tables(outcome: Outcome) -> list[Table]:
    """Accuracy and score of each aspect and their mean (ASID, Tab. 3), and what published scorers would have
    printed."""
    aspects = [name for name in metric.ASPECTS if any(case.groups["aspect"] == name for case in outcome.expected)]
    aspects += sorted({case.groups["aspect"] for case in outcome.expected} - set(aspects))
    grades: dict[str, dict[str, list[metric.VDCGrade | Absent]]] = {name: defaultdict(list) for name in aspects}
    for case in outcome.expected:
        grades[case.groups["aspect"]][case.video].append(outcome.read(case, _grade))
    columns = ("Model", *(f"{name} Acc↑" for name in aspects), "Avg. Acc↑", *(f"{name} Score↑" for name in aspects))
    honest = [metric.figures(grades[name]) for name in aspects]
    truthy = [metric.figures(grades[name], "published") for name in aspects]
    rows = tuple(
        (name, *(each["accuracy"].value for each in found), _mean(found), *(each["score"].value for each in found))
        for name, found in ((outcome.system, honest), ("(published rule: videos at 0 dropped)", truthy))
    )
    return [Table("VDC, accuracy in % and score 0 to 5 (ASID, Tab. 3)", columns, rows)]


def _mean(found: list[Any]) -> Cell:
    return mean(each["accuracy"].value for each in found if each["accuracy"].value is not None).value


VDC = Benchmark(
    name="vdc",
    about="VDCscore: questions on five aspects, answered from captions",
    data="the folder of camera.jsonl, short.jsonl, background.jsonl, main_object.jsonl, detailed.jsonl",
    load=load,
    steps={"answer": ANSWER, "grade": Contract("eval/vdc", GRADED, graded_values, VDCVerdict, _check)},
    tables=tables,
    missing="counted as 0 and no",
    prompt_fields=("aspect",),
)

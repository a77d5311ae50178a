"""AVoCaDO's rewards as figures of a set: key points told (R_C), length (R_L), repetition (AVoCaDO, section 3.3).

Cases: one for each video. `reference`: the reference caption; `statements` and `choices`: key points and their
categories, where the file has them; else the judge draws them up from the reference. R_D is `diadem`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, StrictBool, StrictInt

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values, each_once, numbered
from asid.pipeline.evaluation.files import DataError, first, lines_of, records, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.prompted import GENERATED
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table, percent
from asid.pipeline.metrics import checklist as metric
from asid.pipeline.metrics import repetition
from asid.pipeline.metrics.figure import Absent, mean
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

UNSAID = "unnamed"  # category of a key point of a file that names none


class KeyPoint(Record):
    point: str = Field(min_length=1)
    category: str


class KeyPoints(Record):
    """A check list drawn up from a reference."""

    points: list[KeyPoint] = Field(min_length=1, max_length=200)


class PointVerdict(Record):
    point: StrictInt
    told: StrictBool


class PointVerdicts(Record):
    """Which key points a caption tells."""

    verdicts: list[PointVerdict]


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """Lines `{"video_id", "reference"}`, with `points` [{"point", "category"}] where a check list is there already."""
    found = [_reference(id, record, intake) for id, record in records(path, intake)]
    if not found:
        raise DataError(f'{path} holds no reference: give lines of {{"video_id", "reference"}}')
    return found


def _reference(id: Any, record: Mapping[str, Any], intake: DataIntake) -> Reference:
    points, categories = [], []
    for entry in lines_of(record.get("points") or record.get("keypoints")) or ():
        point = text_of(entry.get("point")) if isinstance(entry, Mapping) else text_of(entry)
        category = text_of(entry.get("category")) if isinstance(entry, Mapping) else ""
        if not point:
            intake.note("key points without a text, passed over")
            continue
        points.append(point)
        categories.append(category or UNSAID)
    text = text_of(first(record, ("reference", "solution", "answer", "caption")))
    return Reference(text_of(id), short_key(id), reference=text, statements=tuple(points), choices=tuple(categories),
                     is_empty=not (text or points))  # fmt: skip


def _points_values(case: Case) -> Values | None:
    return None if case.statements else {"reference": fence("reference", case.reference)}


def _points_check(answer: KeyPoints, _case: Case) -> str | None:
    wrong = [one.category for one in answer.points if one.category not in metric.CATEGORIES]
    return f"unknown category {wrong[0]!r}; there are {', '.join(metric.CATEGORIES)}" if wrong else None


def _points(case: Case) -> Sequence[KeyPoint]:
    if case.statements:
        pairs = zip(case.statements, case.choices, strict=True)
        return [KeyPoint(point=point, category=category) for point, category in pairs]
    return KeyPoints.model_validate_json(case.reply("points")).points


def _values(case: Case) -> Values:
    points = (one.point for one in _points(case))
    return {"caption": fence("caption", case.caption), "points": numbered("points", points)}


def _check(answer: PointVerdicts, case: Case) -> str | None:
    return each_once([one.point for one in answer.verdicts], len(_points(case)), "point")


def _verdicts(outcome: Outcome, case: Case) -> list[tuple[str, bool | Absent]]:
    """Category and verdict of each key point. Of a case without a verdict those points that are known; of one whose
    check list was never drawn up, one point that is not told."""
    found = outcome.scored(case)
    if found is None:
        categories = case.choices or ("(no check list)",)
        return [(category, Absent(outcome.kind(case))) for category in categories]
    told = {one.point: one.told for one in PointVerdicts.model_validate_json(found.reply("verdicts")).verdicts}
    return [(point.category, told[number]) for number, point in enumerate(_points(found), 1)]


def tables(outcome: Outcome) -> list[Table]:
    """R_C by category, R_L, and how often captions repeat themselves."""
    points = metric.figures(pair for case in outcome.expected for pair in _verdicts(outcome, case))
    rows = tuple((name, figure.expected, percent(figure)) for name, figure in points.items())
    checklist = Table(f"Key points told, % (R_C): {outcome.system}", ("Category", "Points", "Told↑"), rows)
    captions = [case.caption or Absent(outcome.kind(case)) for case in outcome.expected]
    loops = [one if isinstance(one, Absent) else repetition.ngram_rate(one) for one in captions]
    known = [case.tokens for case in outcome.expected if case.caption]
    length: Cell = None
    if known and all(known):
        length = mean(metric.length_reward(case.tokens) if case.caption else 0.0 for case in outcome.expected).value
    columns = ("Model", "R_C↑", "R_L↑", "3-gram repetition %↓", "RepCol %↓")
    row = (outcome.system, percent(points["all"]), None if length is None else 100 * float(length),
           percent(mean(loops, worst=1.0)), repetition.rep_col(captions).value)  # fmt: skip
    notes = () if length is not None else ("R_L needs `generated_tokens` or `tokens` in each record of the captions",)
    return [Table("AVoCaDO's rewards over the set, × 100", columns, (row,), notes=notes), checklist]


AVOCADO = Benchmark(
    name="avocado",
    about="key points of a reference that captions tell, length and repetition",
    data='lines of {"video_id", "reference"}, with "points" where a check list is there',
    load=load,
    steps={
        "points": Contract("eval/points", ("reference",), _points_values, KeyPoints, _points_check),
        "verdicts": Contract("eval/checklist", ("caption", "points"), _values, PointVerdicts, _check),
    },
    tables=tables,
    token_fields=(GENERATED, "tokens"),
    missing="counted as not told; one whose check list is not drawn up, as one point",
)

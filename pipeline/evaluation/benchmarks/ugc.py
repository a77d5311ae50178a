"""UGC-VideoCap: marks for what a caption shows, sounds and details (DiaDem, Tab. 2; ASID, Tab. 2).

Cases: one for each video. `reference`: the checked caption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, StrictInt

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.files import DataError, documents, first, records, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Table
from asid.pipeline.metrics import ugc as metric
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record


class UgcMarks(Record):
    """The judge's marks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visual: StrictInt = Field(ge=1, le=metric.MOST)
    audio: StrictInt = Field(ge=1, le=metric.MOST)
    details: StrictInt = Field(ge=1, le=metric.MOST)


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`final_caption_qa.json` (`samples` with `answer`), or one `{"video_id", "reference"}` a line."""
    found = [_reference(id, record) for id, record in _samples(path, intake)]
    if not found:
        raise DataError(f"{path} holds no sample: give final_caption_qa.json")
    return found


def _samples(path: Path, intake: DataIntake) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    values = list(documents(path, DataIntake()))
    if len(values) == 1 and isinstance(values[0][1], Mapping) and isinstance(values[0][1].get("samples"), list):
        for number, sample in enumerate(values[0][1]["samples"], 1):
            if isinstance(sample, Mapping) and text_of(first(sample, ("video_id", "id"))):
                yield first(sample, ("video_id", "id")), sample
            else:
                intake.fault("no_id", f"sample {number}", "it has no video_id")
    else:
        yield from records(path, intake)


def _reference(id: Any, record: Mapping[str, Any]) -> Reference:
    text = text_of(first(record, ("answer", "reference", "caption")))
    return Reference(text_of(id), short_key(id), reference=text, is_empty=not text)


def _values(case: Case) -> Values:
    return {"reference": fence("reference", case.reference), "caption": fence("caption", case.caption)}


def tables(outcome: Outcome) -> list[Table]:
    """Marks in percent (DiaDem, Tab. 2)."""
    marks = [outcome.read(case, _marks) for case in outcome.expected]
    figures = metric.figures(marks)
    order = ("audio", "visual", "details", "average")
    columns = ("Model", "Audio↑", "Visual↑", "Detail↑", "Avg.↑")
    row = (outcome.system, *(figures[name].value for name in order))
    return [Table("UGC-VideoCap, mean mark / 5 × 100 (DiaDem, Tab. 2); the lowest mark is 20", columns, (row,))]


def _marks(case: Case) -> metric.Marks:
    return metric.Marks(**UgcMarks.model_validate_json(case.reply("mark")).model_dump())


UGC = Benchmark(
    name="ugc",
    about="UGC-VideoCap: marks of 1 to 5 for sight, sound and details",
    data="final_caption_qa.json",
    load=load,
    steps={"mark": Contract("eval/ugc", ("reference", "caption"), _values, UgcMarks)},
    tables=tables,
    missing="counted as 0, below the lowest mark",
)

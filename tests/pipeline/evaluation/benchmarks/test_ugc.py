"""UGC-VideoCap: samples read, marks of the judge in percent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.evaluation.benchmarks.ugc import UGC, UgcMarks, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from tests.kits.casekit import case, lines, outcome, rows


def test_samples_of_the_published_file_and_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "final_caption_qa.json"
    path.write_text(json.dumps({"samples": [{"video_id": "x/v.mp4", "answer": "A cat."}, {"answer": "whose?"}, 7,
                                            {"id": "w", "answer": None}]}))  # fmt: skip
    intake = DataIntake()
    one, empty = load(path, intake)
    assert (one.key, one.reference, empty.is_empty) == ("v", "A cat.", True) and intake.kinds() == {"no_id": 2}
    assert [
        one.reference for one in load(lines(tmp_path / "l.jsonl", {"video_id": "v", "reference": "A dog."}), intake)
    ] == ["A dog."]
    path.write_text('{"samples": []}')
    with pytest.raises(DataError, match=r"final_caption_qa\.json"):
        load(path, DataIntake())


@pytest.mark.parametrize(
    "wrong", [{"visual": 0}, {"audio": 6}, {"details": 3.5}, {"details": "3"}, {"mood": 3}, {"audio": True}]
)
def test_marks_off_the_scale_are_no_answer(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UgcMarks.model_validate({"visual": 3, "audio": 3, "details": 3} | wrong)


def test_the_judge_sees_both_texts() -> None:
    values = UGC.steps["mark"].values(case("a", "A dog.", reference="A cat."))
    assert values is not None and "A dog." in values["caption"] and "A cat." in values["reference"]


def test_marks_become_percent_and_a_missing_caption_0() -> None:
    mark = {"mark": {"visual": 4, "audio": 5, "details": 3}}
    (table,) = tables(
        outcome([case("a", replies=mark), case("b", replies=mark), case("c", replies=mark), case("d", "")])
    )
    assert table.columns[1:] == ("Audio↑", "Visual↑", "Detail↑", "Avg.↑")
    assert rows(table)["mine"] == pytest.approx((75.0, 60.0, 45.0, 60.0))

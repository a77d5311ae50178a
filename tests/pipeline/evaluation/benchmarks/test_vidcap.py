"""VidCapBench-AE: questions read by their folders, grades by dimension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.evaluation.benchmarks.vidcap import VidCapMark, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows

ASKED = {"question": "Where?", "answer": "Here.", "sub_category": "lighting"}


def test_folders_tell_videos_apart_and_pairs_are_taken_apart(tmp_path: Path) -> None:
    intake = DataIntake()
    found = load(
        lines(tmp_path / "q.jsonl", {"video_dir": "x/1.mp4", "QA_pairs": [ASKED, ASKED | {"sub_category": "smell"}, 7]},
              {"video_dir": "y/1.mp4", **ASKED}, {"video_dir": "y/1.mp4", **ASKED, "answer": ""}), intake,
    )  # fmt: skip
    assert [(one.key, one.part) for one in found] == [("x/1.mp4", "q1"), ("y/1.mp4", "q1")]
    assert found[0].groups == {"sub_category": "lighting"}
    assert intake.kinds() == {"unknown_category": 2, "no_question": 1}
    with pytest.raises(DataError, match="VidCapBench-AE_QA"):
        load(lines(tmp_path / "n.jsonl", {"video_dir": "x", "QA_pairs": []}), DataIntake())


@pytest.mark.parametrize("score", [3, -2, 0.5, "A", None])
def test_a_grade_off_the_scale_is_no_answer(score: Any) -> None:
    with pytest.raises(ValidationError):
        VidCapMark.model_validate({"score": score, "analysis": ""})


def graded(id: str, category: str, score: int, **fields: Any) -> Case:
    return case(id, replies={"grade": {"score": score, "analysis": ""}}, groups={"sub_category": category}, **fields)


def test_grades_are_pooled_by_dimension_and_over_all() -> None:
    found = outcome([graded("1", "lighting", 2), graded("2", "style", 1), graded("3", "events", -1),
                     graded("4", "events", 0),
                     case("5", "", groups={"sub_category": "events"})])  # fmt: skip
    (table,) = tables(found)
    assert rows(table)["aesthetics"] == (2, 50.0, 100.0, 100.0, None)
    assert rows(table)["content"] == (3, 0.0, 0.0, pytest.approx(100 / 3), None)
    assert rows(table)["overall"][:4] == (5, 20.0, pytest.approx(200 / 3), 60.0) and "tokens" in table.notes[0]


def test_conciseness_is_accuracy_by_the_mean_length_of_a_videos_caption() -> None:
    cases = [graded("1", "lighting", 2, video="v", tokens=100), graded("2", "lighting", 2, video="v", tokens=100),
             graded("3", "lighting", 0, video="w", tokens=300)]  # fmt: skip
    (table,) = tables(outcome(cases))
    assert rows(table)["overall"][-1] == pytest.approx(100 * (200 / 3) / 200) and not table.notes

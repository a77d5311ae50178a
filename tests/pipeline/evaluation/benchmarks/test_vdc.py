"""VDC: questions of five aspects read from their files, grades over videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.benchmarks.vdc import VDC, VDCVerdict, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows

ASKED = {"question": "Where?", "answer": "Here.", "category": "c"}


def test_a_folder_is_read_by_aspect_and_other_files_are_noted(tmp_path: Path) -> None:
    lines(tmp_path / "camera.jsonl", {"v.mp4": [ASKED, ASKED | {"question": ""}], "w": "none"})
    lines(tmp_path / "short.jsonl", {"video_id": "v", **ASKED})
    lines(tmp_path / "readme.jsonl", {"video_id": "v", **ASKED})
    intake = DataIntake()
    found = load(tmp_path, intake)
    assert [(one.key, one.part, one.prompt, one.reference) for one in found] == [
        ("v", "camera/q1", "camera", "Here."), ("v", "short/q1", "short", "Here."),
    ]  # fmt: skip
    assert found[0].groups == {"aspect": "camera", "category": "c"}
    assert intake.kinds() == {"no_question": 1, "not_a_record": 1} and intake.notes.total() == 1


def test_one_file_names_its_aspect_or_each_line_does(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "detailed.jsonl", {"video_id": "v", **ASKED}, {"video_id": "v", "aspect": "camera", **ASKED}, [1]
    )
    intake = DataIntake()
    assert [one.prompt for one in load(path, intake)] == ["detailed", "camera"] and intake.kinds() == {
        "not_a_record": 1
    }
    path.write_text(json.dumps({"v": []}))
    with pytest.raises(DataError, match="holds no question"):
        load(path, DataIntake())


@pytest.mark.parametrize(("pred", "good"), [("yes", True), ("No.", True), ("maybe", False)])
def test_a_verdict_is_yes_or_no(pred: str, good: bool) -> None:
    assert (VDC.steps["grade"].check(VDCVerdict(pred=pred, score=3), case("a")) is None) == good


def graded(id: str, video: str, aspect: str, score: int, pred: str) -> Case:
    return case(
        id, replies={"answer": "x", "grade": {"pred": pred, "score": score}}, video=video, groups={"aspect": aspect}
    )


def row(table: Any, name: str) -> dict[str, Any]:
    return dict(zip(table.columns[1:], rows(table)[name], strict=True))


def test_videos_are_averaged_within_an_aspect_and_aspects_over_all() -> None:
    cases = [graded("1", "v", "camera", 4, "yes"), graded("2", "v", "camera", 2, "no"),
             graded("3", "w", "camera", 0, "no"),
             graded("4", "v", "mood", 5, "yes"), case("5", "", video="u", groups={"aspect": "mood"})]  # fmt: skip
    (table,) = tables(outcome(cases))
    mine, published = row(table, "mine"), row(table, "(published rule: videos at 0 dropped)")
    assert (mine["camera Acc↑"], mine["camera Score↑"]) == (25.0, 1.5)
    assert (mine["mood Acc↑"], mine["mood Score↑"], mine["Avg. Acc↑"]) == (50.0, 2.5, 37.5)
    assert (published["camera Acc↑"], published["mood Score↑"]) == (50.0, 5.0)

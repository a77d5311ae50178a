"""Events missed, wrong and made up: read, asked with loops collapsed, the middle run reported whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.answers import EventErrors
from asid.pipeline.evaluation.benchmarks.salmonn2 import SALMONN2, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows

EVENTS = SALMONN2.steps["events"]


def told(id: str, missing: list[int], incorrect: list[int], hallucinated: list[str], **fields: Any) -> Case:
    answer = {"missing": missing, "incorrect": incorrect, "hallucinated": hallucinated}
    return case(id, replies={"events": answer}, statements=("a", "b", "c", "d"), **fields)


def test_events_are_read_once_for_each_video(tmp_path: Path) -> None:
    intake = DataIntake()
    one, empty = load(lines(tmp_path / "t.jsonl", {"video_id": "x/v.mp4", "events": ["a", "", "b"]}, {"video_id": "w"},
                            {"video_id": "v", "events": ["c"]}), intake)  # fmt: skip
    assert (one.key, one.statements, one.is_empty) == ("v", ("a", "b"), False) and empty.is_empty
    assert intake.kinds() == {"double_reference": 1}
    with pytest.raises(DataError, match="no video with events"):
        load(lines(tmp_path / "n.jsonl", {"no": 1}), DataIntake())


def test_a_loop_is_shown_to_the_judge_once() -> None:
    values = EVENTS.values(case("a", "It goes on " * 50, statements=("x",)))
    assert values is not None and values["caption"].count("It goes on") == 1 and "1. x" in values["events"]


@pytest.mark.parametrize(
    ("missing", "incorrect", "good"), [([1], [2], True), ([], [], True), ([5], [], False), ([1], [1], False)]
)
def test_an_event_is_missed_or_wrong_and_there(missing: list[int], incorrect: list[int], good: bool) -> None:
    answer = EventErrors.model_validate({"missing": missing, "incorrect": incorrect, "hallucinated": []})
    assert (EVENTS.check(answer, told("a", [], [], [])) is None) == good


def test_shares_of_one_run() -> None:
    (main, ratios) = tables(outcome([told("a", [1], [2], ["x"]), told("b", [], [], [])]))
    assert rows(main)["mine"] == (12.5, 25.0, 37.5) and not main.notes
    assert rows(ratios)["run 1"] == (12.5, 25.0, 37.5)


def test_a_missing_caption_is_missed_whole_and_said_so() -> None:
    main = tables(outcome([told("a", [], [], ["x"]), case("b", caption="", statements=("a", "b", "c", "d"))]))[0]
    assert rows(main)["mine"] == (50.0, 25.0, 75.0) and "1 of 2 verdicts are missing: all missed" in main.notes[0]


def test_of_an_odd_number_of_runs_the_middle_one_is_reported() -> None:
    found = outcome(
        [told(f"a#{run}", list(range(1, missed + 1)), [], [], run=run) for run, missed in enumerate((4, 1, 2))]
    )
    main, each, _ = tables(found)
    assert rows(main)["mine"] == (50.0, 0.0, 50.0) and rows(each)["run 1"] == (100.0, 0.0, 100.0)
    assert "of 3 runs the middle one" in main.title


def test_of_an_even_number_each_is_given() -> None:
    found = outcome(
        [told(f"a#{run}", list(range(1, missed + 1)), [], [], run=run) for run, missed in enumerate((4, 1))]
    )
    main = tables(found)[0]
    assert rows(main) == {"mine, run 1": (100.0, 0.0, 100.0), "mine, run 2": (25.0, 0.0, 25.0)}

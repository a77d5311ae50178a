"""Multiple-choice questions out of the published forms, and where each of them went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.benchmarks.qa import QA, lettered, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from tests.kits.casekit import case, lines, outcome, rows

ANSWER = QA.steps["answer"]
CHOICES = ["A man in red", "A woman", "Nobody"]


def read(tmp_path: Path, *records: Any) -> tuple[list[Any], DataIntake]:
    intake = DataIntake()
    return load(lines(tmp_path / "set.jsonl", *records), intake), intake


@pytest.mark.parametrize(
    ("choices", "answer", "right"),
    [
        (CHOICES, "B", "B"), (CHOICES, "(C)", "C"), (CHOICES, "A. A man in red", "A"), (CHOICES, "A woman", "B"),
        (CHOICES, "Nobody", "C"), (["A. x", "B. y"], "y", "B"), (["A) x", "B) y"], "B) y", "B"),
        (["x", "y"], "A: x", "A"),
        (["no", "B"], "B", "B"),
    ],
)  # fmt: skip
def test_a_right_answer_is_a_letter_or_the_choices_own_text(
    tmp_path: Path, choices: Any, answer: str, right: str
) -> None:
    (one,), intake = read(tmp_path, {"video_id": "v", "question": "Who?", "choices": choices, "answer": answer})
    assert one.reference == right and not intake.faults


@pytest.mark.parametrize("answer", ["D", "A child", "A man in red.", "", None, "b", "nobody"])
def test_an_answer_that_is_none_of_the_choices_is_a_fault_and_no_letter_is_guessed(tmp_path: Path, answer: Any) -> None:
    good = {"video_id": "w", "question": "Who?", "choices": CHOICES, "answer": "A"}
    found, intake = read(tmp_path, good, good | {"video_id": "v", "answer": answer})
    assert len(found) == 1 and intake.kinds() == {"no_answer": 1}


@pytest.mark.parametrize(
    "record",
    [{"video_id": "v", "Question": "Who?", "Choice": CHOICES, "Answer": "A", "Type": "t", "video_duration": "30s"},
     {"video_id": "v", "duration": "30s",
      "questions": [{"question": "Who?", "options": CHOICES, "answer": "A", "task_type": "t"}]},
     {"v": {"video_duration": "30s",
            "task0": {"question": "Who?", "candidates": CHOICES, "answer": "A", "type": "t"}}}],
)  # fmt: skip
def test_the_published_forms_are_read(tmp_path: Path, record: Any) -> None:
    (one,), _ = read(tmp_path, record)
    assert (one.key, one.part, one.question, one.choices, one.reference) == ("v", "q1", "Who?", tuple(CHOICES), "A")
    assert one.groups == {"set": "set", "type": "t", "duration": "30s"}


def test_questions_of_a_video_are_numbered_and_poor_ones_are_faults(tmp_path: Path) -> None:
    good = {"video_id": "v", "question": "Who?", "choices": CHOICES, "answer": "A"}
    found, intake = read(tmp_path, good, good, good | {"choices": ["only one"]}, good | {"question": ""})
    assert [one.part for one in found] == ["q1", "q2"] and intake.kinds() == {"no_question": 2}
    (tmp_path / "none.json").write_text(json.dumps([]))
    with pytest.raises(DataError, match="holds no question"):
        load(tmp_path / "none.json", DataIntake())


def test_choices_have_their_letters_once() -> None:
    assert lettered(["x", "y"]) == "A. x\nB. y" and lettered(["A. x", "B) y"]) == "A. x\nB) y"


@pytest.mark.parametrize(
    ("reply", "good"), [("A", True), ("(b)", True), ("N/A", True), ("C", False), ("I think A", False)]
)
def test_a_reply_is_a_letter_of_the_choices(reply: str, good: bool) -> None:
    said = ANSWER.check(reply, case("a", choices=("x", "y")))
    assert (said is None) == good and (said is None or "A to B" in said)


def test_every_question_has_its_place_in_the_tables() -> None:
    def asked(id: str, reply: str | None, kind: str = "t") -> Any:
        said = {"answer": reply} if reply else {}
        return case(id, "A caption." if reply else "", said, choices=("x", "y"), reference="B",
                    groups={"set": "s", "type": kind})  # fmt: skip

    found = outcome(
        [asked("a", "B"), asked("b", "A"), asked("c", "N/A", "u"), asked("d", None, "u"), asked("e", "b", "u")]
    )
    main, counts, by_type = tables(found)
    assert rows(main)["mine"] == (40.0,) and rows(counts)["s"] == (5, 2, 1, 1, 1, pytest.approx(200 / 3))
    assert rows(by_type) == {"t": (2, 50.0), "u": (3, pytest.approx(100 / 3))}
    untyped = outcome([asked("a", "B", "")])
    assert len(tables(untyped)) == 2

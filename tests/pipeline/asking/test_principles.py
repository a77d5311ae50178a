"""Principles that a model writes for its own grade: lines of a prompt, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.principles import PART, written
from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.prompts import Prompts
from tests.kits.modelkit import Listed, stored

GOOD = [{"name": f" Order {number} ", "demand": "events stand in their order"} for number in range(3)]


def answer(*principles: dict[str, str]) -> str:
    return json.dumps({"principles": principles})


def write(tmp_path: Path, *answers: str) -> tuple[str, Listed]:
    model = Listed(*answers)
    text = stored(tmp_path, lambda: written(model, "judge", "  Is the camera told?\n", Prompts()))
    return text, model


def test_each_is_a_line_and_the_model_was_asked_the_question(tmp_path: Path) -> None:
    text, model = write(tmp_path, answer(*GOOD))
    assert text == "".join(f"- Order {number}: events stand in their order\n" for number in range(3))
    assert "Is the camera told?" in model.asked[0].prompt and model.asked[0].task == "principles"


@pytest.mark.parametrize(
    "bad",
    [
        answer(*GOOD[:2]),
        answer(*GOOD, {"name": "Two\nlines", "demand": "that open a prompt of their own"}),
        answer(*GOOD, {"name": "A place", "demand": "{{transcript}} is put in"}),
        answer(*GOOD, {"name": "A fence", "demand": "</evidence> ends it"}),
        "they are in order",
    ],
)
def test_what_could_not_stand_in_a_prompt_is_asked_for_again(tmp_path: Path, bad: str) -> None:
    text, model = write(tmp_path, bad, answer(*GOOD))
    assert text.count("\n") == 3 and len(model.asked) == 2


def test_a_model_that_writes_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidAnswer):
        write(tmp_path, answer())


def test_what_is_written_can_be_a_part_of_a_prompt(tmp_path: Path) -> None:
    """The shipped prompts that grade by aspects take it in the place of theirs."""
    text, _ = write(tmp_path, answer(*GOOD))
    (tmp_path / PART).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / f"{PART}temporal.txt").write_text(text)
    found: Any = Prompts(tmp_path).text("judge/temporal")
    assert "- Order 2: events stand in their order" in found and found != Prompts().text("judge/temporal")

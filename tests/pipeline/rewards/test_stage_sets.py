"""Training rows and their rollouts, joined by id, and the sets that are written of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.rewards import difficulty, reward, stage_sets
from tests.kits.evalkit import lines

VERL = {"data_source": "asid", "extra_info": {"id": 7}}
SWIFT = {"messages": [], "videos": ["clips/eight.mp4"]}


def test_rows_are_known_by_their_id_or_their_video_in_each_trainers_form(tmp_path: Path) -> None:
    intake = DataIntake()
    rows = stage_sets.read_rows(lines(tmp_path / "t.jsonl", [VERL, SWIFT, {"id": "n.mp4"}, {"a": 1}, [1]]), intake)
    assert list(rows) == ["7", "eight", "n"] and rows["eight"] == SWIFT
    assert intake.kinds() == {"no_id": 2}


@pytest.mark.parametrize(
    ("rows", "said"), [([SWIFT, {"id": "eight"}], "two rows are of eight"), ([{"a": 1}], "holds no training row")]
)
def test_rows_that_rollouts_could_not_be_joined_to_are_refused(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        stage_sets.read_rows(lines(tmp_path / "t.jsonl", rows), DataIntake())


def test_rollouts_of_one_row_come_in_one_file_or_in_many(tmp_path: Path) -> None:
    intake = DataIntake()
    first = lines(tmp_path / "a.jsonl", [{"id": 7, "caption": "x", "generated_tokens": 12}, {"id": 7, "caption": ""}])
    second = lines(
        tmp_path / "b.jsonl",
        [{"video_id": "7.mp4", "pred": "y", "tokens": -1}, {"id": "9", "caption": "?"}, {"id": 7, "caption": None}, {}],
    )
    found = stage_sets.read_rollouts([first, second], {"7": VERL}, intake)
    assert [(one.text, one.tokens) for one in found["7"]] == [("x", 12), ("", None), ("y", None)]
    assert intake.kinds() == {"unknown_id": 1, "no_caption": 2}
    with pytest.raises(DataError, match="no rollout is of a training row"):
        stage_sets.read_rollouts([first], {"8": SWIFT}, DataIntake())


def test_each_rollout_is_held_against_its_own_row() -> None:
    rows = {name: {"extra_info": {"dialogues": [f"nurse: {said}"]}} for name, said in (("a", "Sit."), ("b", "Go on."))}
    told = [stage_sets.Sampled("A nurse says, 'Sit.'", None)]
    given = asyncio.run(stage_sets.rewards_of(reward("dialogue"), rows, {"a": told, "b": told}))
    assert given == {"a": [1.0], "b": [0.0]}
    assert asyncio.run(stage_sets.rewards_of(reward("dialogue"), rows, {})) == {"a": [], "b": []}


def test_sets_hold_the_rows_as_they_came(tmp_path: Path) -> None:
    rows: dict[str, Any] = {"easy": {"id": "easy"}, "hard": {"id": "hard", "text": "名 \ud800", "n": 1.50}}
    bounds = difficulty.DifficultyBounds()
    made = difficulty.partition({"easy": [1.0] * 8, "hard": [0.0] * 8}, bounds)
    assert stage_sets.write(tmp_path / "deep" / "sets", rows, made, bounds, {"reward": "mine"}) == {
        "stage1": 1, "stage2": 2,
    }  # fmt: skip
    lines_of = [(tmp_path / "deep" / "sets" / f"stage{n}.jsonl").read_text("utf-8").splitlines() for n in (1, 2)]
    assert lines_of[1] == lines_of[0] * 2 and "名" in lines_of[0][0] and json.loads(lines_of[0][0])["n"] == 1.5
    told = json.loads((tmp_path / "deep" / "sets" / "partition.json").read_text())
    assert told["samples"]["easy"]["difficulty"] == "easy" and told["reward"] == "mine"

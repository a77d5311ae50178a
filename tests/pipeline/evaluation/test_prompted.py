"""Prompts of their own for videos: which video is asked what, and what a caption says of its prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation import prompted
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from tests.kits.evalkit import lines


def test_prompts_are_for_their_videos_or_for_every_one(tmp_path: Path) -> None:
    rows = [{"video_rel": "7.mp4", "prompt": "One."}, {"video_rel": 7, "prompt": "Two."},
            {"video_rel": "8", "prompt": "?"}]  # fmt: skip
    own = prompted.load(lines(tmp_path / "own.jsonl", rows), DataIntake())
    assert [(one.video, one.id, one.text) for one in own] == [("7", "0", "One."), ("7", "1", "Two."), ("8", "2", "?")]
    (first, second), none = prompted.tags_of(own, ["x.mp4", "7.mp4"]), prompted.tags_of(own, ["x.mp4"])
    assert (first["asked"], second["asked"], none) == ("One.", "Two.", [])
    assert prompted.said_of(second, "7.mp4") == {"prompt_id": "1"} and prompted.said_of(second, "x.mp4") is None
    every = lines(tmp_path / "all.jsonl", [{"aspect": "camera", "prompt": "C?"}, {"aspect": "short", "prompt": "S?"}])
    tags = prompted.tags_of(prompted.load(every, DataIntake()), ["x.mp4"])
    assert [prompted.said_of(one, "x.mp4") for one in tags] == [
        {"prompt_id": "0", "aspect": "camera"}, {"prompt_id": "1", "aspect": "short"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [([{"video_id": "a", "prompt": "?"}, {"prompt": "?"}], "leave videos out of all"),
     ([{"video_id": "a"}], "no prompt"),
     ([{"video_id": "a", "prompt_id": 1, "prompt": "?"}] * 2, "same prompt_id")],
)  # fmt: skip
def test_prompts_that_cannot_be_told_apart_are_refused(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        prompted.load(lines(tmp_path / "p.jsonl", rows), DataIntake())


def test_a_line_without_words_is_a_fault_and_keeps_its_number(tmp_path: Path) -> None:
    rows = [{"video": "a", "prompt": ""}, {"video": "a", "question": "Who?"}, ["a"]]
    intake = DataIntake()
    (one,) = prompted.load(lines(tmp_path / "p.jsonl", rows), intake)
    assert (one.video, one.id, one.text) == ("a", "1", "Who?")
    assert intake.kinds() == {"no_text": 1, "not_a_record": 1}

"""From the files of a command line to cases."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.prepare import prepare
from asid.pipeline.evaluation.registry import find
from tests.kits.casekit import lines

ANNOTATION = {"video_id": "a", "gt_dialogues": ["Ann: Hello there."], "is_single_shot": 1, "speaker_num": 1,
              "people_num_in_screen": 1}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return lines(
        tmp_path / "annotations.jsonl", ANNOTATION, ANNOTATION | {"video_id": "b"}, ANNOTATION | {"video_id": "c"}
    )


@pytest.fixture
def captions(tmp_path: Path) -> str:
    return str(lines(tmp_path / "mine.jsonl", {"video_id": "a", "caption": "x"}, {"video_id": "b", "caption": "y"}))


def test_cases_have_their_system_and_steps(data: Path, captions: str) -> None:
    made = prepare(find("diadem"), data, [captions], 1, DataIntake())
    assert (made.system, list(made.steps), len(made.cases)) == ("mine", ["dialogue", "speakers"], 3)
    named = prepare(find("diadem"), data, [captions], 1, DataIntake(), name="Mine 7B")
    assert named.system == "Mine 7B" and {one.system for one in named.cases} == {"Mine 7B"}


def test_clips_are_shown_where_their_folder_is_named(data: Path, captions: str, tmp_path: Path) -> None:
    folder = tmp_path / "clips" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.mp4").write_bytes(b"film")
    (folder / "b.txt").write_bytes(b"no film")
    intake = DataIntake()
    one, other, third = prepare(find("diadem"), data, [captions], 1, intake, videos=tmp_path / "clips").cases
    assert one.clip == (folder / "a.mp4").as_uri() and one.clip_sha256 == hashlib.sha256(b"film").hexdigest()
    assert other.clip == third.clip == "" and (
        intake.notes["clips that are not in the folder of videos: their judge is shown the words alone"] == 2
    )


def test_what_is_missing_on_the_command_line_is_said(data: Path, captions: str, tmp_path: Path) -> None:
    for name, given, words, videos in (
        ("qa", tmp_path / "gone.json", [captions], None),
        ("qa", None, [captions], None),
        ("qa", data, [captions, captions], None),
        ("qa", data, [], None),
        ("diadem", data, [captions], tmp_path / "gone"),
        ("elo", None, [], None),
        ("elo", data, [captions], None),
    ):
        with pytest.raises(DataError, match=r"--data|--captions|no folder"):
            prepare(find(name), given, words, 1, DataIntake(), videos=videos)


def test_videos_are_refused_where_no_judge_looks(captions: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "qa.jsonl", {"video_id": "a", "question": "?", "choices": ["x", "y"], "answer": "A"})
    with pytest.raises(DataError, match="no judge of qa looks at videos: leave --videos out"):
        prepare(find("qa"), data, [captions], 1, DataIntake(), videos=tmp_path)


def test_votes_of_a_file_need_no_judge_and_pairs_of_captions_do(captions: str, tmp_path: Path) -> None:
    votes = lines(tmp_path / "votes.jsonl", {"video_id": "a", "a": "x", "b": "y", "winner": "a"})
    made = prepare(find("elo"), votes, [], 1, DataIntake())
    assert list(made.steps) == [] and [one.id for one in made.cases] == ["a/v1"]
    other = str(lines(tmp_path / "other.jsonl", {"video_id": "a", "caption": "z"}))
    judged = prepare(find("elo"), None, [captions, other], 1, DataIntake())
    assert list(judged.steps) == ["better"] and [one.video for one in judged.cases] == ["a", "b"]

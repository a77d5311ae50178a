"""Columns that people wrote in a run's input list are the data of a benchmark, where they are of the whole video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.prepare import Prepared, prepare
from asid.pipeline.evaluation.registry import find
from asid.pipeline.run.folder import Run
from tests import samples

QUESTION = {"question": "Who barks?", "choices": ["a dog", "a cat"], "answer": "a dog"}


def run_of(
    folder: Path, *tags: dict[str, str], names: tuple[str, ...] = (), parts: frozenset[int] = frozenset()
) -> Run:
    """A finished run of one clip for each video, with these columns; those of `parts` are a part of theirs."""
    run = Run(folder, samples.manifest(folder.parent / "source"))
    run.freeze()
    videos = [
        samples.video(number, tags=one, name=names[number] if names else f"v{number}.mp4")
        for number, one in enumerate(tags)
    ]
    clips = []
    for number, video in enumerate(videos):
        clip = samples.judged(video, 0, caption=f"Caption {number}.")
        clips.append([clip if number in parts else clip.model_copy(update={"id": video.id, "source_uri": ""})])
    samples.write(run, "00000", videos, clips, 1)
    return run


def prepared(folder: Path, name: str, intake: DataIntake | None = None) -> Prepared:
    return prepare(find(name), None, [str(folder)], 1, intake or DataIntake())


@pytest.mark.parametrize(
    ("benchmark", "columns", "field", "truth"),
    [
        ("salmonn2", {"events": json.dumps(["a dog runs", "it barks"])}, "statements", ("a dog runs", "it barks")),
        ("salmonn2", {"events": "a dog runs\nit barks\n"}, "statements", ("a dog runs", "it barks")),
        ("diadem", {"dialogue": "Ann: hello\nBob: bye"}, "statements", ("Ann: hello", "Bob: bye")),
        ("avocado", {"caption": "A dog runs."}, "reference", "A dog runs."),
        ("avocado", {"points": "a dog\na gate"}, "statements", ("a dog", "a gate")),
        ("ugc", {"caption": "A dog runs."}, "reference", "A dog runs."),
        ("dream", {"caption": "A dog runs.", "events": "a dog runs"}, "reference", "A dog runs."),
        ("qa", {"questions": json.dumps([QUESTION])}, "choices", ("a dog", "a cat")),
        ("grounding", {"sentence": "a dog barks", "start": "1", "end": "2.5"}, "question", "a dog barks"),
    ],
)
def test_what_people_wrote_is_held_against_the_captions_of_the_run(
    tmp_path: Path, benchmark: str, columns: dict[str, str], field: str, truth: Any
) -> None:
    run_of(tmp_path / "run", columns | {"path": "elsewhere.mp4", "id": "77"})
    (case,) = prepared(tmp_path / "run", benchmark).cases
    assert (case.caption, case.gap, getattr(case, field)) == ("Caption 0.", "", truth)


def test_the_run_may_be_the_data_of_captions_from_elsewhere(tmp_path: Path) -> None:
    run_of(tmp_path / "run", {"events": "a dog runs"}, {"events": "a cat sits"})
    mine = tmp_path / "mine.jsonl"
    mine.write_text(json.dumps({"video_id": "v1.mp4", "caption": "Other."}))
    made = prepare(find("salmonn2"), tmp_path / "run", [str(mine)], 1, DataIntake())
    assert [(case.video, case.caption, case.gap) for case in made.cases] == [
        ("v0.mp4", "", "no_caption"), ("v1.mp4", "Other.", "")
    ]  # fmt: skip


def test_the_truth_of_a_whole_video_is_none_of_its_parts(tmp_path: Path) -> None:
    told, intake = {"events": "a dog runs"}, DataIntake()
    run_of(tmp_path / "run", told, told, parts=frozenset({1}))
    made = prepared(tmp_path / "run", "salmonn2", intake)
    assert [case.video for case in made.cases] == ["v0.mp4"]
    assert intake.kinds()["part_of_video"] == 1


def test_videos_of_one_name_are_told_apart_by_nobody(tmp_path: Path) -> None:
    told, intake = {"events": "a dog runs"}, DataIntake()
    run_of(tmp_path / "run", told, told, told, names=("a.mp4", "a.mp4", "b.mp4"))
    assert [case.video for case in prepared(tmp_path / "run", "salmonn2", intake).cases] == ["b.mp4"]
    assert intake.kinds()["double_name"] == 2


def test_a_video_without_a_word_is_told_and_a_list_without_the_column_is_refused(tmp_path: Path) -> None:
    intake = DataIntake()
    run_of(tmp_path / "run", {"events": "a dog runs"}, {"mood": "calm"})
    assert len(prepared(tmp_path / "run", "salmonn2", intake).cases) == 1 and intake.kinds()["no_reference"] == 1
    run_of(tmp_path / "other", {"mood": "calm"})
    with pytest.raises(DataError, match="no column that salmonn2 reads"):
        prepared(tmp_path / "other", "salmonn2")


def test_a_text_that_begins_like_json_stays_a_text(tmp_path: Path) -> None:
    intake = DataIntake()
    run_of(tmp_path / "run", {"events": "[Music] plays\na dog runs"})
    (case,) = prepared(tmp_path / "run", "salmonn2", intake).cases
    assert case.statements == ("[Music] plays", "a dog runs")
    assert intake.notes["columns that begin like JSON and are none, read as text"] == 1

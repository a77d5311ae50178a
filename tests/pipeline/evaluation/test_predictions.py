"""Captions out of files, and their joining to what a benchmark asks about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asid.pipeline.evaluation.benchmark import Reference
from asid.pipeline.evaluation.files import DataError, short_key
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.predictions import Predictions, join, load_predictions
from asid.pipeline.evaluation.registry import find
from tests.kits.casekit import lines
from tests.samples import make

QA = find("qa")


def loaded(path: Path, benchmark: str = "qa") -> tuple[dict[tuple[str, str], str], DataIntake]:
    intake = DataIntake()
    found = load_predictions(str(path), find(benchmark), intake)
    return {key: one.text for key, one in found.found.items()}, intake


@pytest.mark.parametrize(
    "record",
    [{"video_id": "x/a.mp4", "caption": "A cat."}, {"id": "a", "pred": " A cat. "},
     {"video": "a.mkv", "response": "A cat."},
     {"a": "A cat."}, {"a": {"caption": "A cat."}}, {"idx": "a", "output": "A cat."}],
)  # fmt: skip
def test_many_names_of_fields_are_known(tmp_path: Path, record: dict[str, Any]) -> None:
    found, intake = loaded(lines(tmp_path / "mine.jsonl", record))
    assert found == {("a", ""): "A cat."} and not intake.faults


def test_a_system_is_named_by_its_file(tmp_path: Path) -> None:
    path = lines(tmp_path / "my model.v2.jsonl", {"id": "a", "text": "x"})
    assert load_predictions(str(path), QA, DataIntake()).system == "my model.v2"


def test_what_is_no_caption_is_a_fault_by_kind(tmp_path: Path) -> None:
    found, intake = loaded(
        lines(tmp_path / "mine.jsonl", {"video_id": "a", "caption": "A cat."}, {"caption": "whose?"}, {"video_id": "b"},
              [1], {"video_id": "", "caption": "x"}, {"video_id": "c", "caption": {"x": 1}}, "{broken")
    )  # fmt: skip
    assert found == {("a", ""): "A cat."}
    assert intake.kinds() == {"no_id": 2, "no_text": 2, "not_a_record": 1, "unreadable": 1}


def test_of_two_captions_of_a_video_the_first_counts_and_the_same_twice_is_a_note(tmp_path: Path) -> None:
    found, intake = loaded(
        lines(
            tmp_path / "mine.jsonl",
            {"id": "a", "text": "one"},
            {"id": "a.mp4", "text": "two"},
            {"id": "a", "text": "one"},
            {"id": "a", "text": "one"},
        )
    )
    assert found == {("a", ""): "one"} and intake.kinds() == {"double_id": 1}
    assert intake.notes["captions that stand twice with the same text"] == 2


def test_an_empty_caption_is_one_and_a_number_is_an_id(tmp_path: Path) -> None:
    found, intake = loaded(lines(tmp_path / "mine.jsonl", {"video_id": 7, "caption": None}))
    assert found == {("7", ""): ""} and intake.notes.total() == 1


def test_tokens_and_prompts_are_read_where_there_are_some(tmp_path: Path) -> None:
    path = lines(tmp_path / "mine.jsonl", {"video_id": "a", "caption": "x", "n_tokens": "12", "prompt_id": 3})
    one = load_predictions(str(path), find("following"), DataIntake()).found["a", "3"]
    assert (one.tokens, one.prompt) == (12, "3")
    assert load_predictions(str(path), QA, DataIntake()).found["a", ""].prompt == ""


def test_a_file_without_captions_or_none_at_all_is_refused_with_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="each record needs an id"):
        loaded(lines(tmp_path / "mine.jsonl", {"video_id": "a"}))
    with pytest.raises(DataError, match="--captions takes one of them"):
        loaded(tmp_path / "gone.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no run, and there is no \.parquet"):
        loaded(tmp_path / "empty")


def test_a_dataset_is_read_by_the_names_of_its_sources(tmp_path: Path) -> None:
    table = pa.table({"id": ["x-1"], "source_name": ["a.mp4"], "caption": ["A cat."]})
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data" / "part.parquet")
    assert loaded(tmp_path)[0] == {("a", ""): "A cat."}


def test_a_run_gives_its_finished_captions_by_file_name(tmp_path: Path) -> None:
    run = make(tmp_path / "run", videos=2, clips=1)
    found, _ = loaded(tmp_path / "run")
    names = {short_key(row.name): row.caption.strip() for row in run.all_rows("finish")}
    assert {key for key, _ in found} == set(names)


# --- joining -----------------------------------------------------------------------------------------------------


def captions(*names: str, prompt: str = "", text: str = "A cat.", tmp: Path) -> Predictions:
    records = [{"video_id": name, "caption": text, "prompt_id": prompt} for name in names]
    return load_predictions(str(lines(tmp / "mine.jsonl", *records)), find("following"), DataIntake())


def test_each_reference_is_a_case_in_each_run(tmp_path: Path) -> None:
    asked = [Reference("a.mp4", "a", "q1", question="?"), Reference("b", "b")]
    made = join(QA, asked, captions("a", tmp=tmp_path), 2, DataIntake())
    assert [(one.id, one.run, one.gap) for one in made] == [
        ("a.mp4/q1", 0, ""), ("b", 0, "no_caption"), ("a.mp4/q1#1", 1, ""), ("b#1", 1, "no_caption"),
    ]  # fmt: skip
    assert made[0].caption == "A cat." and made[0].system == "mine" and made[0].question == "?"


def test_a_caption_without_text_is_a_gap_of_its_own(tmp_path: Path) -> None:
    (one,) = join(QA, [Reference("a", "a")], captions("a", text=" ", tmp=tmp_path), 1, DataIntake())
    assert one.gap == "empty_caption"


def test_captions_may_come_under_another_key(tmp_path: Path) -> None:
    (one,) = join(QA, [Reference("a", "a", aliases=("17",))], captions("17", tmp=tmp_path), 1, DataIntake())
    assert one.caption == "A cat."


def test_captions_of_no_video_and_references_of_nothing_are_faults(tmp_path: Path) -> None:
    intake = DataIntake()
    made = join(
        QA, [Reference("a", "a"), Reference("e", "e", is_empty=True)], captions("a", "z", tmp=tmp_path), 1, intake
    )
    assert [one.id for one in made] == ["a"]
    assert intake.kinds() == {"unknown_id": 1, "no_reference": 1}


def test_a_caption_for_a_prompt_serves_that_prompt_alone(tmp_path: Path) -> None:
    asked = [Reference("a", "a", "p1", "1"), Reference("a", "a", "p2", "2")]
    intake = DataIntake()
    made = join(find("following"), asked, captions("a", prompt="2", tmp=tmp_path), 1, intake)
    assert [one.gap for one in made] == ["no_caption", ""] and not intake.faults
    intake = DataIntake()
    with pytest.raises(DataError):
        join(find("following"), asked, captions("a", tmp=tmp_path), 1, intake)  # it says not which
    assert intake.kinds() == {"no_prompt": 1}


def test_a_second_reference_of_the_same_id_is_scored_too(tmp_path: Path) -> None:
    intake = DataIntake()
    made = join(QA, [Reference("a", "a"), Reference("a", "a")], captions("a", tmp=tmp_path), 1, intake)
    assert [one.id for one in made] == ["a", "a/2"] and intake.notes.total() == 1


def test_captions_of_quite_other_videos_are_refused_with_examples_of_both(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"captions are of 'z', … and the data of 'a'"):
        join(QA, [Reference("a", "a")], captions("z", tmp=tmp_path), 1, DataIntake())

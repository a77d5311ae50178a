"""ASID-1M's own shape: which file a row is in, what is in it, and the card by which it loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from asid.pipeline.dataset.export.asid_1m import EXPORTER, card, part
from asid.pipeline.dataset.export.items import Item
from tests.kits.exportkit import clip, written

ALL = Item("all", (), "ask", "answer")
ONE = Item("single", ("scene",), "ask", "answer")


@pytest.mark.parametrize(
    ("seconds", "whole", "single"),
    [(0.5, "0_30_s", "0_3_m"), (30.0, "0_30_s", "0_3_m"), (30.01, "30_s_3_m", "0_3_m"), (180.0, "30_s_3_m", "0_3_m"),
     (180.01, "over_3_m", "over_3_m")],
)  # fmt: skip
def test_clips_of_30_seconds_and_of_3_minutes_are_in_the_shorter_part(seconds: float, whole: str, single: str) -> None:
    assert part(clip(duration=seconds), ALL) == whole
    assert part(clip(duration=seconds), ONE) == single


def test_what_is_held_back_is_in_parts_of_its_own() -> None:
    assert part(clip(split="test"), ALL) == "test_0_30_s"
    assert part(clip(split="validation", duration=40), ONE) == "validation_0_3_m"


def test_a_row_has_the_question_after_its_video_and_what_it_is_about(tmp_path: Path) -> None:
    found = written(
        EXPORTER, [clip(0), clip(1, sound=False, split="test")], tmp_path, kinds=("all", "single", "subset")
    )
    assert {name: len(rows) for name, rows in found.items() if name.endswith("jsonl")} == {
        "all_attributes/0_30_s.jsonl": 1, "all_attributes/test_0_30_s.jsonl": 1,
        "single_attribute/0_3_m.jsonl": 2, "single_attribute/test_0_3_m.jsonl": 2,
        "some_attributes/0_3_m.jsonl": 1, "some_attributes/test_0_3_m.jsonl": 1,
    }  # fmt: skip
    (row,) = found["all_attributes/test_0_30_s.jsonl"]
    asked, answered = row["messages"]
    assert asked["role"] == "user" and asked["content"].startswith("<video>") and len(asked["content"]) > 20
    assert answered == {"role": "assistant", "content": clip(1).caption}
    assert row["videos"] == [str(tmp_path / "run/media/1.mp4")]
    assert (row["id"], row["attributes"], row["duration"], row["sound"]) == ("c001", [], 10.0, False)
    assert found["single_attribute/0_3_m.jsonl"][1]["attributes"] == ["camera"]


def read(text: str) -> dict[str, Any]:
    front = text.split("---\n")[1]
    found: dict[str, Any] = YAML(typ="safe").load(front)
    return found


def test_the_card_names_every_split_as_text_and_changes_with_the_rows() -> None:
    files = {
        "all_attributes/0_30_s.jsonl": "a",
        "all_attributes/test_0_30_s.jsonl": "b",
        "single_attribute/0_3_m.jsonl": "c",
    }
    one, single = read(card(files))["configs"]
    assert one["config_name"] == "all_attributes"
    assert one["data_files"] == [
        {"split": "0_30_s", "path": "all_attributes/0_30_s.jsonl"},
        {"split": "test_0_30_s", "path": "all_attributes/test_0_30_s.jsonl"},
    ]
    assert single["data_files"] == [{"split": "0_3_m", "path": "single_attribute/0_3_m.jsonl"}]
    other, same = read(card(files | {"all_attributes/0_30_s.jsonl": "z"}))["configs"]
    assert other["description"] != one["description"]
    assert same["description"] == single["description"]


def test_the_written_card_describes_the_written_files(tmp_path: Path) -> None:
    found = written(EXPORTER, [clip(0), clip(1)], tmp_path)
    (config,) = read(found["README.md"].decode())["configs"]
    assert [entry["path"] for entry in config["data_files"]] == [name for name in found if name.endswith("jsonl")]

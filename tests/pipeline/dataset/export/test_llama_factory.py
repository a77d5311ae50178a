"""LLaMA-Factory's shape: which media a row names, and what `dataset_info.json` says of each file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.dataset.export import media
from asid.pipeline.dataset.export.llama_factory import EXPORTER, entry
from tests.kits.exportkit import clip, written


@pytest.fixture(autouse=True)
def tone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clips here have no file: what ffmpeg would cut out of them is given."""
    monkeypatch.setattr(media.excerpt, "sound", lambda *_: b"RIFF")
    monkeypatch.setattr(media.Storage, "local", lambda *_: Path("none.mp4"))


def test_each_video_is_followed_by_its_sound_and_silent_clips_are_apart(tmp_path: Path) -> None:
    found = written(EXPORTER, [clip(0), clip(1, sound=False)], tmp_path)
    assert sorted(found) == ["dataset_info.json", "media/00/c000.wav", "train_silent.jsonl", "train_sound.jsonl"]
    (heard,), (silent,) = found["train_sound.jsonl"], found["train_silent.jsonl"]
    assert heard["messages"][0]["content"].startswith("<video><audio>")
    assert heard["audios"] == [str(tmp_path / "out/media/00/c000.wav")]
    assert "audios" not in silent and "<audio>" not in silent["messages"][0]["content"]
    assert [one["role"] for one in heard["messages"]] == ["user", "assistant"]


def test_a_model_that_only_sees_gets_no_sound(tmp_path: Path) -> None:
    found = written(EXPORTER, [clip(0)], tmp_path, audio="none")
    assert sorted(found) == ["dataset_info.json", "train_silent.jsonl"]


def test_pairs_are_in_files_of_their_own_with_both_answers(tmp_path: Path) -> None:
    found = written(EXPORTER, [clip(0, rejected="worse"), clip(1, split="test")], tmp_path, audio="none")
    (row,) = found["pairs_train_silent.jsonl"]
    assert [one["role"] for one in row["messages"]] == ["user"]
    assert row["chosen"] == {"role": "assistant", "content": clip(0).caption}
    assert row["rejected"] == {"role": "assistant", "content": "worse"}
    info = json.loads(found["dataset_info.json"])
    assert sorted(info) == ["asid_pairs_train_silent", "asid_test_silent"]
    assert {said["file_name"] for said in info.values()} == {name for name in found if name.endswith("jsonl")}


def test_an_entry_names_only_the_columns_that_its_file_has() -> None:
    plain = {"messages": "messages", "videos": "videos"}
    assert entry("train_silent.jsonl")["columns"] == plain
    assert entry("stage2_sound.jsonl")["columns"] == plain | {"audios": "audios"}
    pairs = entry("pairs_train_sound.jsonl")
    assert pairs["columns"] == plain | {"audios": "audios", "chosen": "chosen", "rejected": "rejected"}
    assert pairs["ranking"] is True and "ranking" not in entry("train_sound.jsonl")
    assert pairs["tags"]["user_tag"] == "user" and pairs["formatting"] == "sharegpt"

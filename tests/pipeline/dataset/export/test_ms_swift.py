"""ms-swift's shape: one turn a row, sound apart from silence, a worse answer beside a better one."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.dataset.export import media
from asid.pipeline.dataset.export.ms_swift import EXPORTER
from tests.kits.exportkit import clip, written


def test_clips_with_and_without_sound_never_share_a_file(tmp_path: Path) -> None:
    clips = [clip(0), clip(1, sound=False), clip(2, split="test"), clip(3, split="validation", sound=False)]
    found = written(EXPORTER, clips, tmp_path)
    assert {name: [row["videos"][0].rpartition("/")[2] for row in rows] for name, rows in found.items()} == {
        "train_sound.jsonl": ["0.mp4"], "train_silent.jsonl": ["1.mp4"], "test_sound.jsonl": ["2.mp4"],
        "validation_silent.jsonl": ["3.mp4"],
    }  # fmt: skip


def test_the_sound_is_in_the_video_unless_asked_for_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media.excerpt, "sound", lambda *_: b"RIFF")
    monkeypatch.setattr(media.Storage, "local", lambda *_: Path("none.mp4"))
    (row,) = written(EXPORTER, [clip(0)], tmp_path / "video")["train_sound.jsonl"]
    assert "audios" not in row and "<audio>" not in row["messages"][0]["content"]
    found = written(EXPORTER, [clip(0), clip(1, sound=False)], tmp_path / "file", audio="file")
    (row,) = found["train_sound.jsonl"]
    assert row["messages"][0]["content"].startswith("<video><audio>")
    assert row["audios"] == [str(tmp_path / "file/out/media/00/c000.wav")]
    assert found["media/00/c000.wav"] == b"RIFF"
    assert "audios" not in found["train_silent.jsonl"][0]


def test_a_pair_has_its_worse_answer_beside_the_conversation(tmp_path: Path) -> None:
    (pair, plain) = written(EXPORTER, [clip(0, rejected="worse"), clip(1)], tmp_path)["train_sound.jsonl"]
    assert pair["rejected_response"] == "worse"
    assert pair["messages"][1] == {"role": "assistant", "content": clip(0).caption}
    assert "rejected_response" not in plain


def test_a_row_for_each_question(tmp_path: Path) -> None:
    rows = written(EXPORTER, [clip(0)], tmp_path, kinds=("all", "single"))["train_sound.jsonl"]
    assert [row["messages"][1]["content"] for row in rows] == [clip(0).caption, "At 0s, a room.", "At 4s, a pan."]
    assert len({row["messages"][0]["content"] for row in rows}) == 3


def test_no_clip_makes_no_file(tmp_path: Path) -> None:
    assert written(EXPORTER, [], tmp_path) == {}

"""TRL's shape: stills in place of the video, inside the Parquet, and one place in the question for each."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from asid.pipeline.dataset.export import trl
from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.items import Item
from asid.pipeline.dataset.export.trl import EXPORTER, row
from tests.kits.exportkit import clip, place, written


def frames(run: Path, count: int) -> list[dict[str, Any]]:
    """Stills whose bytes say which they are."""
    for number in range(count):
        place(run, f"run:media/{number}.jpg", f"still {number}".encode())
    return [{"time": float(number), "uri": f"run:media/{number}.jpg"} for number in range(count)]


def rows(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(data)).to_pylist()
    return found


@pytest.mark.parametrize(
    ("there", "taken"), [(1, [0]), (8, [0, 1, 2, 3, 4, 5, 6, 7]), (9, [0, 1, 2, 3, 4, 5, 6, 7]),
                         (16, [0, 2, 4, 6, 8, 10, 12, 14])]
)  # fmt: skip
def test_at_most_eight_stills_evenly_and_in_order_of_time(tmp_path: Path, there: int, taken: list[int]) -> None:
    found = written(EXPORTER, [clip(0, frames=frames(tmp_path / "run", there))], tmp_path)
    (only,) = rows(found["train.parquet"])
    assert [image["bytes"] for image in only["images"]] == [f"still {number}".encode() for number in taken]
    asked = only["messages"][0]["content"]
    assert [part["type"] for part in asked] == ["image"] * len(taken) + ["text"]
    assert only["id"] == "c000"


def test_a_pair_is_a_question_and_both_answers_in_a_file_of_its_own(tmp_path: Path) -> None:
    stills = frames(tmp_path / "run", 2)
    found = written(EXPORTER, [clip(0, rejected="worse", frames=stills), clip(1, frames=stills)], tmp_path)
    assert sorted(found) == ["pairs_train.parquet", "train.parquet"]
    (pair,) = rows(found["pairs_train.parquet"])
    said = {name: pair[name][0]["content"][0]["text"] for name in ("chosen", "rejected")}
    assert said == {"chosen": clip(0).caption, "rejected": "worse"}
    assert [turn["role"] for turn in pair["prompt"]] == ["user"]


def test_every_row_is_written_though_only_a_batch_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trl, "BATCH", 2)
    stills = frames(tmp_path / "run", 1)
    found = written(EXPORTER, [clip(number, frames=stills) for number in range(5)], tmp_path)
    assert [one["id"] for one in rows(found["train.parquet"])] == [f"c{number:03d}" for number in range(5)]


def test_a_clip_without_stills_is_refused_by_its_name() -> None:
    with pytest.raises(ExportError, match=r"c004 has no stills.*split with stills"):
        EXPORTER.write([clip(4)], None)  # type: ignore[arg-type]


def test_what_an_exporter_of_stills_says_of_itself() -> None:
    assert EXPORTER.frames and EXPORTER.pairs
    plain = row(Item("all", (), "ask", "answer"), 0)
    assert plain["messages"][0]["content"] == [{"type": "text", "text": "ask"}]
    assert plain["messages"][1]["content"] == [{"type": "text", "text": "answer"}]

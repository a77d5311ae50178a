"""How fast a run went: every line that can be read, whatever a kill has left of the others."""

from __future__ import annotations

import time
from pathlib import Path

from asid.pipeline.run.pace import NAME, note, read
from asid.pipeline.storage import Storage


def test_what_was_noted_is_read_in_order(tmp_path: Path) -> None:
    storage, began = Storage(tmp_path), time.time()
    note(storage, "cut", "00001", 7)
    note(storage, "caption-é", "00000", 0)
    found = list(read(storage))
    assert [(step, shard, rows) for _, step, shard, rows in found] == [("cut", "00001", 7), ("caption-é", "00000", 0)]
    assert began - 0.01 <= found[0][0] <= found[1][0] <= time.time() + 0.01


def test_lines_cut_short_and_foreign_ones_are_passed_over(tmp_path: Path) -> None:
    note(Storage(tmp_path), "cut", "00000", 1)
    with (tmp_path / NAME).open("ab") as file:
        file.write(
            b'{"at": 1, "step": "cut", "sh\n\xff\xfe\nnull\n[]\n{"at": "x", "step": 1, "shard": 2, "rows": 3}\n\n'
        )
    note(Storage(tmp_path), "cut", "00001", 2)
    assert [shard for _, _, shard, _ in read(Storage(tmp_path))] == ["00000", "00001"]


def test_a_run_without_pace_has_none(tmp_path: Path) -> None:
    assert list(read(Storage(tmp_path / "nowhere"))) == []
    assert list(read(Storage("s3://bucket/run"))) == []


def test_a_pace_that_cannot_be_noted_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    note(Storage(tmp_path), "cut", "00000", 1)
    note(Storage("s3://bucket/run"), "cut", "00000", 1)
    assert list(read(Storage(tmp_path))) == []

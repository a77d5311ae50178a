"""Sets for GRPO: so many clips, and the hard ones twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.dataset.export import ExportError, GrpoSet, Settings, export
from asid.pipeline.rewards.difficulty import partition
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run", videos=6)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()
    ]


def test_so_many_clips_are_drawn_and_the_same_ones_twice(run: Run, tmp_path: Path) -> None:
    captions = {row.id: row.caption for row in run.all_rows("finish") if row.kept}
    for name in ("one", "two"):
        export(run, "ms-swift", tmp_path / name, Settings(grpo=GrpoSet(3)))
    found = rows(tmp_path / "one")
    assert len(found) == 3 and found == rows(tmp_path / "two")
    for row in found:
        assert [turn["role"] for turn in row["messages"]] == ["user"], "the answer is what rewards compare with"
        assert row["solution"] == captions[row["id"]] and row["videos"]
    assert all(name.startswith("grpo_") for name in json.loads((tmp_path / "one" / "export.json").read_text())["lines"])
    with pytest.raises(ExportError, match="99 clips are asked for"):
        export(run, "ms-swift", tmp_path / "three", Settings(grpo=GrpoSet(99)))
    with pytest.raises(ExportError, match="for ms-swift"):
        export(run, "llama-factory", tmp_path / "four", Settings(grpo=GrpoSet(1)))


def test_what_is_too_easy_is_left_out_and_what_is_hard_stands_twice(run: Run, tmp_path: Path) -> None:
    easy, hard, other, *_ = (row.id for row in run.all_rows("finish") if row.kept)
    parted = partition({easy: [0.9, 0.9, 0.91], hard: [0.1, 0.2, 0.1], other: [0.4, 0.6, 0.5]})
    (tmp_path / "second.json").write_text(json.dumps(parted.second))
    words = ["export", str(tmp_path / "run"), "--to", "ms-swift", "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(app, [*words, "--grpo", "0", "--clips", str(tmp_path / "second.json")])
    assert said.exit_code == 0, said.output
    assert sorted(row["id"] for row in rows(tmp_path / "out")) == sorted([hard, hard, other])
    (tmp_path / "second.json").write_text('["nobody"]')
    with pytest.raises(ExportError, match="1 of the clips named are not among the kept ones, such as nobody"):
        CliRunner().invoke(
            app, [*words, "--grpo", "0", "--clips", str(tmp_path / "second.json")], catch_exceptions=False
        )

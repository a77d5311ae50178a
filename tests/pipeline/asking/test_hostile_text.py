"""Markup, an anchor before the beginning, a caption in a loop, names from right to left, emoji: through every door by
which a dataset leaves the building, nothing runs and nothing is lost."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.report import html
from asid.pipeline.review import open_sample
from asid.pipeline.review.views import view
from asid.pipeline.rows import Judged
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = samples.make(tmp_path / "run", videos=4)
    samples.with_media(made)
    return made


@pytest.fixture
def wanted(run: Run) -> dict[str, Judged]:
    """The kept clips by id; among them every hostile caption and every hostile name."""
    found = {row.id: row for row in run.all_rows("finish") if row.kept}
    assert {row.caption for row in found.values()} >= set(samples.HOSTILE)
    assert max(len(row.caption) for row in found.values()) > 40_000
    assert {row.name for row in found.values()} == set(samples.NAMES)
    return found


def command(*words: str) -> None:
    told = CliRunner().invoke(app, list(words))
    assert told.exit_code == 0, told.output


def lines(folder: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(folder.rglob("*.jsonl")) for row in samples.lines(file)]


@pytest.mark.parametrize("to", ["asid-1m", "ms-swift"])
def test_exported_captions_are_those_of_the_run(run: Run, wanted: dict[str, Judged], tmp_path: Path, to: str) -> None:
    command("export", str(tmp_path / "run"), "--to", to, "--out", str(tmp_path / "out"), "--items", "all")
    answers = sorted(row["messages"][1]["content"] for row in lines(tmp_path / "out"))
    assert answers == sorted(row.caption for row in wanted.values())


def test_webdataset_and_trl_hold_them_too(run: Run, wanted: dict[str, Judged], tmp_path: Path) -> None:
    texts = sorted(row.caption for row in wanted.values())
    command("export", str(tmp_path / "run"), "--to", "trl", "--out", str(tmp_path / "trl"), "--items", "all")
    rows = pq.read_table(tmp_path / "trl" / "train.parquet", columns=["messages"]).to_pylist()
    assert sorted(row["messages"][1]["content"][0]["text"] for row in rows) == texts
    command("export", str(tmp_path / "run"), "--to", "webdataset", "--out", str(tmp_path / "tar"), "--items", "all")
    found = []
    for file in (tmp_path / "tar").glob("*.tar"):
        with tarfile.open(file) as tar:
            members = [tar.extractfile(member) for member in tar if member.name.endswith(".json")]
            found += [json.loads(member.read()) for member in members if member]
    assert sorted(row["caption"] for row in found) == texts


def test_published_rows_are_those_of_the_run(run: Run, wanted: dict[str, Judged], tmp_path: Path) -> None:
    command("publish", str(tmp_path / "run"), "--repo", "me/x", "--dry-run", "--out", str(tmp_path / "out"))
    rows = pq.read_table(tmp_path / "out" / "data" / "all_attributes").to_pylist()
    assert {row["id"]: (row["caption"], row["source_name"]) for row in rows} == {
        row.id: (row.caption, row.name) for row in wanted.values()
    }
    assert "<script" not in (tmp_path / "out" / "README.md").read_text("utf-8").partition("---\n")[2].split("---\n")[-1]


def test_seen_on_every_page(run: Run, wanted: dict[str, Judged], tmp_path: Path) -> None:
    page = html(run)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    clips = open_sample(run, 300, 1)
    for id, row in wanted.items():
        shown = view(clips.get(id))
        assert "".join(part["text"] for part in shown["parts"]) == row.caption
        assert json.loads(json.dumps(shown)) == shown
        said = CliRunner().invoke(app, ["show", str(tmp_path / "run"), id])
        assert said.exit_code == 0
        assert not set(said.output) & set("\u202e\u0000\u001b")

"""Commands for what leaves a run, as they are typed: what they print, what they change, and what a dry run leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.errors import UserError
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = samples.make(tmp_path / "run", videos=2, clips=2)
    samples.with_media(run)
    return run


def asid(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), catch_exceptions=True)


def refused(*words: str) -> str:
    result = asid(*words)
    assert result.exit_code != 0
    return str(result.exception) if isinstance(result.exception, UserError) else result.output


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and file.name != ".lock"
    }


def test_an_export_prints_its_files_with_their_rows(run: Run, tmp_path: Path) -> None:
    said = asid("export", str(tmp_path / "run"), "--to", "ms-swift", "--out", str(tmp_path / "out"), "--items", "all")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == ["train_sound.jsonl: 4"]
    assert len((tmp_path / "out/train_sound.jsonl").read_text().splitlines()) == 4


def test_drawn_stages_are_told_with_what_was_not_drawn(run: Run, tmp_path: Path) -> None:
    said = asid("export", str(tmp_path / "run"), "--to", "asid-1m", "--out", str(tmp_path / "out"), "--items", "all",
                "--draw", "stage2=3")  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "stage2: 3 drawn, 1 not_drawn" in said.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "ms-swft"), "did you mean 'ms-swift'"),
        (("--to", "trl", "--items", "al"), "'al' is none of all, single, subset"),
        (("--to", "trl", "--audio", "loud"), "'loud' is none of video, file, none"),
        (("--to", "trl", "--test", "1"), "leave something for training"),
        (("--to", "trl", "--test", "nan"), "leave something for training"),
        (("--to", "asid-1m", "--draw", "stage9=1"), "write it as stage1=150000"),
        (("--to", "webdataset", "--stages"), "training stages are drawn of captions for asid-1m"),
    ],
)
def test_a_wrong_word_is_told_and_nothing_is_written(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in refused("export", str(tmp_path / "run"), "--out", str(tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


def test_a_dry_run_of_gc_names_what_would_go_and_leaves_it(run: Run, tmp_path: Path) -> None:
    stray = tmp_path / "run/media/00/stray.mp4"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x" * 1234)
    said = asid("gc", str(tmp_path / "run"), "--dry-run")
    assert "run/media/00/stray.mp4" in said.output and said.output.rstrip().endswith(
        "1 file, 1,234 bytes, nothing removed: a dry run"
    )
    assert stray.exists()
    assert "1 file, 1,234 bytes removed" in asid("gc", str(tmp_path / "run")).output
    assert not stray.exists()
    assert "0 files, 0 bytes removed" in asid("gc", str(tmp_path / "run")).output


def test_a_video_is_forgotten_with_all_its_rows_and_a_dry_run_forgets_none(run: Run, tmp_path: Path) -> None:
    before = files(tmp_path / "run")
    id = next(run.all_rows("ingest")).id
    said = asid("forget", str(tmp_path / "run"), id, "--dry-run")
    assert said.exit_code == 0, said.output
    assert "1 video, " in said.output and "nothing removed, a dry run" in said.output
    assert files(tmp_path / "run") == before
    said = asid("forget", str(tmp_path / "run"), id)
    assert said.exit_code == 0 and "answers are kept" in said.output
    assert [row.id for row in Run.open(tmp_path / "run").all_rows("ingest")] == ["0000000000000001"]


def test_forgetting_needs_a_video() -> None:
    assert "name the run and at least one video" in refused("forget", "run").replace("\n", " ")

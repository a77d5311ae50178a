"""What no row speaks of goes; everything that one speaks of stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.gc import orphans, remove
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = samples.make(tmp_path / "run", videos=2, clips=2)
    samples.with_media(made)
    return made


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def litter(folder: Path) -> list[str]:
    places = [
        "media/clips/0/old 100%.mp4",
        "media/frames/gone/00000001.jpg",
        "media/.partial-abc",
        "scratch/tmp1/p.mp4",
    ]
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(b"x" * 10)
    return places


def test_orphans_are_found_and_removed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    before = files(folder)
    assert orphans(run) == []
    places = litter(folder)
    found = orphans(run)
    assert sorted(orphan.uri for orphan in found) == sorted((folder / place).as_uri() for place in places)
    assert sum(orphan.size for orphan in found) == 40
    remove(run, found)
    assert files(folder) == before
    assert not (folder / "scratch").exists()
    assert not (folder / "media/frames").exists(), "folders with nothing left in them go too"


def test_media_of_a_shard_that_is_gone_are_orphans(run: Run, tmp_path: Path) -> None:
    named = {row.uri for row in run.all_rows("finish")} | {f.uri for row in run.all_rows("finish") for f in row.frames}
    run.storage.delete(run.uri("finish", "00000"))
    assert {orphan.uri for orphan in orphans(run)} == {run.storage.resolve(uri) for uri in named}


def test_nothing_is_taken_for_an_orphan_beside_a_shard_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    litter(tmp_path / "run")
    (tmp_path / "run/finish/00000.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(shards.ShardError):
        orphans(run)


def test_the_command_says_what_goes(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    before = files(folder)
    litter(folder)
    dry = CliRunner().invoke(app, ["gc", str(folder), "--dry-run"])
    assert (dry.exit_code, files(folder) > before) == (0, True)
    assert "4 files" in dry.output
    assert "old%20100%25.mp4" in dry.output
    done = CliRunner().invoke(app, ["gc", str(folder)])
    assert (done.exit_code, files(folder) - {".lock"}) == (0, before)
    assert "0 files" in CliRunner().invoke(app, ["gc", str(folder)]).output

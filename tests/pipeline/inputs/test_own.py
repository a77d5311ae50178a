"""What asid has made lies in the folder it read: it is no input."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.own import lies_in, own_folders
from asid.pipeline.storage import Storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp4", "asid-run/media/clips/x.mp4", "asid-run/run.json", "asid-run/manifest.yaml",
                 "out/videos/y.mp4", "theirs/b.mp4"):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (tmp_path / "out" / "export.json").write_text(json.dumps({"lines": {}, "files": ["videos/y.mp4"]}))
    (tmp_path / "theirs" / "export.json").write_text('{"bookmarks": []}')
    return tmp_path


@pytest.mark.parametrize("pattern", ["", "**/*.mp4", "*/**/*.mp4"])
def test_runs_and_exports_are_passed_over_and_counted(folder: Path, pattern: str) -> None:
    skipped: Counter[str] = Counter()
    path = str(folder / pattern) if pattern else str(folder)
    found = {row.name for row in list_inputs([InputConfig(path=path)], Storage(folder / "run"), skipped)}
    assert found == ({"b.mp4"} if pattern.startswith("*/") else {"a.mp4", "b.mp4"})
    assert skipped["(run folder)"] >= 1 and skipped["(exported folder)"] >= 1


def test_a_run_that_is_named_itself_holds_no_video(folder: Path) -> None:
    skipped: Counter[str] = Counter()
    assert not list(list_inputs([InputConfig(path=str(folder / "asid-run"))], Storage(folder / "run"), skipped))
    assert skipped == {"(run folder)": 1}


def test_run_folders_of_a_bucket() -> None:
    uris = [f"s3://b/{name}" for name in ("r/run.json", "r/manifest.yaml", "r/media/x.mp4", "v/a.mp4", "v/run.json")]
    own = own_folders(uris)
    assert own == {"s3://b/r"}
    assert [uri for uri in uris if not lies_in(uri, own)] == ["s3://b/v/a.mp4", "s3://b/v/run.json"]

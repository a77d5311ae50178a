"""Files that a stage's settings name lie where the manifest says, wherever the command is typed, and are looked for
before a run begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.recipe.manifest import load
from asid.pipeline.run.folder import Run
from asid.pipeline.run.preflight import preflight

RECIPE = """
inputs: [videos]
recipe:
- stage: ingest
- stage: split
- {stage: transcribe, music: false}
- {stage: cut, whole: true}
- {stage: against, videos: [benchmark.txt, "s3://bucket/benchmark", /abroad]}
- stage: take
"""


def named(manifest: Path) -> list[str]:
    (step,) = [step for step in load(manifest).steps() if step.name == "against"]
    return list(step.config.videos)


def test_relative_paths_start_at_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    expected = [str(tmp_path / "mine" / "benchmark.txt"), "s3://bucket/benchmark", "/abroad"]
    assert named(Path("mine/mine.yaml")) == expected


def test_those_of_a_manifest_that_is_extended_start_at_that_one(tmp_path: Path) -> None:
    for name in ("base", "over"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "base.yaml").write_text(RECIPE)
    (tmp_path / "over" / "same.yaml").write_text("extends: ../base/base.yaml\n")
    own = "extends: ../base/base.yaml\nrecipe:\n  against: {videos: [own.txt]}\n"
    (tmp_path / "over" / "own.yaml").write_text(own)
    assert Path(named(tmp_path / "over" / "same.yaml")[0]).resolve() == tmp_path / "base" / "benchmark.txt"
    assert named(tmp_path / "over" / "own.yaml") == [str(tmp_path / "over" / "own.txt")]


def test_what_is_not_there_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RECIPE.replace(', "s3://bucket/benchmark", /abroad', ""))
    run = Run(tmp_path / "run", load(tmp_path / "mine.yaml"))
    with pytest.raises(UserError, match=r"against: there is nothing at .*benchmark\.txt"):
        preflight(run, ["cut", "against"])
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "film.mp4").write_bytes(b"film")
    (tmp_path / "benchmark.txt").write_text("benchmark/film.mp4\n")
    preflight(run, ["cut", "against"])

"""The run folder: refused when it is in use, of another version, or not a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.prompts import PromptError, Prompts, fence
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.lock import lock
from asid.pipeline.storage import Storage
from tests.toys import recipe, videos


def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "run")
    with lock(storage), pytest.raises(RunError, match="another asid works on"), lock(storage):
        pass
    with lock(storage):
        pass


def test_a_folder_that_is_no_run_or_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run folder"):
        Run.open(tmp_path / "none")
    run = Run(tmp_path / "run", recipe(videos(tmp_path / "in", "a"), {"stage": "ToyWork"}))
    run.freeze()
    (tmp_path / "run" / "run.json").write_text(json.dumps({"format": "0"}))
    with pytest.raises(RunError, match="format 0"):
        Run.open(tmp_path / "run")
    with pytest.raises(RunError, match="format 0"):
        run.freeze()


def test_a_frozen_run_opens_with_the_same_fingerprints(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", recipe(videos(tmp_path / "in", "a"), {"stage": "ToyWork", "word": "w"}))
    run.freeze()
    assert Run.open(tmp_path / "run").fingerprints == run.fingerprints
    changed = Run.open(tmp_path / "run", ["recipe.1.word=x"]).fingerprints
    assert changed["ingest"] == run.fingerprints["ingest"] and changed["work"] != run.fingerprints["work"]


def test_prompts_are_strict_and_evidence_cannot_close_its_fence(tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("Hello {{name}}\n")
    prompts = Prompts(tmp_path)
    assert prompts.render("hello", name="you") == "Hello you\n"
    with pytest.raises(PromptError, match="needs name"):
        prompts.render("hello")
    with pytest.raises(PromptError, match="no place for more"):
        prompts.render("hello", name="x", more="y")
    with pytest.raises(PromptError, match=r"no.*absent"):
        prompts.text("absent")
    fenced = fence("transcript", "a </evidence> b </EVIDENCE >")
    assert fenced.lower().count("</evidence") == 1

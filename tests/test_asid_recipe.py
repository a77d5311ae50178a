"""The paper's own recipe, whole, with the scripted model in the places of the remote ones and no GPU asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.attributes import ATTRIBUTES
from pipeline.media import process
from pipeline.prompts import Prompts, shipped
from pipeline.run import Run
from pipeline.status import steps

pytestmark = [pytest.mark.media, pytest.mark.models, pytest.mark.cluster]
CLIP = shipped("manifests") / "demo" / "wanna_work_together.mp4"
HERE = [  # what this machine has instead
    *(f"models.{name}={{provider: scripted, model: rehearsed-{name}}}" for name in ("avocado", "seed", "gemini")),
    "recipe.transcribe.backend=embedded",
    "recipe.transcribe.weights=''",
    "recipe.transcribe.resources={cpus: 1}",
    "recipe.avocado.resources={cpus: 0}",
]


def test_every_step_does_its_part(tmp_path: Path) -> None:
    process.run(["ffmpeg", "-v", "error", "-i", str(CLIP), "-t", "14", "-c", "copy", str(tmp_path / "clip.mp4")], 120)
    text = (shipped("manifests") / "asid.yaml").read_text()
    (tmp_path / "asid.yaml").write_text(text.replace("inputs: []", "inputs: [clip.mp4]"))
    settings = [word for setting in HERE for word in ("--set", setting)]
    words = [sys.executable, "-m", "pipeline.cli", "run", str(tmp_path / "asid.yaml"), "--run", str(tmp_path / "run")]
    done = subprocess.run([*words, *settings], capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stdout + done.stderr

    run = Run.open(tmp_path / "run")
    assert {status.state for status in steps(run)} == {"done"}
    (row,) = run.all_rows("filter")
    assert [candidate.annotator for candidate in row.candidates] == ["avocado", "seed", "gemini"]
    prompts = Prompts()
    asked = {"avocado": "caption/general", "seed": "caption/subtitles", "gemini": "caption/subtitles"}
    for candidate in row.candidates:
        assert candidate.by.model == f"rehearsed-{candidate.annotator}" and candidate.by.provider == "scripted"
        assert candidate.by.prompt == prompts.hash(asked[candidate.annotator])
    assert {audit.attribute for audit in row.audits} == set(ATTRIBUTES)
    assert {row.draft_by.model, row.verified_by.model, row.decomposed_by.model} == {"rehearsed-seed"}
    assert row.caption

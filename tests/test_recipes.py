"""The recipes of the papers, whole, with the scripted model in the places of the remote ones and no GPU asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from datasets import load_dataset

from pipeline import publish
from pipeline.attributes import ATTRIBUTES
from pipeline.export import Settings, export
from pipeline.media import process
from pipeline.prompts import Prompts, shipped
from pipeline.report import html
from pipeline.review.views import view
from pipeline.rows import Audited, Refined
from pipeline.run import Run
from pipeline.status import steps

pytestmark = [pytest.mark.media, pytest.mark.models, pytest.mark.cluster]
CLIP = shipped("manifests") / "demo" / "wanna_work_together.mp4"
LOCAL = (  # what this machine has instead
    "recipe.transcribe.backend=embedded",
    "recipe.transcribe.weights=''",
    "recipe.transcribe.resources={cpus: 1}",
)


def rehearse(folder: Path, recipe: str, models: Sequence[str], settings: Sequence[str] = ()) -> Run:
    """The shipped recipe on 14 s of the shipped clip, which become one clip."""
    process.run(["ffmpeg", "-v", "error", "-i", str(CLIP), "-t", "14", "-c", "copy", str(folder / "clip.mp4")], 120)
    text = (shipped("manifests") / recipe).read_text()
    (folder / recipe).write_text(text.replace("inputs: []", "inputs: [clip.mp4]"))
    scripted = [f"models.{name}={{provider: scripted, model: rehearsed-{name}}}" for name in models]
    words = [sys.executable, "-m", "pipeline.cli", "run", str(folder / recipe), "--run", str(folder / "run")]
    words += [word for setting in (*scripted, *LOCAL, *settings) for word in ("--set", setting)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stdout + done.stderr
    run = Run.open(folder / "run")
    assert {status.state for status in steps(run)} == {"done"}
    return run


def test_asid(tmp_path: Path) -> None:
    run = rehearse(tmp_path, "asid.yaml", ("avocado", "seed", "gemini"), ["recipe.avocado.resources={cpus: 0}"])
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


def test_diadem(tmp_path: Path) -> None:
    models = ("words", "speakers", "avocado")
    run = rehearse(tmp_path, "diadem.yaml", models, ["recipe.avocado.resources={cpus: 0}"])
    (row,) = run.all_rows("filter")
    dialogue, whole = row.candidates
    assert (dialogue.by.model, dialogue.corrected_by.model) == ("rehearsed-words", "rehearsed-speakers")
    assert (whole.by.model, whole.corrected_by) == ("rehearsed-avocado", None)
    assert row.draft_by.prompt == Prompts().hash("integrate") and '"' in row.caption
    (clip,) = load_dataset(str(tmp_path / "run" / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    assert clip["written_by"] == ["rehearsed-words", "rehearsed-speakers", "rehearsed-avocado"]
    told = html(run)
    assert "correct dialogue" in told and "caption avocado" in told


def test_avocado(tmp_path: Path) -> None:
    """A recipe without attributes and audit: what reads a finished run does without them."""
    run = rehearse(tmp_path, "avocado.yaml", ("gemini", "judge"))
    (row,) = run.all_rows("filter")
    assert [candidate.annotator for candidate in row.candidates] == ["visual", "audio"]
    assert row.draft_by.prompt == Prompts().hash("merge") and row.caption
    assert row.kept and row.completeness == 4 and not isinstance(row, (Audited, Refined))

    (clip,) = load_dataset(str(tmp_path / "run" / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    assert clip["caption"] == row.caption and not set(ATTRIBUTES) & set(clip)
    assert clip["written_by"] == ["rehearsed-gemini"]

    assert sum(export(run, "ms-swift", tmp_path / "swift", Settings()).values()) == 1
    counts = publish.build(run, "somebody/avocado", tmp_path / "hub", publish.Settings(videos="none"))
    assert counts == {"data/all_attributes/train-00000.parquet": 1}
    card = (tmp_path / "hub" / "README.md").read_text()
    assert "No audit was made" in card and "single_attribute" not in card
    assert "No audit was made" in html(run)
    assert view(row)["attributes"] == view(row)["findings"] == []

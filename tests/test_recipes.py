"""The recipes of the papers, whole, with the scripted model in the places of the remote ones and no GPU asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from rich.console import Console
from typer.testing import CliRunner

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.cli import app
from asid.pipeline.cli.summary import print_summary, summary
from asid.pipeline.dataset import publish
from asid.pipeline.dataset.export import ExportError, Settings, export
from asid.pipeline.media import process
from asid.pipeline.prompts import Prompts, shipped
from asid.pipeline.report import html
from asid.pipeline.review.views import view
from asid.pipeline.rows import Audited, Refined
from asid.pipeline.run.folder import Run
from asid.pipeline.run.progress import Result
from asid.pipeline.run.status import steps

pytestmark = [pytest.mark.media, pytest.mark.models, pytest.mark.cluster]
CLIP = shipped("manifests") / "demo" / "wanna_work_together.mp4"
LOCAL = (  # what this machine has instead
    "recipe.transcribe.backend=embedded",
    "recipe.transcribe.weights=''",
    "recipe.transcribe.resources={cpus: 1}",
)


def rehearse(folder: Path, recipe: str, models: Sequence[str], settings: Sequence[str] = (), code: int = 0) -> Run:
    """The shipped recipe on 14 s of the shipped clip, which become one clip."""
    process.run(["ffmpeg", "-v", "error", "-i", str(CLIP), "-t", "14", "-c", "copy", str(folder / "clip.mp4")], 120)
    text = (shipped("manifests") / recipe).read_text()
    (folder / recipe).write_text(text.replace("inputs: []", "inputs: [clip.mp4]"))
    scripted = [f"models.{name}={{provider: scripted, model: rehearsed-{name}}}" for name in models]
    words = [sys.executable, "-m", "asid", "run", str(folder / recipe), "--run", str(folder / "run")]
    words += [word for setting in (*scripted, *LOCAL, *settings) for word in ("--set", setting)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540)
    assert done.returncode == code, done.stdout + done.stderr
    run = Run.open(folder / "run")
    assert {status.state for status in steps(run)} == {"done"}
    return run


def shown(run: Run, clip: str) -> str:
    said = CliRunner().invoke(app, ["show", str(run.storage.root).removeprefix("file://"), clip])
    assert said.exit_code == 0, said.output
    return said.output


def lines(run: Run, to: str, out: Path, how: Settings | None = None) -> list[Any]:
    """What an export writes, line by line."""
    export(run, to, out, how or Settings())
    return [json.loads(line) for file in out.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]


def test_asid(tmp_path: Path) -> None:
    settings = ["recipe.avocado.resources={cpus: 0}"]
    run = rehearse(tmp_path, "asid.yaml", ("avocado", "seed", "gemini"), settings)
    (row,) = run.all_rows("filter")
    (video,) = run.all_rows("ingest")
    assert (row.id, row.uri, row.sha256) == (video.id, video.uri, video.sha256), "a whole video is its clip"
    assert row.kept and not row.reasons
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
    assert "candidates dialogue" in told and "candidates avocado" in told
    assert "dialogue, corrected (rehearsed-speakers): At 0s" in shown(run, row.id)


def test_salmonn2(tmp_path: Path) -> None:
    """Preference pairs, from the judge's tally to what trainers read. The rehearsing judge may find no difference."""
    settings = [f"recipe.{name}.resources={{cpus: 0}}" for name in ("one", "two")]
    settings += ["recipe.filter.min_margin=0", "recipe.filter.min_repetition_gain=-1"]
    run = rehearse(tmp_path, "salmonn2.yaml", ("policy", "reference", "judge"), settings)
    (row,) = run.all_rows("filter")
    assert row.kept and row.events and row.reference == row.candidates[0].caption
    assert {row.chosen_from, row.rejected_from} == {"one", "two"} == {score.annotator for score in row.scores}
    captions = {candidate.annotator: candidate.caption for candidate in row.candidates}
    assert (row.caption, row.rejected) == (captions[row.chosen_from], captions[row.rejected_from])
    assert row.mends == ()

    (clip,) = load_dataset(str(tmp_path / "run" / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    assert (clip["caption"], clip["rejected"], clip["reference"]) == (row.caption, row.rejected, row.reference)
    assert "scores one" in html(run)
    told = shown(run, row.id)
    assert f"  two {row.scores[1].value:.3f} (rehearsed-judge)" in told
    assert f"  {row.chosen_from} before {row.rejected_from}, by {row.margin:.3f}" in told
    publish.build(run, "somebody/pairs", tmp_path / "hub", publish.PublishSettings(videos="none"))
    assert "`rejected` is a worse caption" in (tmp_path / "hub" / "README.md").read_text()
    (swift,) = lines(run, "ms-swift", tmp_path / "swift")
    question, answer = swift["messages"]
    assert question["content"].removeprefix("<video>") == Prompts().text("caption/base").strip(), "as it was asked"
    assert (answer["content"], swift["rejected_response"]) == (row.caption, row.rejected) and swift["videos"]
    (factory,) = lines(run, "llama-factory", tmp_path / "factory")
    assert factory["messages"] == [question | {"content": factory["messages"][0]["content"]}]
    assert (factory["chosen"]["content"], factory["rejected"]["content"]) == (row.caption, row.rejected)
    assert swift["reference"] == factory["reference"] == row.reference and swift["margin"] == row.margin
    note = json.loads((tmp_path / "swift" / "export.json").read_text())
    assert note["pairs"] == {"min_margin": 0.0, "min_repetition_gain": -1.0, "round": 1, "beta": 0.1, "lambda": 0.1}
    (deaf,) = lines(run, "llama-factory", tmp_path / "deaf", Settings(audio="none"))
    assert "audios" in factory and "audios" not in deaf and "<audio>" not in deaf["messages"][0]["content"]
    info = json.loads((tmp_path / "factory" / "dataset_info.json").read_text())
    (entry,) = info.values()
    assert entry["ranking"] and entry["file_name"].startswith("pairs_") and entry["columns"]["rejected"] == "rejected"
    export(run, "trl", tmp_path / "trl", Settings())
    (trl,) = load_dataset("parquet", data_files=str(tmp_path / "trl" / "pairs_train.parquet"), split="train",
                          cache_dir=str(tmp_path / "cache"))  # fmt: skip
    texts = [trl[name][0]["content"][0]["text"] for name in ("chosen", "rejected")]
    assert (
        texts == [row.caption, row.rejected]
        and trl["reference"] == row.reference
        and trl["prompt"][0]["role"] == "user"
        and trl["images"][0].size
    )

    with pytest.raises(ExportError, match="asid-1m has no form for preference pairs"):
        export(run, "asid-1m", tmp_path / "asid", Settings())


def test_avc_dpo(tmp_path: Path) -> None:
    """Both aspects in one run: a pair of each, graded by its own principles. Nothing is kept, and it is said why."""
    settings = [f"recipe.{name}.resources={{cpus: 0}}" for name in ("temporal", "spatial", "general", "grade")]
    settings += [f"recipe.{name}.settings={{seed: {seed}}}" for name, seed in (("temporal", 2), ("spatial", 3))]
    settings += ["recipe.filter.min_margin=1.1"]
    run = rehearse(tmp_path, "avc-dpo.yaml", ("policy", "judge"), settings, code=1)
    rows = {row.chosen_from: row for row in run.all_rows("filter")}
    assert set(rows) == {"temporal", "spatial"}
    for aspect, row in rows.items():
        assert row.id.endswith(f"-{aspect}") and (row.rejected_from, row.reference) == ("general", "")
        graded = [score for score in row.scores if score.aspect == aspect]
        assert {score.annotator for score in graded} == {aspect, "general"}
        assert {score.by.prompt for score in graded} == {Prompts().hash(f"judge/{aspect}")}
        assert row.caption != row.rejected and row.margin <= 1 and not row.kept
        assert "margin" in [reason.rule for reason in row.reasons]
    said = StringIO()
    print_summary(Console(file=said, width=200), summary(run, Result(samples=0)))
    assert "2 clips: 0 kept, 2 dropped" in said.getvalue() and "dropped by: margin 2" in said.getvalue()
    assert "nothing was kept, so there is no dataset" in said.getvalue()


def test_the_grading_model_writes_its_principles_and_they_are_used(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    words = ["principles", "avc-dpo.yaml", str(mine), "--set", "models.judge={provider: scripted, model: judge}"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    for aspect in ("temporal", "spatial"):
        text = (mine / "shared" / f"principles_{aspect}.txt").read_text()
        assert text.startswith("- Truth: ") and text.count("\n- ") == 2
        judged = Prompts(mine).text(f"judge/{aspect}")
        assert text in judged and Prompts(mine).hash(f"judge/{aspect}") != Prompts().hash(f"judge/{aspect}")
    assert list((mine / "answers" / "principles").glob("*.jsonl")), "what was paid for is kept beside them"
    assert CliRunner().invoke(app, words).exit_code == 2, "what is there is not written over"


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
    with pytest.raises(ExportError, match="no captions apart by attribute"):
        export(run, "ms-swift", tmp_path / "single", Settings(kinds=("single",)))
    counts = publish.build(run, "somebody/avocado", tmp_path / "hub", publish.PublishSettings(videos="none"))
    assert counts == {"data/all_attributes/train-00000.parquet": 1}
    card = (tmp_path / "hub" / "README.md").read_text()
    assert "No audit was made" in card and "single_attribute" not in card
    assert "No audit was made" in html(run)
    assert view(row)["attributes"] == [] and view(row)["findings"] is None

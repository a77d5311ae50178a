"""The main job, as a stranger runs it: the command line, a real clip and a broken one, the embedded models, Ray."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline import captions
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.prompts import shipped
from asid.pipeline.rows import Judged
from asid.pipeline.run.folder import Run

pytestmark = [pytest.mark.media, pytest.mark.models, pytest.mark.cluster]
CLIP = shipped("manifests") / "demo" / "wanna_work_together.mp4"
Asid = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "asid", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def states(folder: Path, *more: str) -> dict[str, dict[str, Any]]:
    lines = command("status", folder, "--json", *more).stdout.splitlines()
    return {status["name"]: status for status in map(json.loads, lines)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the shipped clip, the same clip under an odd name, and a file that is no video."""
    base = tmp_path_factory.mktemp("main")
    inputs = base / "videos"
    inputs.mkdir()
    shutil.copy(CLIP, inputs / "first.mp4")
    shutil.copy(CLIP, inputs / "new\nline 'quoted' 🎬.mp4")
    (inputs / "page.mp4").write_text("<html>403</html>")
    command("run", inputs, "--run", base / "run")
    return base / "run"


@pytest.fixture(scope="module")
def rows(run: Path) -> list[Judged]:
    return list(Run.open(run).all_rows("filter"))


def test_every_stage_is_done_and_every_file_accounted_for(run: Path) -> None:
    found = states(run)
    assert {status["state"] for status in found.values()} == {"done"}
    assert found["ingest"]["rows"] == 1 and found["ingest"]["failed"] == 1
    (video,) = Run.open(run).all_rows("ingest")
    assert len(video.duplicates) == 1
    assert "page.mp4" in command("failures", run).stdout


def test_captions_are_anchored_quoted_and_signed(rows: list[Judged]) -> None:
    assert rows and all(row.kept for row in rows)
    for row in rows:
        assert not row.remaining, row.remaining
        anchors = [block.anchor for block in captions.anchors.parse(row.caption) if block.anchor is not None]
        assert anchors and anchors == sorted(set(anchors)) and anchors[-1] <= row.duration
        assert row.quotes and all(quote.found for quote in row.quotes)
        assert {candidate.by.provider for candidate in row.candidates} == {"embedded"}
        assert set(ATTRIBUTES) == set(row.captions.model_dump()) and row.captions.speech
        facts = [fact for candidate in row.candidates for fact in candidate.facts]
        assert facts and all(fact.model for fact in facts)


def test_what_the_narrator_says_is_there(rows: list[Judged]) -> None:
    said = " ".join(re.findall(r"\w+", " ".join(row.caption for row in rows).lower()))
    for words in ("share your creativity", "learn from it", "working together to build"):
        assert words in said


def test_the_dataset_loads_and_its_clips_are_there(run: Path, rows: list[Judged], tmp_path: Path) -> None:
    from datasets import load_dataset

    loaded = load_dataset(str(run / "dataset"), split="train", cache_dir=str(tmp_path))
    assert sorted(loaded["id"]) == sorted(row.id for row in rows)
    for row in loaded:
        assert (run / "dataset" / row["video"]["path"]).stat().st_size > 10_000
        assert row["caption"] and row["transcript"]


def test_running_again_does_nothing(run: Path) -> None:
    assert "0 shards" in command("run", "--run", run).stdout


def test_one_attribute_is_audited_again_alone(run: Path) -> None:
    def answers() -> dict[str, int]:
        count: dict[str, int] = {}
        for file in (run / "audit" / "answers").rglob("*.jsonl"):
            for line in file.read_text().splitlines():
                attribute = json.loads(line)["attribute"]
                count[attribute] = count.get(attribute, 0) + 1
        return count

    before = answers()
    command("stage", "audit", "--run", run, "--attribute", "speech")
    after = answers()
    clips = len(list(Run.open(run).all_rows("audit")))
    assert after.pop("speech") == before.pop("speech") + clips
    assert after == before
    assert {status["state"] for status in states(run).values()} == {"done"}


def test_a_changed_prompt_makes_its_stage_and_those_after_it_stale(run: Path, tmp_path: Path) -> None:
    audit = (shipped("prompts") / "audit.txt").read_text()
    (tmp_path / "audit.txt").write_text(audit + "\nBe brief.\n")
    found = {name: status["state"] for name, status in states(run, "--prompts", str(tmp_path)).items()}
    stale = ["audit", "refine", "format", "near_duplicates", "filter"]
    assert found == {name: "stale" if name in stale else "done" for name in found}


def test_show_tells_of_one_clip(run: Path, rows: list[Judged]) -> None:
    shown = command("show", run, rows[0].id).stdout
    for part in ("caption-sound", "ensemble", "decompose", "speech:"):
        assert part in shown


def test_rows_are_derived_again_from_stored_answers_without_a_call(run: Path) -> None:
    command("stage", "refine", "--run", run, "--replay-only")
    assert {status["state"] for status in states(run).values()} == {"done"}

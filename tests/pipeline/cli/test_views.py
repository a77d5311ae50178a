"""Commands that look at a run, as they are typed: they print, and no file of the run changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.prompts import shipped
from asid.pipeline.recipe.manifest import load
from asid.pipeline.run.folder import Run
from tests import samples

# What only the rows of a run need, or only other commands: libraries, and modules of ours that bring them or are long.
LIBRARIES = """
cv2 rapidfuzz scenedetect onnxruntime faster_whisper pysubs2 torch pandas datasets huggingface_hub ray jinja2 aiohttp
openai google.genai vllm tenacity json_repair rich.live
"""
OURS = """
captions.anchors captions.checks captions.rules captions.speakers inputs.hub inputs.lists inputs.listing inputs.tars
media.cutting media.feed media.frames media.probe speech.diarize speech.subtitles speech.transcript
vision.shots vision.detectors vision.prints run.workshop engine
"""
HEAVY = {*LIBRARIES.split(), *(f"asid.pipeline.{module}" for module in OURS.split())}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    samples.make(tmp_path / "run", videos=2, clips=4)
    return tmp_path / "run"


def asid(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def looked(folder: Path, *words: str) -> str:
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    said = asid(*words)
    assert said.exit_code == 0, said.output
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    return said.output


def test_sql_without_a_query_names_the_tables_and_with_one_answers_it(folder: Path) -> None:
    tables = looked(folder, "sql", str(folder))
    assert tables.startswith("ingest: id string, ") and "\nfinish: id string, " in tables
    said = looked(
        folder, "sql", str(folder), "select kept, count(*) as n from finish group by kept order by n", "--json"
    )
    assert [json.loads(line) for line in said.splitlines()] == [{"kept": False, "n": 2}, {"kept": True, "n": 6}]
    assert looked(folder, "sql", "--run", str(folder), "select 1 as one").split() == ["one", "1"]


def test_a_run_and_itself_do_not_differ(folder: Path) -> None:
    assert looked(folder, "diff", str(folder), str(folder), "--json") == ""


def test_failures_of_one_step_alone(folder: Path, tmp_path: Path) -> None:
    run = samples.make(tmp_path / "failed", videos=2, clips=1)
    rows = run.rows("ingest", "00000")
    samples.write(run, "00000", rows, [[samples.judged(rows[0], 0)], []], 1)
    assert "refusal" in looked(tmp_path / "failed", "failures", str(tmp_path / "failed"), "--stage", "finish")
    assert "refusal" not in looked(tmp_path / "failed", "failures", str(tmp_path / "failed"), "--stage", "ingest")


def test_status_is_one_object_for_each_step(folder: Path) -> None:
    said = [json.loads(line) for line in looked(folder, "status", str(folder), "--json").splitlines()]
    assert [line.get("step") or line.get("name") for line in said][:2] == ["ingest", "finish"]


def test_a_clip_is_shown_wherever_its_run_is_named(folder: Path) -> None:
    clip = "0000000000000000-0000000-0010000"
    assert looked(folder, "show", str(folder), clip) == looked(folder, "show", clip, "--run", str(folder))


def test_a_report_is_one_page_at_the_name_given(folder: Path, tmp_path: Path) -> None:
    assert (
        looked(folder, "report", str(folder), "--out", str(tmp_path / "new/page.html"))
        == f"wrote {tmp_path / 'new/page.html'}\n"
    )
    page = (tmp_path / "new/page.html").read_text("utf-8")
    assert page.startswith("<!") and samples.SCRIPT not in page
    said = asid("report", str(folder), "--out", str(tmp_path))
    assert said.exit_code and "is a folder: name the HTML file" in str(said.exception)


def test_a_run_without_a_screen_says_how_to_have_one(folder: Path) -> None:
    said = asid("screen", str(folder))
    assert said.exit_code and "set audit.screen to a model that is cheap" in str(said.exception)


@pytest.mark.parametrize("name", sorted(file.name for file in shipped("manifests").glob("*.yaml")))
def test_status_loads_nothing_that_only_the_rows_need(name: str, tmp_path: Path) -> None:
    """Whatever the recipe: its stages are loaded to tell what is stale, and what they do to rows is not."""
    Run(tmp_path / "run", load(name)).freeze()
    looks = (
        "import sys; from asid.pipeline.cli import main; sys.argv = sys.argv[:3]; assert main() == 0; "
        "print(*sys.modules, file=sys.stderr)"
    )
    words = [sys.executable, "-c", looks, "status", str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "ingest" in done.stdout and {"asid.stages.ingest", "asid.pipeline.run.status"} <= loaded
    assert sorted(loaded & HEAVY) == []


def test_clips_are_counted_that_were_kept_and_those_that_each_rule_dropped(folder: Path) -> None:
    said = looked(folder, "status", str(folder))
    assert said.splitlines()[-1].startswith("kept 6 clips; ") and " dropped 2" in said


def test_a_name_is_printed_as_it_is(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / ":cat:" / "report.html"
    said = asid("report", str(folder), "--out", str(target))
    assert said.exit_code == 0, said.output
    assert said.output == f"wrote {target}\n" and target.is_file()

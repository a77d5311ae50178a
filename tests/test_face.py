"""`import asid`: its names, what they cost, and the quick start in its docstring."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import asid
from asid.pipeline.media import process
from asid.pipeline.prompts import shipped

NAMES = """
Audited Candidate Captioned Clip CorpusPass Decision Decomposed Drafted Event Failure Figures Formatted
FormattedByAttribute Judged Manifest Preferred Refined Result Row RunView Scored Split Stage StageConfig StepStatus
Transcribed Unprocessable UserError Verified Video __version__ grow load_manifest open run
"""


def test_the_public_names_are_these_and_all_there() -> None:
    assert asid.__all__ == NAMES.split()
    for name in asid.__all__:
        assert getattr(asid, name) is getattr(asid, name)
        assert name in dir(asid)
    assert not hasattr(asid, "Workshop")


def test_an_import_brings_nothing_but_itself() -> None:
    brought = "import sys, asid; print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    heavy = ["numpy", "pyarrow", "pydantic", "ray", "rich", "ruamel", "typer"]
    done = subprocess.run([sys.executable, "-c", brought, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.cluster
@pytest.mark.media
@pytest.mark.models
def test_the_quick_start_runs(tmp_path: Path) -> None:
    lines = (asid.__doc__ or "").split("\n")
    code = "\n".join(line for line in lines if line.startswith("    ") or not line).strip("\n")
    (tmp_path / "videos").mkdir()
    clip = shipped("manifests") / "demo" / "wanna_work_together.mp4"
    process.run(
        ["ffmpeg", "-v", "error", "-i", str(clip), "-t", "14", "-c", "copy", str(tmp_path / "videos/clip.mp4")], 120
    )
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(asid.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "", "it is silent but for what the callback prints"
    assert "filter/00000: 1 row in, 1 out" in done.stdout
    assert "clip.mp4 " in done.stdout and "At 0s, " in done.stdout
    *_, last = done.stdout.splitlines()
    assert last.startswith("1 1 ['done', ")

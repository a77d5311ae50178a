"""The stage that CONTRIBUTING.md shows, taken from the page: its own test passes and it takes part in a run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asid.pipeline.media import process
from asid.pipeline.run.folder import Run

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
SPEECH = "flite=text='share your creativity with the world':voice=slt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds the page's blocks: the stage, its step of a manifest, its test."""
    stage, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (step,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    (tmp_path / "loudness.py").write_text(stage)
    (tmp_path / "test_loudness.py").write_text(test)
    (tmp_path / "step.yaml").write_text(step)
    return tmp_path


def here(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(PAGE.parent)])
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def test_it_is_short_and_knows_no_ray_and_no_parquet(folder: Path) -> None:
    stage = (folder / "loudness.py").read_text()
    assert len(stage.splitlines()) < 60
    assert not re.search(r"ray|pyarrow|parquet", stage)


def test_its_test_passes(folder: Path) -> None:
    done = here("pytest", "-q", "-p", "no:cacheprovider", "test_loudness.py", folder=folder)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


@pytest.mark.cluster
@pytest.mark.media
@pytest.mark.models
def test_it_takes_part_in_a_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sight, sound = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=8"], ["-f", "lavfi", "-i", SPEECH]
    process.run(["ffmpeg", "-v", "error", *sight, *sound, "-pix_fmt", "yuv420p", str(folder / "clip.mp4")], 120)
    recipe = "".join(f"- stage: {name}\n" for name in ("ingest", "split", "transcribe", "cut"))
    manifest = f"version: 1\ninputs: [clip.mp4]\nrecipe:\n{recipe}{(folder / 'step.yaml').read_text()}"
    (folder / "mine.yaml").write_text(manifest)
    done = here("asid", "run", "mine.yaml", "--run", "run", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(folder))
    (clip,) = Run.open(folder / "run").all_rows("loudness")
    assert -50 < float(clip.tags["loudness_db"]) < 0

"""A run held against truth by the step that makes the rows, or refused where none does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation import truth
from asid.pipeline.metrics import captions
from asid.pipeline.run.folder import Run, RunError
from tests.samples import make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make(tmp_path / "run", videos=2, clips=2)


@pytest.mark.parametrize(("measure", "kind"), [(truth.of_shots, "Split"), (truth.of_speech, "Transcribed")])
def test_a_run_without_the_rows_says_which_it_lacks(
    run: Run, tmp_path: Path, measure: Callable[..., Any], kind: str
) -> None:
    with pytest.raises(RunError, match=f"no step that gives {kind} rows"):
        measure(run, tmp_path)


def test_captions_are_measured_on_the_finished_clips(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.truth.json").write_text(
        json.dumps({"file": "plain.mp4", "cut_times": [4.0], "utterances": [], "text": []})
    )
    line, whole = truth.of_captions(run, tmp_path)
    assert [line, whole] == captions.table(run.all_rows("finish"), tmp_path)
    assert (line["name"], line["clips"], whole["name"]) == ("plain.mp4", 2, "all")

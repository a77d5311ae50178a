"""A judged benchmark as a run: its manifest, its cases as shards, and what a run that has ended holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.judged import SHARD_CASES, figures, manifest, open_run, outcome, to_retry, write_cases
from asid.pipeline.evaluation.registry import find
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.storage import to_path
from tests.kits.casekit import case
from tests.samples import make

MODEL = {"judge": {"provider": "scripted", "script": "none.yaml"}}


def run_of(folder: Path, name: str = "qa") -> Run:
    benchmark = find(name)
    run = open_run(str(folder), manifest(name, benchmark, MODEL, dict.fromkeys(benchmark.steps, "judge")))
    run.freeze()
    return run


def cases(count: int) -> list:
    return [case(f"v{n}", choices=("x", "y"), reference="A", groups={"set": "s", "type": ""}) for n in range(count)]


def test_each_question_is_a_step_with_its_contract() -> None:
    made = manifest("vdc", find("vdc"), MODEL, {"answer": "judge", "grade": "judge"}, budget=2.5)
    steps = [dict(step) if isinstance(step, dict) else step.model_dump() for step in made.recipe]
    assert made.title == "benchmark vdc" and len(steps) == 3
    assert "vdc.answer" in json.dumps(steps[1], default=str) and "vdc.grade" in json.dumps(steps[2], default=str)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    run_of(tmp_path / "run")
    assert run_of(tmp_path / "run").manifest.title == "benchmark qa"
    with pytest.raises(RunError, match="is a run of qa: name another folder"):
        run_of(tmp_path / "run", "vdc")
    make(tmp_path / "data", videos=1, clips=1)
    with pytest.raises(RunError, match="is a run of a dataset"):
        run_of(tmp_path / "data")


def test_cases_are_written_once_and_read_back(tmp_path: Path) -> None:
    run, intake = run_of(tmp_path / "run"), DataIntake()
    intake.fault("no_id", "line 3", "it has none")
    write_cases(run, cases(SHARD_CASES + 1), intake)
    assert [row.id for row in run.all_rows("cases")] == [f"v{n}" for n in range(SHARD_CASES + 1)]
    assert list(run.shard_names("cases")) == ["00000", "00001"]
    assert [(one.kind, one.name) for one in run.failures("cases", "00000")] == [("no_id", "line 3")]
    file = to_path(run.storage.resolve(run.uri("cases", "00000")))
    before = file.stat().st_mtime_ns
    write_cases(run, cases(SHARD_CASES + 1), intake)
    assert file.stat().st_mtime_ns == before
    write_cases(run, cases(3), DataIntake())
    assert list(run.shard_names("cases")) == ["00000"] and len(list(run.all_rows("cases"))) == 3
    assert run.failures("cases", "00000") == []


def test_a_run_that_asked_nothing_yet_has_every_case_missing(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    write_cases(run, cases(2), DataIntake())
    found = outcome(run, "mine")
    assert found.missing == {"not_done": 2} and to_retry(run, "answer") == frozenset()
    made = figures(run, find("qa"), "mine", DataIntake())
    assert (made.expected, made.scored) == (2, 0) and made.judges == {"answer": []}
    assert json.loads(run.storage.read("run:figures.json"))["missing"] == {"not_done": 2}


def test_figures_of_nothing_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    write_cases(run, [], DataIntake())
    with pytest.raises(DataError, match="holds no case"):
        figures(run, find("qa"), "mine", DataIntake())

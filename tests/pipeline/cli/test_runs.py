"""Commands that do the work of a run: what they refuse before work, and how they end. In a terminal, and when they are
stopped, they are tried in `test_terminal.py`; wrong starts in `test_starts.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from asid.pipeline import interrupts
from asid.pipeline.cli import app, runs
from asid.pipeline.errors import UserError
from asid.pipeline.run.folder import Run
from asid.pipeline.run.progress import Result
from tests import samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    samples.make(tmp_path / "run", videos=2, clips=2)
    return tmp_path / "run"


def typed(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, UserError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.replace("│", " ").split())


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["stage", "finnish"], 2, "did you mean 'finish'"),
        (["stage", "finish", "--attribute", "spech"], 2, "did you mean 'speech'"),
        (["stage", "finish", "--failed"], 0, "finish: no row has failed"),
        (["stage", "finish", "--answers-from", "nowhere"], 2, "holds no stored answers"),
        (["submit", "--run", "here"], 2, "name a run folder that all nodes see"),
    ],
)
def test_what_cannot_be_done_is_told_and_the_run_is_as_it_was(
    words: list[str], code: int, told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    before = contents(folder)
    named = [] if words[0] == "submit" else ["--run", folder]
    found, said = typed(*words, *named)
    assert (found, told in said) == (code, True), said
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("result", "code", "told"),
    [
        (Result(stopped={"finish": "no weights here"}), 1, "stage finish stopped: no weights here"),
        (Result(out_of_budget="5 USD are spent"), 3, "5 USD are spent"),
        (Result(stopped={"finish": "x"}, out_of_budget="5 USD are spent"), 3, "stage finish stopped: x"),
    ],
)
def test_work_that_ended_early_says_why_and_how_to_go_on(
    result: Result, code: int, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.err.cache_clear()
    with pytest.raises(typer.Exit) as end:
        runs._stopped(Run.open(folder), result)
    said = " ".join(capsys.readouterr().err.split())
    runs.err.cache_clear()  # its stream is this test's
    assert end.value.exit_code == code and told in said and f"To go on: asid run --run {folder}" in said


def test_work_that_is_whole_ends_without_a_word(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs._stopped(Run.open(folder), Result())
    assert capsys.readouterr().err == ""


def test_a_stopped_command_says_what_is_kept_and_exits_by_its_signal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Any = {"exit_code": lambda: 143, "name": lambda: "SIGTERM"}
    for name, function in told.items():
        monkeypatch.setattr(interrupts, name, function)
    with pytest.raises(typer.Exit) as end, runs._going_on(Run.open(folder)):
        raise KeyboardInterrupt
    said = capsys.readouterr().err
    assert end.value.exit_code == 143 and "stopped by SIGTERM" in said and f"asid run --run {folder}" in said

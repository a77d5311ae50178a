"""`asid eval` and `asid caption` as they are typed: what there is, what is refused, and how a judging ends. What
benchmarks score is in `tests/pipeline/evaluation`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from asid.pipeline.cli import app, benchmarks
from asid.pipeline.errors import UserError
from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.registry import METRICS


def typed(*words: object) -> tuple[int, str]:
    """Exit code and what is said, on one line. What a user can mend is raised beyond the command."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, UserError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.replace("│", " ").split())


def test_the_list_names_everything_that_can_be_asked_for_and_what_it_takes() -> None:
    code, said = typed("eval", "list")
    assert code == 0
    for name in METRICS.names():
        found = METRICS.find(name)
        assert name in said
        if isinstance(found, Benchmark):
            assert found.about in said and f"--data: {found.data}" in said
    assert "shots of a run, with --truth:" in said and "asid eval table RUN RUN" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shots"], "name the folder of truth with --truth"),
        (["shots", "--truth", "nowhere"], "there is no folder nowhere"),
        (["vdc", "--truth", "."], "vdc is judged, and takes --captions, --data and --judge in place of --truth"),
        (["vdc", "--retry", "some"], "--retry takes passing, all or none"),
        (["table"], "name the runs whose figures are to stand together"),
        (["vcd"], "did you mean 'vdc'"),
        (["vdc", "--captions", "openai:tiny@http://127.0.0.1:9/v1"], "is to caption with --videos"),
        (["vdc", "--captions", "nowhere.jsonl", "--data", "nowhere.json"], "nowhere"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_made(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = typed("eval", *words)
    assert code == 2 and told in said, said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("result", "code", "told"),
    [
        (SimpleNamespace(out_of_budget="the budget of 5 USD is spent", stopped={}), 3, "with more --budget goes on"),
        (SimpleNamespace(out_of_budget="", stopped={"judge": "no key"}), 1, "judge stopped: no key"),
    ],
)
def test_figures_of_a_part_of_the_cases_are_not_shown(
    result: Any, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as end:
        benchmarks._ended(result)
    assert end.value.exit_code == code and told in capsys.readouterr().err
    benchmarks._ended(SimpleNamespace(out_of_budget="", stopped={}))


def test_captions_of_no_video_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = typed("caption", "openai:tiny@http://127.0.0.1:9/v1", "--videos", "nowhere.mp4")
    assert code == 2 and "nothing at" in said and "nowhere.mp4" in said
    assert list(tmp_path.iterdir()) == []

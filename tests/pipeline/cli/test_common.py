"""How a command line names a run, and the changes that it makes to a manifest."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer import BadParameter

from asid.pipeline.api import USUAL
from asid.pipeline.cli.common import changes, complain, run_named, words_and_run


@pytest.mark.parametrize(
    ("argument", "option", "run"), [("", "", USUAL), ("a", "", "a"), ("", "b", "b"), ("a", "a", "a")]
)
def test_a_run_is_named_once_or_not_at_all(argument: str, option: str, run: str) -> None:
    assert run_named(argument, option) == run


def test_two_runs_are_one_too_many() -> None:
    with pytest.raises(BadParameter, match="two runs are named, a and b"):
        run_named("a", "b")


@pytest.mark.parametrize(
    ("words", "option", "names", "found"),
    [
        (["r", "c"], "", ("RUN", "CLIP"), ("r", "c")),
        (["c"], "", ("RUN", "CLIP"), (USUAL, "c")),
        (["c"], "r", ("RUN", "CLIP"), ("r", "c")),
        (["x", "r"], "", ("NEW", "RUN"), ("r", "x")),
        (["x"], "r", ("NEW", "RUN"), ("r", "x")),
        (None, "", ("RUN",), (USUAL,)),
    ],
)
def test_the_run_stands_among_the_words_or_in_its_option(
    words: list[str] | None, option: str, names: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert words_and_run(words, option, names) == found


@pytest.mark.parametrize(("words", "option"), [([], ""), (None, ""), (["r", "c", "d"], ""), (["r", "c"], "r")])
def test_too_many_or_too_few_words_are_told_with_what_is_due(words: list[str] | None, option: str) -> None:
    with pytest.raises(BadParameter, match="this command takes RUN CLIP, or --run RUN and the rest"):
        words_and_run(words, option, ("RUN", "CLIP"))


def test_models_prompts_and_settings_become_settings(tmp_path: Path) -> None:
    found = changes(["budget=5"], str(tmp_path), ["writer=openai:m@http://h:1/v1"])
    assert "models.writer=openai:m@http://h:1/v1" in found and "budget=5" in found
    assert any(line.startswith("prompts=") and str(tmp_path) in line for line in found)
    assert changes(None) == []


@pytest.mark.parametrize("word", ["writer", "writer=", "a.b=openai:m"])
def test_a_model_without_its_name_is_told_with_the_form(word: str) -> None:
    with pytest.raises(BadParameter, match="write it as NAME=PROVIDER:MODEL"):
        changes(None, "", [word])


def test_a_folder_of_prompts_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="there is no folder"):
        changes(None, str(tmp_path / "none"))


def test_a_complaint_is_printed_whatever_bytes_are_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\udcffb")
    assert capsys.readouterr().err == "a\\udcffb\n"

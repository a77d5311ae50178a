"""Commands that write and check a manifest, as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.prompts import shipped
from asid.pipeline.recipe.manifest import load

NAMES = sorted(file.name for file in shipped("manifests").glob("*.yaml"))


def asid(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def told(result: Any) -> str:
    """What a command that was refused says, on one line."""
    assert result.exit_code != 0
    return " ".join(f"{result.output} {result.exception}".split())


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_to_begin_from_is_the_shipped_one_with_its_comments(tmp_path: Path, name: str) -> None:
    target = tmp_path / "new" / "own.yaml"
    said = asid("manifest", "new", str(target), "--like", name)
    assert said.exit_code == 0, said.output
    assert target.read_text("utf-8") == (shipped("manifests") / name).read_text("utf-8")
    assert f"asid doctor {target}" in said.output
    assert [step.name for step in load(str(target)).steps()] == [step.name for step in load(name).steps()]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("mine")
    assert "is there already" in told(asid("manifest", "new", str(tmp_path / "own.yaml")))
    assert (tmp_path / "own.yaml").read_text() == "mine"


def test_an_unknown_recipe_names_the_nearest_and_writes_nothing(tmp_path: Path) -> None:
    assert "did you mean 'demo.yaml'" in told(asid("manifest", "new", str(tmp_path / "own.yaml"), "--like", "dmo.yaml"))
    assert list(tmp_path.iterdir()) == []


def test_a_right_manifest_is_told_with_its_steps(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.mp4").write_bytes(b"x")
    recipe = "[{stage: 'tests.toys:ToyIngest'}, {stage: 'tests.toys:ToySee', name: shots}]"
    (tmp_path / "own.yaml").write_text(f"inputs: [in]\nrecipe: {recipe}\n")
    said = asid("manifest", "check", str(tmp_path / "own.yaml"))
    assert said.exit_code == 0, f"{said.output} {said.exception}"
    assert said.output.strip().endswith("own.yaml is right: ingest → shots")


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "inputs: [in]\nrecipe:\n- stage: ingest\n- stage: splitt\n- stage: cut\n  max_secnds: 5\n"
    )
    said = told(asid("manifest", "check", str(tmp_path / "own.yaml")))
    assert "own.yaml:4" in said and "did you mean 'split'" in said
    assert "own.yaml:6" in said and "did you mean 'max_seconds'" in said


def test_an_input_that_is_not_there_is_no_right_manifest(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("inputs: [nowhere]\nrecipe: [{stage: ingest}]\n")
    assert "nowhere" in told(asid("manifest", "check", str(tmp_path / "own.yaml")))


def test_a_setting_of_the_command_line_is_checked_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("inputs: [nowhere]\nrecipe: [{stage: ingest}, {stage: split}]\n")
    assert "no 'spilt' in the manifest; did you mean 'split'" in told(
        asid("manifest", "check", str(tmp_path / "own.yaml"), "--set", "recipe.spilt.version=5")
    )

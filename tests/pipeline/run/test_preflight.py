"""What stands in the way of a run is said before it begins, all at once, and nothing is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.recipe.steps import steps_of
from asid.pipeline.run import preflight as preflights
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.preflight import (
    input_problems,
    missing_tools,
    preflight,
    unwritable_folder,
    writable_or_refuse,
)
from asid.pipeline.storage import Storage
from tests import samples


def problems(tmp_path: Path, *paths: str, looks_inside: bool = True) -> list[str]:
    return input_problems([InputConfig(path=path) for path in paths], Storage(tmp_path / "run"), looks_inside)


def test_a_folder_is_judged_by_what_of_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert unwritable_folder(tmp_path / "new" / "deep") == ""
    assert "is a file; name another folder" in unwritable_folder(tmp_path / "file" / "run")
    assert "cannot write" in unwritable_folder(tmp_path / ("x" * 300))
    assert not (tmp_path / "new").exists()
    writable_or_refuse(tmp_path, tmp_path / "new")
    with pytest.raises(RunError, match="is a file"):
        writable_or_refuse(tmp_path, tmp_path / "file")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    assert "permission denied" in unwritable_folder(tmp_path / "shut" / "run")


def test_each_missing_program_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = list(steps_of([{"stage": "ingest"}, {"stage": "split"}]))
    assert list(missing_tools(steps)) == []
    monkeypatch.setenv("PATH", "/nowhere")
    found = list(missing_tools(steps))
    assert found and len(found) == len(set(found))
    assert all("is not installed" in line and "install ffmpeg" in line for line in found)


def test_every_input_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    found = problems(tmp_path, str(tmp_path / "none"), str(tmp_path / "a.mp4"), str(tmp_path / "*.mkv"))
    assert [line.rpartition("/")[2] for line in found] == ["none", "*.mkv"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, ["there is no video in"]),
        ({"a.txt": b"x", "b.txt": b"x", "c.jpg": b"x"}, ["passed over: 2 .txt, 1 .jpg"]),
        ({"a.mp4": b""}, ["none of the files", "a.mp4: the file is empty"]),
        ({"a.mp4": b"", "b.mp4": b"text"}, ["none of the files", "a.mp4: ", "b.mp4: "]),
    ],
)
def test_a_folder_without_a_video_says_what_is_in_it(
    tmp_path: Path, files: dict[str, bytes], told: Sequence[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name, data in files.items():
        (tmp_path / "in" / name).write_bytes(data)
    found = "\n".join(problems(tmp_path, str(tmp_path / "in")))
    for words in told:
        assert words in found


def test_files_of_a_stage_of_one_s_own_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"text")
    assert problems(tmp_path, str(tmp_path), looks_inside=False) == []


def test_a_folder_of_many_files_is_left_to_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflights, "LOOKED_AT", 3)
    for number in range(5):
        (tmp_path / f"{number}.mp4").write_bytes(b"")
    assert problems(tmp_path, str(tmp_path)) == []


def test_all_that_is_in_the_way_is_told_at_once_and_no_folder_is_made(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", samples.manifest(tmp_path / "nothing"))
    with pytest.raises(UserError, match="there is nothing at"):
        preflight(run, list(run.steps))
    preflight(run, ["finish"])  # reads no input
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").write_text("")
    with pytest.raises(UserError, match="is a file"):
        preflight(run, list(run.steps))

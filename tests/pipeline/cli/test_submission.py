"""What `asid submit` says before it talks to a cluster: everything that would end the job at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asid.pipeline.cli.submission import check
from asid.pipeline.inputs.base import InputError
from asid.pipeline.prompts import PromptError
from asid.pipeline.recipe.manifest import ManifestError
from tests.heads import asid, environment

RUN = "s3://bucket/run"
RECIPE = "recipe: [{stage: ingest}]\n"
STAGE = """
from asid.pipeline.rows import Video
from asid.pipeline.stage import Stage, StageConfig


class Own(Stage[Video, Video, StageConfig]):
    name = "own"

    async def process(self, video):
        return video
"""


def write(file: Path, inputs: str = "[s3://bucket/videos]", more: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"inputs: {inputs}\n{RECIPE}{more}")
    return file


def refusal(name: str, home: Path, *inputs: str, settings: tuple[str, ...] = ()) -> str:
    with pytest.raises(ManifestError) as told:
        check(name, inputs, RUN, settings, home)
    return str(told.value)


def test_a_manifest_in_the_working_directory_is_named_as_the_job_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "sets" / "mine.yaml")
    assert check("sets/mine.yaml", (), RUN, (), tmp_path) == ("sets/mine.yaml", [])
    assert check(str(tmp_path / "sets" / "mine.yaml"), (), RUN, (), tmp_path) == ("sets/mine.yaml", [])
    monkeypatch.chdir(tmp_path / "sets")
    assert check("sets/mine.yaml", (), RUN, (), tmp_path) == ("sets/mine.yaml", [])
    assert check("mine.yaml", (), RUN, (), Path()) == ("mine.yaml", [])
    assert check("mine.yaml", (), RUN, (), tmp_path) == ("sets/mine.yaml", []), "as it is named from here"


def test_one_that_lies_elsewhere_is_refused_with_the_option_that_sends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "sets" / "mine.yaml")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(tmp_path / "sets")
    for name in ("mine.yaml", "../sets/mine.yaml", str(tmp_path / "sets" / "mine.yaml")):
        assert f"--working-dir {tmp_path / 'sets'}" in refusal(name, other)
    assert "there is no manifest 'none.yaml'" in refusal("none.yaml", other)


def test_no_inputs_are_said_with_the_lines_that_mend_it(tmp_path: Path) -> None:
    said = refusal("asid.yaml", tmp_path)
    assert "`inputs` is empty" in said and f"asid submit asid.yaml s3://bucket/videos --run {RUN}" in said
    assert check("asid.yaml", ("s3://bucket/videos",), RUN, (), tmp_path) == ("asid.yaml", [])
    assert check("asid.yaml", (), RUN, ("inputs=[s3://bucket/videos]",), tmp_path)[0] == "asid.yaml"
    write(tmp_path / "mine.yaml", "[]")
    assert "mine.yaml: `inputs` is empty" in refusal("mine.yaml", tmp_path)


def test_every_mistake_of_the_manifest_is_said(tmp_path: Path) -> None:
    write(tmp_path / "mine.yaml", more="bugdet: {}\nbudget: {usd: -1}\n")
    said = refusal("mine.yaml", tmp_path)
    assert "mine.yaml:3" in said and "budget" in said and "mine.yaml:4" in said and "nothing was sent" in said
    with pytest.raises(PromptError, match="nothing_here"):
        check("asid.yaml", ("s3://b/v",), RUN, ("recipe.verify.prompt=nothing_here",), tmp_path)


@pytest.mark.parametrize("path", ["videos", "clip.mp4", "../videos", "*.mp4", "videos.tar", "none.csv", "../list.csv"])
def test_paths_of_this_machine_are_no_inputs_of_a_cluster(path: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(home / "mine.yaml", f"[s3://bucket/videos, '{path}']")
    (home / "clip.mp4").touch()
    (tmp_path / "list.csv").write_text("uri\ns3://bucket/a.mp4\n")
    for said in (refusal("mine.yaml", home), refusal("asid.yaml", home, path)):
        assert repr(path) in said and "no node sees" in said and "s3://bucket/videos" in said


def test_paths_that_only_nodes_can_look_at_are_noted(tmp_path: Path) -> None:
    write(tmp_path / "mine.yaml", "[/shared/videos, s3://bucket/videos, hf://datasets/some/clips]")
    notes = check("mine.yaml", (), RUN, (), tmp_path)[1]
    assert len(notes) == 1 and notes[0].startswith("/shared/videos: ")
    assert check("mine.yaml", ("gs://bucket/videos",), RUN, (), tmp_path)[1] == [], "the manifest's own are not read"


def test_a_list_of_addresses_is_sent_along(tmp_path: Path) -> None:
    write(tmp_path / "mine.yaml", "[list.csv]")
    (tmp_path / "list.csv").write_text("uri,licence\ns3://bucket/a.mp4,CC0\n/shared/b.mp4,CC0\n")
    assert check("mine.yaml", (), RUN, (), tmp_path) == ("mine.yaml", [])
    (tmp_path / "a.mp4").touch()
    (tmp_path / "list.csv").write_text("uri,licence\ns3://bucket/a.mp4,CC0\na.mp4,CC0\n")
    assert "'a.mp4'" in refusal("mine.yaml", tmp_path)
    (tmp_path / "list.csv").write_text("licence\nCC0\n")
    with pytest.raises(InputError, match="column"):
        check("mine.yaml", (), RUN, (), tmp_path)


def test_prompts_are_sent_only_from_the_working_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "own").mkdir(parents=True)
    (tmp_path / "prompts").mkdir()
    write(home / "mine.yaml", more="prompts: own\n")
    assert check("mine.yaml", (), RUN, (), home) == ("mine.yaml", [])
    write(home / "mine.yaml", more="prompts: ../prompts\n")
    assert "`prompts: ../prompts` lies outside" in refusal("mine.yaml", home)


def test_stages_of_ones_own_are_found_in_the_working_directory(tmp_path: Path) -> None:
    before = list(sys.path)
    (tmp_path / "sent_along.py").write_text(STAGE)
    (tmp_path / "mine.yaml").write_text("inputs: [s3://b/v]\nrecipe: [{stage: ingest}, {stage: 'sent_along:Own'}]\n")
    assert check("mine.yaml", (), RUN, (), tmp_path) == ("mine.yaml", [])
    (tmp_path / "needy.py").write_text("import packages_of_the_cluster\n")
    said = refusal("mine.yaml", tmp_path, settings=("recipe.own.stage=needy:Own",))
    assert "packages_of_the_cluster" in said and "--no-check" in said
    assert sys.path == before


def test_the_command_ends_with_2_before_it_looks_for_a_cluster(tmp_path: Path) -> None:
    where = ("--run", RUN, "--working-dir", tmp_path, "--address", "http://127.0.0.1:9")
    done = asid("submit", "asid.yaml", *where, env=environment(), code=2)
    assert "`inputs` is empty" in done.stderr and "dashboard" not in done.stderr
    done = asid("submit", "videos", *where, env=environment(), code=2)
    assert "no node sees" in done.stderr and "dashboard" not in done.stderr
    done = asid("submit", "asid.yaml", "--no-check", *where, env=environment(), code=2)
    assert "no Ray dashboard lets us in" in done.stderr

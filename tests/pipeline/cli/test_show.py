"""What `asid show` says of one clip, stage by stage, and that hostile text does nothing to a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.review.views import diff
from asid.pipeline.rows import Drafted, Refined, Row, Verified, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.stage import Stage, StageConfig
from tests import samples


class Draft(Stage[Video, Drafted, StageConfig]):
    name = "draft"


class Check(Stage[Drafted, Verified, StageConfig]):
    name = "check"


class Mend(Stage[Verified, Refined, StageConfig]):
    name = "mend"


TEXTS = {"draft": "At 0s, a dog sits.", "verified": "At 0s, a cat sits.", "caption": "At 0s, a cat sits down."}


def told(folder: Path, clip: str) -> str:
    said = CliRunner().invoke(app, ["show", str(folder), clip])
    assert said.exit_code == 0, said.output
    return said.output


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A run of four steps, each of which changes the caption of one clip."""
    recipe = [{"stage": "tests.toys:ToyIngest"}]
    recipe += [{"stage": f"tests.pipeline.cli.test_show:{name}"} for name in ("Draft", "Check", "Mend")]
    run = Run(tmp_path / "run", Manifest.model_validate({"inputs": [{"path": str(tmp_path)}], "recipe": recipe}))
    run.freeze()
    source = samples.video(0)
    values = dict(samples.judged(source, 4, **TEXTS))
    made: dict[str, Row] = {"ingest": source}
    for step, kind in (("draft", Drafted), ("check", Verified), ("mend", Refined)):
        made[step] = kind(**{name: values[name] for name in kind.model_fields})
    before: dict[str, str] = {}
    for step, row in made.items():
        taken = source.id if step in ("ingest", "draft") else row.id
        footer = Footer(fingerprint=run.fingerprints[step], digest=shards.digest([row]), inputs=before,
                        outcomes=[(taken, 1)], rows=1, total=1)  # fmt: skip
        shards.write(run.storage, run.uri(step, "00000"), cast(Any, type(row)), [row], footer)
        before = {step: footer.digest}
    return tmp_path / "run"


def test_each_stage_shows_what_it_changed(staged: Path) -> None:
    output = told(staged, samples.video(0).id)
    draft, check, mend = (output.partition(f"{name} ─")[2].partition("──\n")[2] for name in ("draft", "check", "mend"))
    assert draft.startswith("At 0s, a dog sits.")
    assert check.startswith("At 0s, a [-dog-] {+cat+} sits.")
    assert mend.startswith("At 0s, a cat [-sits.-] {+sits down.+}")


def test_hostile_text_is_shown_escaped_on_one_line(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2)
    for row in (row for row in run.all_rows("finish") if row.caption in samples.HOSTILE):
        output = told(tmp_path / "run", row.id)
        assert not [char for char in output if char in "\u202e\u0000\u001b"]
        wanted = row.caption.replace("\u202e", "\\u202e").replace("\u0000", "\\x00")
        assert " ".join(wanted.split()) in " ".join(output.split())


def test_a_clip_that_is_not_there_and_one_that_is_not_unique(tmp_path: Path) -> None:
    samples.make(tmp_path / "run", videos=1)
    for wrong, why in (("ffff", "no clip and no video"), ("0000", "is not one clip")):
        said = CliRunner().invoke(app, ["show", str(tmp_path / "run"), wrong])
        assert said.exit_code != 0
        assert why in str(said.exception)


def test_captions_that_fell_into_a_loop_are_compared_at_once() -> None:
    assert [part["kind"] for part in diff(samples.LOOP, samples.LOOP.replace("wheel", "cog"))] == ["gone", "new"]

"""What each step of a recipe reads, under which name, and which rows flow between them."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.recipe.steps import Step, find_stage, flow, settings_of, stage_name, steps_of
from asid.pipeline.registry import UnknownName
from asid.pipeline.rows import Candidate, Captioned, Clip, Decision, Video
from tests.samples import Finish


def recipe(*stages: str | dict[str, Any]) -> list[dict[str, Any]]:
    return [{"stage": one} if isinstance(one, str) else one for one in stages]


def caption(model: str, **more: str) -> dict[str, Any]:
    return {"stage": "caption", "model": model, "prompt": "caption/general", **more}


def steps(*stages: str | dict[str, Any]) -> dict[str, Step]:
    return {step.name: step for step in steps_of(recipe(*stages))}


def test_a_line_of_steps_reads_one_another() -> None:
    found = steps("ingest", "split", "transcribe")
    assert {name: step.inputs for name, step in found.items()} == {
        "ingest": (), "split": ("ingest",), "transcribe": ("split",),
    }  # fmt: skip


def test_annotators_stand_side_by_side_and_the_next_step_reads_them_all() -> None:
    found = steps("ingest", "split", "transcribe", "cut", caption("a"), caption("b", name="ears"), "near_duplicates",
                  {"stage": "ensemble", "model": "a"}, {"stage": "verify", "model": "a"})  # fmt: skip
    assert found["caption-a"].inputs == found["caption-ears"].inputs == ("cut",)
    assert found["near_duplicates"].inputs == ("cut",) and found["near_duplicates"].is_corpus_pass
    assert found["ensemble"].inputs == ("cut", "caption-a", "caption-ears", "near_duplicates")
    assert found["verify"].inputs == ("ensemble",)  # the others have been read
    rows = flow(found.values())
    assert rows["cut"][1] is Clip
    assert rows["caption-a"][1] is Candidate and rows["near_duplicates"][1] is Decision
    assert rows["ensemble"][0] is Captioned


def test_a_step_may_have_a_name_of_its_own_that_is_no_setting() -> None:
    found = steps("ingest", {"stage": "tests.samples:Finish", "name": "last", "word": "done"})
    assert found["last"].config.word == "done"
    assert settings_of(Finish, {"stage": "x", "name": "last", "word": "done"}) == {"word": "done"}
    assert settings_of(find_stage("caption"), {"stage": "caption", "name": "ears"}) == {"name": "ears"}


def test_a_stage_is_found_by_name_or_by_place_and_nothing_else_is_one() -> None:
    assert find_stage("tests.samples:Finish") is Finish
    assert flow(steps_of(recipe("ingest")))["ingest"][1] is Video
    with pytest.raises(UnknownName, match="did you mean 'ingest'"):
        find_stage("ingets")
    for other in ("tests.samples:make", "pathlib:Path", "tests.samples:FinishConfig"):
        with pytest.raises(UnknownName, match="is not a Stage: derive"):
            find_stage(other)


@pytest.mark.parametrize(
    ("entry", "name"), [({"stage": "cut"}, "cut"), ({"stage": "kut"}, ""), ({}, ""), ({"stage": None}, "")]
)
def test_the_stage_of_an_entry_or_nothing(entry: dict[str, Any], name: str) -> None:
    assert stage_name(entry) == name

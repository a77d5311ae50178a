"""Only what an audit names changes, and anchors stay where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.base import Request
from asid.pipeline.rows import Error, Missing
from asid.pipeline.stage import Unprocessable
from asid.stages.refine import Refine, moved
from tests.kits.asking_kit import CAPTION, PARTS, Scripted, audited, by_attribute, run

SUMMARY: dict[str, list[str]] = {
    "fixed_errors": [],
    "filled_missing": [],
    "dropped_forbidden": [],
    "timestamp_adjustments": [],
}
LEFT = {"errors": (Error(snippet="pans left", why="it pans right"),)}
CAMERA = "At 4s, the camera pans right."
WHOLE = CAPTION.replace("pans left", "pans right")


def answer(caption: str, **summary: list[str]) -> dict[str, Any]:
    return {"improved_caption": caption, "enhance_summary": SUMMARY | summary}


def never(request: Request) -> str:
    raise AssertionError(f"asked about {request.attribute}")


def test_a_clean_clip_is_not_asked_about_and_passes_byte_for_byte(tmp_path: Path) -> None:
    odd = "At 0s,  two  spaces\u00a0and a trailing one. "
    row = audited(tmp_path, caption=odd, parts=PARTS.model_copy(update={"scene": odd}))
    refined = run(Refine, row, Scripted(never), tmp_path)
    assert refined.caption == odd
    assert refined.captions == row.attributes
    assert refined.edits == ()


def test_the_named_attribute_and_the_whole_are_mended_and_nothing_else(tmp_path: Path) -> None:
    fixed = answer(CAMERA, fixed_errors=["the pan goes right"])
    model = Scripted(by_attribute({"camera": fixed, "all": answer(WHOLE)}, AssertionError("not to be asked")))
    row = audited(tmp_path, {"camera": LEFT})
    refined = run(Refine, row, model, tmp_path)
    assert sorted(request.attribute for request in model.requests) == ["all", "camera"]
    assert refined.captions == PARTS.model_copy(update={"camera": CAMERA})
    assert refined.caption == WHOLE
    assert [edit.attribute for edit in refined.edits] == ["camera", "all"]
    assert refined.edits[0].fixed_errors == ("the pan goes right",)
    assert refined.edits[0].by.prompt != refined.edits[1].by.prompt


def test_a_block_that_no_finding_names_is_asked_for_again_then_put_back_and_marked(tmp_path: Path) -> None:
    beyond = answer(WHOLE.replace("a woman in a red coat", "a purple elephant"))
    asked: list[Request] = []

    def script(request: Request) -> Any:
        asked.append(request)
        return answer(CAMERA) if request.attribute == "camera" else beyond

    refined = run(Refine, audited(tmp_path, {"camera": LEFT}), Scripted(script), tmp_path)
    again = [request for request in asked if request.attribute == "all"]
    assert len(again) == 3 and "no finding names the block at 0s" in again[1].prompt
    assert refined.caption == WHOLE
    assert [(mark.kind, mark.mended) for mark in refined.marks] == [("block_unnamed", True)]


def test_the_whole_is_mended_once_by_all_findings_each_once(tmp_path: Path) -> None:
    cup = Missing(what="At 4s, a third cup", why="it stands on the table")
    pointed = cup.model_copy(update={"point": "number of things"})
    found = {
        "camera": LEFT,
        "objects": {"missing": (cup,)},
        "actions": {"missing": (pointed,), "expressiveness": ("dull",)},
    }
    texts = PARTS.model_dump() | {"all": CAPTION}
    model = Scripted(lambda request: answer(texts[request.attribute]), reads_facts=True)
    run(Refine, audited(tmp_path, found), model, tmp_path)
    asked = {request.attribute: request for request in model.requests}
    assert set(asked) == {"camera", "objects", "actions", "all"}
    facts = asked["all"].facts
    assert set(facts) == {"attribute", "caption", "report", "candidates", "utterances", "duration"}
    assert facts["report"] == {
        "errors": [{"snippet": "pans left", "why": "it pans right"}],
        "missing": [{"what": cup.what, "why": cup.why}],
        "expressiveness": ["dull"],
    }
    shown = asked["all"].prompt.split('<evidence kind="report">\n')[1].split("\n</evidence>")[0]
    assert json.loads(shown) == facts["report"]
    assert asked["camera"].facts["report"]["missing"] == []
    assert asked["camera"].facts["caption"] == PARTS.camera


@pytest.mark.parametrize("kind", ["errors", "missing", "expressiveness"])
def test_a_finding_of_any_kind_is_acted_on(tmp_path: Path, kind: str) -> None:
    finding = {"errors": Error(snippet="a", why="b"), "missing": Missing(what="a", why="b"), "expressiveness": "a"}[
        kind
    ]
    texts = {"emotions": answer(PARTS.emotions), "all": answer(CAPTION)}
    model = Scripted(by_attribute(texts, AssertionError("not to be asked")))
    run(Refine, audited(tmp_path, {"emotions": {kind: (finding,)}}), model, tmp_path)
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    "broken",
    [
        "At 5s, the camera pans right.",
        "The camera pans right.",
        "At 4s, the camera pans right. At 9s, it rests.",
        "At 4-6s, the camera pans right.",
    ],
)
def test_moved_anchors_are_asked_for_again_with_the_reason_and_then_named(tmp_path: Path, broken: str) -> None:
    tries = [answer(broken), answer(CAMERA)]
    heals = Scripted(lambda request: answer(WHOLE) if request.attribute == "all" else tries.pop(0))
    assert run(Refine, audited(tmp_path, {"camera": LEFT}), heals, tmp_path).captions.camera == CAMERA
    assert "the anchors must stay 4s, in this order" in heals.requests[-1].prompt

    stubborn = Scripted(by_attribute({"all": answer(WHOLE)}, answer(broken)))
    with pytest.raises(Unprocessable, match="camera: the anchors must stay 4s") as caught:
        run(Refine, audited(tmp_path, {"camera": LEFT}), stubborn, tmp_path)
    assert (caught.value.kind, caught.value.attempts) == ("invalid_answer", 3)
    assert json.loads(caught.value.raw)["improved_caption"] == broken


def test_an_empty_caption_may_be_filled_but_only_with_sound_anchors(tmp_path: Path) -> None:
    assert moved("", "The story opens in a kitchen. At 4s, tea is poured.", 12.0) is None
    assert "12.00 s" in (moved("", "At 40s, tea is poured.", 12.0) or "")
    assert moved("", "At 8s, both smile. At 4s, tea is poured.", 12.0) is not None


def test_a_span_may_shrink_to_its_start_but_not_grow(tmp_path: Path) -> None:
    assert moved("At 3-5s, tea is poured.", "At 3s, tea is poured.", 12.0) is None
    assert moved("At 3-5s, tea is poured.", "At 3-5s, tea is spilt.", 12.0) is None
    assert moved("At 3s, tea is poured.", "At 3-5s, tea is poured.", 12.0) is not None
    assert moved("At 3-5s, tea is poured.", "At 5s, tea is poured.", 12.0) is not None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer(""), "all: `improved_caption` is empty"),
        ({"improved_caption": WHOLE}, "enhance_summary"),
        ({"improved_caption": WHOLE, "enhance_summary": {"fixed_errors": []}}, "filled_missing"),
        (answer(WHOLE + " and so on" * 20_000), "characters"),
        (answer(WHOLE + "\x00"), r"U\+0000"),
    ],
)
def test_unusable_refinements_are_named(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    model = Scripted(by_attribute({"camera": answer(CAMERA)}, wrong))
    with pytest.raises(Unprocessable, match=reason) as caught:
        run(Refine, audited(tmp_path, {"camera": LEFT}), model, tmp_path, reasks=0)
    assert caught.value.kind == "invalid_answer"

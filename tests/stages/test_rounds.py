"""What was refined is audited again where it was changed, until nothing changes or the rounds are done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asid.pipeline.models.base import Request
from asid.pipeline.rows import Error, Refined, open_errors
from asid.stages.audit import Auditor
from asid.stages.refine import Refine
from tests.kits.asking_kit import CAPTION, PARTS, Scripted, audited, run

CLEAN: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}
LEFT = {"errors": (Error(snippet="pans left", why="it pans right"),)}


def mending(texts: dict[str, str], *fixes: str) -> Scripted:
    kept = {"filled_missing": [], "dropped_forbidden": [], "timestamp_adjustments": []}

    def script(request: Request) -> Any:
        summary = kept | {"fixed_errors": list(fixes)}
        return {"improved_caption": texts[request.attribute], "enhance_summary": summary}

    return Scripted(script)


def once(tmp_path: Path, camera: str, *fixes: str) -> Refined:
    """A clip whose camera caption was refined into another."""
    texts = {"camera": camera, "all": CAPTION.replace(PARTS.camera.removeprefix("At 4s, "), camera[len("At 4s, ") :])}
    row: Refined = run(Refine, audited(tmp_path, {"camera": LEFT}), mending(texts, *fixes), tmp_path)
    return row


def test_only_what_was_changed_is_audited_again_with_its_new_words(tmp_path: Path) -> None:
    row = once(tmp_path, "At 4s, the camera pans up.", "it pans up")
    worse = CLEAN | {"errors": [{"snippet": "pans up", "why": "it pans right"}]}
    model = Scripted(lambda _: worse)
    again = run(Auditor, row, model, tmp_path)
    assert [request.attribute for request in model.requests] == ["camera"]
    assert "the camera pans up." in model.requests[0].prompt and "pans left" not in model.requests[0].prompt
    assert isinstance(again, Refined) and again.captions == row.captions
    camera = next(audit for audit in again.audits if audit.attribute == "camera")
    assert (camera.round, [error.snippet for error in camera.errors]) == (2, ["pans up"])
    assert open_errors(camera, again.edits) == list(camera.errors), "the fix of the first round is none of these"

    texts = {"camera": "At 4s, the camera pans right.", "all": again.caption.replace("pans up", "pans right")}
    done = run(Refine, again, mending(texts, "it pans right"), tmp_path)
    assert done.captions.camera == texts["camera"] and done.caption == texts["all"]
    assert [(edit.attribute, edit.round) for edit in done.edits] == [
        ("camera", 1), ("all", 1), ("camera", 2), ("all", 2)
    ]  # fmt: skip
    assert open_errors(camera, done.edits) == []


def test_a_caption_that_did_not_change_is_a_fixed_point_and_costs_nothing(tmp_path: Path) -> None:
    row = once(tmp_path, PARTS.camera, "it pans right")
    model = Scripted(lambda _: AssertionError("nothing was changed"))
    assert run(Auditor, row, model, tmp_path) == row
    assert run(Refine, row, model, tmp_path) == row
    camera = next(audit for audit in row.audits if audit.attribute == "camera")
    assert open_errors(camera, row.edits) == list(camera.errors), "its words still stand, whatever the refiner says"


def test_an_audit_that_finds_nothing_more_ends_the_rounds(tmp_path: Path) -> None:
    row = once(tmp_path, "At 4s, the camera pans right.", "it pans right")
    again = run(Auditor, row, Scripted(lambda _: CLEAN), tmp_path)
    model = Scripted(lambda _: AssertionError("nothing was found"))
    assert run(Refine, again, model, tmp_path) == again
    assert not any(audit.errors for audit in again.audits)
    assert run(Auditor, again, model, tmp_path) == again

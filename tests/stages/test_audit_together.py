"""One request may carry several attributes; each finding lands where it belongs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Refused, Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.run.folder import Fresh
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.audit import AuditConfig, Auditor
from tests.kits.asking_kit import Scripted, decomposed, run

CLEAN: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}
WRONG = CLEAN | {"errors": [{"snippet": "the camera pans left", "why": "it pans right"}]}


def group(request: Request, **found: Any) -> dict[str, Any]:
    """A whole answer for all attributes of a request, clean but for those in `found`; None leaves one out."""
    told = {name: found.get(name, CLEAN) for name in request.attribute.split("+")}
    if len(told) == 1:
        return next(iter(told.values()))
    return {"audits": [{"attribute": name, **audit} for name, audit in told.items() if audit is not None]}


def test_two_requests_carry_eight_attributes_and_each_finding_lands_where_it_belongs(tmp_path: Path) -> None:
    lost = CLEAN | {"missing": [{"what": "At 6s, a clock.", "why": "it is in view"}]}
    model = Scripted(lambda request: group(request, camera=WRONG, objects=lost))
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, together=4)
    asked = sorted((request.attribute for request in model.requests), key=lambda name: not name.startswith("scene"))
    assert asked == ["+".join(ATTRIBUTES[:4]), "+".join(ATTRIBUTES[4:])]
    assert tuple(audit.attribute for audit in row.audits) == ATTRIBUTES
    faults = {audit.attribute: (len(audit.errors), len(audit.missing)) for audit in row.audits}
    assert {name: found for name, found in faults.items() if any(found)} == {"camera": (1, 0), "objects": (0, 1)}
    assert {audit.by.prompt for audit in row.audits} == {Prompts().hash("audit_together")}
    entries = Prompts().attributes()
    for request in model.requests:
        parts = re.split(r"Aspect: (\w+)\. ", request.prompt)
        shown = dict(zip(parts[1::2], parts[2::2], strict=True))
        assert "+".join(shown) == request.attribute
        for name, text in shown.items():
            assert all(f". {point}\n" in text for point in entries[name].verify)  # type: ignore[index]
    camera = next(request for request in model.requests if "camera" in request.attribute)
    assert '<evidence kind="caption">\nAt 4s, the camera pans left.\n</evidence>' in camera.prompt


def test_requests_of_a_clip_begin_alike(tmp_path: Path) -> None:
    model = Scripted(group)
    run(Auditor, decomposed(tmp_path), model, tmp_path, together=3)
    one, two, three = (request.prompt.partition("Aspect: ")[0] for request in model.requests)
    assert one == two == three and len(one) > 1000


def test_an_attribute_that_the_answer_leaves_out_is_asked_about_alone(tmp_path: Path) -> None:
    model = Scripted(lambda request: group(request, **({"speech": None} if "+" in request.attribute else {})))
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, together=8)
    assert [request.attribute for request in model.requests] == ["+".join(ATTRIBUTES), "speech"]
    assert tuple(audit.attribute for audit in row.audits) == ATTRIBUTES
    hashes = {audit.attribute: audit.by.prompt for audit in row.audits}
    assert hashes["speech"] == Prompts().hash("audit") != hashes["scene"]


@pytest.mark.parametrize(
    ("audits", "said"),
    [
        ([{"attribute": "speech", **WRONG}, {"attribute": "camera", **CLEAN}], "stands in the caption of camera"),
        ([{"attribute": "colour", **CLEAN}], "'colour' is none of the aspects, which are speech, camera"),
        ([{"attribute": "camera", **CLEAN}, {"attribute": "camera", **WRONG}], "camera is answered twice"),
    ],
)
def test_what_cannot_be_told_apart_is_asked_for_again_with_what_is_wrong(
    tmp_path: Path, audits: list[Any], said: str
) -> None:
    model = Scripted(lambda request: {"audits": audits} if len(model.requests) == 1 else group(request, camera=WRONG))
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, together=2, attributes=["speech", "camera"])
    assert len(model.requests) == 2 and said in model.requests[1].prompt
    assert [bool(audit.errors) for audit in row.audits] == [False, True]


def test_after_an_answer_that_never_fits_each_is_asked_alone_and_a_refusal_fails_the_row(tmp_path: Path) -> None:
    model = Scripted(lambda request: "no JSON" if "+" in request.attribute else CLEAN)
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, together=8, reasks=0)
    assert sorted(request.attribute for request in model.requests[1:]) == sorted(ATTRIBUTES)
    assert len(row.audits) == 8
    refuses = Scripted(lambda request: Refused("no") if "+" in request.attribute else CLEAN)
    with pytest.raises(Unprocessable, match="no") as caught:
        run(Auditor, decomposed(tmp_path), refuses, tmp_path, together=8)
    assert caught.value.kind == "refusal"


def test_what_the_screen_believes_is_left_out_of_the_groups(tmp_path: Path) -> None:
    cheap = Scripted(lambda request: {"suspicion": 80 if request.attribute in ("camera", "speech", "scene") else 5})
    strong = Scripted(group)
    config = AuditConfig(model="strong", screen="cheap", threshold=50, together=4)
    stage = Auditor(config, Context(Storage(tmp_path), Prompts(), {"strong": strong, "cheap": cheap}))
    stage.open()
    row = asyncio.run(stage.process(decomposed(tmp_path)))
    assert sorted(request.attribute for request in strong.requests) == ["scene", "speech+camera"]
    assert len(row.audits) == 8


def test_models_that_read_facts_are_asked_about_each_attribute(tmp_path: Path) -> None:
    model = Scripted(lambda _: CLEAN, reads_facts=True)
    run(Auditor, decomposed(tmp_path), model, tmp_path, together=4)
    assert sorted(request.attribute for request in model.requests) == sorted(ATTRIBUTES)


def test_fresh_answers_for_an_attribute_are_fresh_for_the_groups_that_it_is_in() -> None:
    fresh = Fresh(attribute="speech")
    assert fresh("speech") and fresh("narrative+speech+camera") and not fresh("scene+camera")


def test_accounts_are_not_shown_together() -> None:
    with pytest.raises(ValidationError, match="`together` shows no `candidates`"):
        AuditConfig(model="m", together=2, candidates=True)

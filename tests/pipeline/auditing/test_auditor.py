"""An auditor is shown one caption for one attribute, and what it answers is checked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.auditing.auditor import Auditing
from asid.pipeline.models.base import ModelError, Refused
from asid.pipeline.prompts import Prompts
from asid.pipeline.storage import Storage
from tests.kits.asking_kit import Scripted, decomposed

CLEAN: dict[str, Any] = {"errors": [], "missing": [], "expressiveness": []}
WRONG = CLEAN | {"errors": [{"snippet": "a red coat", "why": "it is green"}]}


def auditing(tmp_path: Path, *script: Any, **settings: Any) -> tuple[Auditing, Scripted]:
    model = Scripted(*script)
    return Auditing("auditor", model, Prompts(), Storage(tmp_path), **({"sees": ()} | settings)), model


def test_what_it_finds_is_given(tmp_path: Path) -> None:
    auditor, model = auditing(tmp_path, WRONG)
    found = asyncio.run(auditor.find(decomposed(tmp_path), "scene", "At 0s, a red coat."))
    assert [(one.snippet, one.why) for one in found.errors] == [("a red coat", "it is green")] and not found.missing
    (request,) = model.requests
    assert (request.task, request.attribute, request.row, request.model) == ("audit", "scene", "abc-0-12000", "auditor")


def test_it_sees_the_caption_the_transcript_and_the_points_of_its_attribute(tmp_path: Path) -> None:
    auditor, model = auditing(tmp_path, CLEAN)
    asyncio.run(auditor.find(decomposed(tmp_path), "camera", "At 0s, QUITE THIS ONE."))
    prompt, entry = model.requests[0].prompt, Prompts().attributes()["camera"]
    assert "At 0s, QUITE THIS ONE." in prompt and "the kettle is on" in prompt
    assert entry.about in prompt and all(f". {point}\n" in prompt for point in entry.verify)


def test_media_are_shown_where_it_sees_them(tmp_path: Path) -> None:
    auditor, model = auditing(tmp_path, CLEAN, sees=("frames",), max_frames=2)
    asyncio.run(auditor.find(decomposed(tmp_path), "scene", "x"))
    assert len(model.requests[0].media) == 2
    blind, model = auditing(tmp_path, CLEAN)
    asyncio.run(blind.find(decomposed(tmp_path), "scene", "x"))
    assert model.requests[0].media == ()


def test_an_answer_of_no_form_is_asked_for_again_and_then_raised(tmp_path: Path) -> None:
    auditor, model = auditing(tmp_path, "no JSON at all", CLEAN)
    assert asyncio.run(auditor.find(decomposed(tmp_path), "scene", "x")).errors == [] and len(model.requests) == 2
    auditor, model = auditing(tmp_path, lambda _: "never JSON", reasks=1)
    with pytest.raises(ModelError):
        asyncio.run(auditor.find(decomposed(tmp_path), "scene", "x"))
    assert len(model.requests) == 2


def test_what_its_model_raises_is_raised(tmp_path: Path) -> None:
    auditor, _ = auditing(tmp_path, Refused("no"))
    with pytest.raises(Refused):
        asyncio.run(auditor.find(decomposed(tmp_path), "scene", "x"))


def test_no_more_are_asked_at_once_than_there_are_seats(tmp_path: Path) -> None:
    class Counting(Scripted):
        now = most = 0

        async def generate(self, request: Any) -> Any:
            Counting.now += 1
            Counting.most = max(Counting.most, Counting.now)
            await asyncio.sleep(0.01)
            Counting.now -= 1
            return await super().generate(request)

    row = decomposed(tmp_path)

    async def work() -> None:
        auditor = Auditing("auditor", Counting(lambda _: CLEAN), Prompts(), Storage(tmp_path), sees=(), concurrency=2)
        await asyncio.gather(*(auditor.find(row, "scene", f"caption {number}") for number in range(6)))

    asyncio.run(work())
    assert Counting.most == 2


def test_an_attribute_that_is_none_is_refused(tmp_path: Path) -> None:
    auditor, _ = auditing(tmp_path, CLEAN)
    with pytest.raises(KeyError):
        asyncio.run(auditor.find(decomposed(tmp_path), "smell", "x"))

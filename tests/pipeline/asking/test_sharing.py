from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from asid.pipeline.asking.sharing import caches, leading
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import OutOfBudget
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.stage import Unprocessable
from asid.stages.audit import Auditor
from tests.kits.asking_kit import Scripted, decomposed, run

CLEAN: dict[str, list[str]] = {"errors": [], "missing": [], "expressiveness": []}


def told(alone: bool, *outcomes: object) -> tuple[list[object], list[int]]:
    """Run calls with these outcomes. Gives the results and how many had begun when each ended."""
    begun, ended = [0], []

    async def call(outcome: object) -> object:
        begun[0] += 1
        await asyncio.sleep(0.001)
        ended.append(begun[0])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return asyncio.run(leading(map(call, outcomes), alone)), ended


def test_the_first_ends_before_the_others_begin_and_the_order_stays() -> None:
    assert told(True, "a", "b", "c") == (["a", "b", "c"], [1, 3, 3])
    assert told(False, "a", "b", "c") == (["a", "b", "c"], [3, 3, 3])
    assert told(True) == told(False) == ([], [])


def test_when_the_first_fails_the_others_are_asked_and_the_gravest_is_raised() -> None:
    with pytest.raises(Unprocessable, match="first"):
        told(True, Unprocessable("first"), "b")
    with pytest.raises(OutOfBudget):
        told(True, Unprocessable("first"), OutOfBudget("no more"))


def test_a_model_leads_where_its_cache_is_cheaper() -> None:
    def of(**more: object) -> bool:
        return caches(Replaying(Scripted(lambda _: CLEAN), "m", ModelConfig.model_validate(more)))

    assert of(provider="gemini", model="gemini-2.5-flash")
    assert of(provider="vllm", model="x", base_url="http://127.0.0.1:1/v1")
    assert not of(provider="openai", model="tiny", base_url="http://127.0.0.1:1/v1")
    assert not of(provider="scripted")


def test_audits_of_a_clip_begin_alike_up_to_the_aspect(tmp_path: Path) -> None:
    model = Scripted(lambda _: CLEAN)
    run(Auditor, decomposed(tmp_path), model, tmp_path)
    prompts = [request.prompt for request in model.requests]
    assert len(set(prompts)) == len(ATTRIBUTES)
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*prompts, strict=False))
    start = "".join(letters[0] for letters in alike)
    assert "The aspect that you audit:" in start[-40:]
    assert len({tuple(request.media) for request in model.requests}) == 1
    assert all('<evidence kind="caption">' in prompt[len(start) :] for prompt in prompts)

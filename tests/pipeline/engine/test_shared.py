"""What the workers of a run share: limits of an endpoint, money, questions under way; and a driver that is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ray.exceptions import RayActorError

from asid.pipeline.engine.shared import SharedState, SharedStateClient, has_budget, is_needed
from asid.pipeline.models.base import Abandoned
from asid.pipeline.models.layers.limiter import Release
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.folder import Run
from tests.toys import recipe

HERE = {"provider": "openai", "model": "tiny", "base_url": "http://127.0.0.1:9/v1", "key": "ASID_TEST_KEY"}
EMBEDDED = {"provider": "embedded", "model": "sight"}


def run(tmp_path: Path, models: dict[str, Any] | None = None, **more: Any) -> Run:
    plain = recipe(tmp_path / "in", {"stage": "ToyWork", "budget": more.pop("stage_budget", None)}).model_dump()
    return Run(tmp_path / "run", Manifest.model_validate(plain | {"models": models or {}} | more))


def test_the_embedded_set_shares_nothing_and_a_budget_or_an_endpoint_does(tmp_path: Path) -> None:
    assert not is_needed(run(tmp_path, {"sight": EMBEDDED}))
    assert is_needed(run(tmp_path, {"sight": EMBEDDED, "far": HERE}))
    assert is_needed(run(tmp_path, budget={"usd": 5})) and has_budget(run(tmp_path, stage_budget=1.0))


def test_models_at_one_endpoint_share_the_strictest_limits(tmp_path: Path) -> None:
    wide, narrow = HERE | {"limits": {"concurrency": 8}}, HERE | {"model": "other", "limits": {"concurrency": 1}}
    state = SharedState(run(tmp_path, {"a": wide, "b": narrow, "sight": EMBEDDED}))
    (where,) = state.limiters

    async def scene() -> None:
        (lease,) = await state.acquire_many(where, [0, 0], "w1")
        waiting = asyncio.create_task(state.acquire_many(where, [0], "w2"))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "one call at once, whichever model it is for"
        await state.release_many(where, [Release(lease, "ok")])
        assert len(await waiting) == 1

    asyncio.run(scene())


def test_what_a_worker_held_goes_to_the_others_when_it_dies(tmp_path: Path) -> None:
    state = SharedState(run(tmp_path, {"a": HERE | {"limits": {"concurrency": 1}}}, budget={"usd": 1.0}))
    (where,) = state.limiters

    async def scene() -> None:
        await state.acquire_many(where, [0], "dead")
        assert await state.claim("question", "dead") == ""
        await state.reserve("work", "a", 0.9, False, "dead")
        waiting = [
            asyncio.create_task(one)
            for one in (
                state.acquire_many(where, [0], "w"),
                state.claim("question", "w"),
                state.reserve("work", "a", 0.9, False, "w"),
            )
        ]
        await asyncio.sleep(0.05)
        assert not any(one.done() for one in waiting)
        await state.bury("dead")
        place, question, ticket = await asyncio.wait_for(asyncio.gather(*waiting), 5)
        assert len(place) == 1 and question == "" and not ticket.refusal

    asyncio.run(scene())


class Gone:
    """A handle of an actor whose driver has ended: every call of it fails."""

    def __getattr__(self, name: str) -> Any:
        return self

    def remote(self, *_: Any) -> Any:
        async def fails() -> Any:
            raise RayActorError

        return fails()


def test_without_the_driver_nothing_is_asked_and_what_is_told_is_let_go() -> None:
    """A question would be paid for with nobody to keep its answer; news of an answer that is kept can be lost."""
    client = SharedStateClient(Gone(), "w")

    async def scene() -> None:
        for asks in (client.reserve("work", "a", 0.1), client.claim("question"), client.gate("there").acquire()):
            with pytest.raises(Abandoned, match="driver is gone"):
                await asks
        await client.through("question", "answer")
        await client.settle(None, "work", "a", 0.1)  # type: ignore[arg-type]

    asyncio.run(scene())

"""Gemini's batch API: a job from its rows to its results, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from asid.pipeline.models.base import BadRequest, Misconfigured, Response, Transient, Unreadable
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.gemini.batches import GeminiBatches, _inside, gemini_error
from asid.pipeline.models.providers.gemini.client import GeminiModel
from asid.pipeline.storage import Storage
from tests.kits.modelkit import request
from tests.servers.llm import Behaviour, LlmServer

Result = TypeVar("Result")


def ask(work: Callable[[GeminiBatches], Awaitable[Result]], url: str = "http://127.0.0.1:1") -> Result:
    async def scene() -> Result:
        model = GeminiModel(ModelConfig(provider="gemini", model="tiny", base_url=url), Storage("/nowhere"))
        try:
            return await work(GeminiBatches(model))
        finally:
            await model.close()

    return asyncio.run(scene())


def test_a_job_is_found_by_its_token_and_gives_its_results_by_their_keys() -> None:
    async def work(batches: GeminiBatches) -> tuple[Any, ...]:
        rows = [await batches.prepare(key, request(f"row {key}")) for key in ("a", "b", "c")]
        job = await batches.submit("token1", rows)
        found, other = await batches.find("token1"), await batches.find("token2")
        return job, found, other, await batches.collect(job, {"a", "b", "c"}), await batches.collect(job, {"a", "b"})

    behaviour = Behaviour(answer=lambda prompt, _: prompt.upper(), polls=2, plan=("", "error"))
    with LlmServer(behaviour, gemini_batches=True) as server:
        job, found, other, early, results = ask(work, server.url)
    assert (found, other, early) == (job, "", None)
    assert set(results) == {"a", "b"}
    assert isinstance(results["a"], Response)
    assert results["a"].text == "ROW A"
    assert isinstance(results["b"], Transient)


def test_a_row_carries_its_key_and_its_settings() -> None:
    row = ask(lambda batches: batches.prepare("k1", request("describe", settings={"temperature": 0.5})))
    assert row.metadata == {"key": "k1"}
    assert row.config is not None
    assert row.config.temperature == 0.5
    (content,) = row.contents  # type: ignore[misc,union-attr]
    assert content.parts[-1].text == "describe"  # type: ignore[union-attr,index]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 3, "message": "bad"}, BadRequest), ({"code": 5, "message": "no file"}, BadRequest),
        ({"code": 7, "message": "not yours"}, BadRequest), ({"code": 8, "message": "busy"}, Transient),
        ({"code": 16, "message": "who"}, Misconfigured), ({"code": 13, "message": "oops"}, Transient),
        ({"code": 429, "message": "busy"}, Transient), ("odd", Transient), ({}, Transient),
    ],
)  # fmt: skip
def test_codes_of_google_rpc_are_known(error: Any, kind: type[Exception]) -> None:
    assert type(gemini_error(error)) is kind


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        ({"metadata": {"output": {"inlinedResponses": {"inlinedResponses": [1]}}}}, [1]),
        ({"response": {"inlinedResponses": [2]}}, [2]), ({"dest": {"inlinedResponses": [3]}}, [3]),
        ({"output": {"inlinedResponses": {"inlinedResponses": [4]}}}, [4]), ({"metadata": None}, []), ({}, []),
        ({"response": {"inlinedResponses": "x"}, "dest": {"inlinedResponses": [5]}}, [5]),
    ],
)  # fmt: skip
def test_results_are_found_wherever_the_version_has_them(told: dict[str, Any], rows: list[int]) -> None:
    assert _inside(told) == rows


def test_a_row_without_a_response_is_unreadable_and_alone() -> None:
    async def work(batches: GeminiBatches) -> list[Any]:
        return [batches._result({}), batches._result({"error": {"code": 3, "message": "x"}})]

    assert [type(one) for one in ask(work)] == [Unreadable, BadRequest]

"""OpenAI's batch API: a job from its rows to its results, against a server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from asid.pipeline.models.base import BadRequest, Misconfigured, Refused, Response, Transient, Unreadable
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.openai.batches import OpenAIBatches, refused_job
from asid.pipeline.models.providers.openai.client import OpenAIModel
from asid.pipeline.storage import Storage
from tests.kits.modelkit import request
from tests.servers.llm import Behaviour, LlmServer

Result = TypeVar("Result")


def ask(work: Callable[[OpenAIBatches], Awaitable[Result]], url: str = "http://127.0.0.1:1") -> Result:
    async def scene() -> Result:
        config = ModelConfig(provider="openai", model="tiny", base_url=f"{url}/v1", settings={"temperature": 0})
        model = OpenAIModel(config, Storage("/nowhere"))
        try:
            return await work(OpenAIBatches(model))
        finally:
            await model.close()

    return asyncio.run(scene())


def test_a_row_is_a_line_with_its_key_and_the_question_as_it_would_be_asked() -> None:
    asked = request("describe", settings={"temperature": 0.5, "extra": {"top_k": 3}})
    data = ask(lambda batches: batches.prepare("k1", asked))
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    line = json.loads(data)
    assert (line["custom_id"], line["method"], line["url"]) == ("k1", "POST", "/v1/chat/completions")
    assert line["body"]["temperature"] == 0.5
    assert line["body"]["top_k"] == 3
    assert line["body"]["messages"][0]["content"][-1] == {"type": "text", "text": "describe"}


def test_a_job_is_found_by_its_token_and_gives_its_results_by_their_keys() -> None:
    async def work(batches: OpenAIBatches) -> tuple[Any, ...]:
        rows = [await batches.prepare(key, request(f"row {key}")) for key in ("a", "b", "c")]
        job = await batches.submit("token1", rows)
        found, other = await batches.find("token1"), await batches.find("token2")
        return job, found, other, await batches.collect(job, {"a", "b", "c"}), await batches.collect(job, {"a", "b"})

    with LlmServer(Behaviour(answer=lambda prompt, _: prompt.upper(), polls=2, plan=("", "limit"))) as server:
        job, found, other, early, results = ask(work, server.url)
    assert (found, other, early) == (job, "", None)
    assert set(results) == {"a", "b"}
    assert isinstance(results["a"], Response)
    assert results["a"].text == "ROW A"
    assert isinstance(results["b"], Transient)


def line(**row: Any) -> tuple[str, Any]:
    async def work(batches: OpenAIBatches) -> tuple[str, Any]:
        return batches._result(json.dumps(row).encode())

    return ask(work)


@pytest.mark.parametrize(
    ("row", "key", "error"),
    [
        ({}, "", Unreadable),
        ({"custom_id": 7}, "", Unreadable),
        ({"custom_id": "a"}, "a", Unreadable),
        ({"custom_id": "a", "error": {"code": "content_filter"}}, "a", Refused),
        (
            {"custom_id": "a", "response": {"status_code": 404, "body": {"error": {"message": "no file"}}}},
            "a",
            BadRequest,
        ),
        ({"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}}, "a", Unreadable),
        ({"custom_id": "a", "response": {"status_code": "odd", "body": None}}, "a", Transient),
    ],
)
def test_an_odd_line_costs_its_own_row(row: dict[str, Any], key: str, error: type[Exception]) -> None:
    found, result = line(**row)
    assert found == key
    assert type(result) is error


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({}, {}),
        ({"errors": {"data": None}}, {}),
        ({"errors": {"data": ["x", {"line": True, "message": "m"}]}}, {}),
        ({"errors": {"data": [{"line": 2, "code": "invalid_image_url", "message": "m"}]}}, {"b": BadRequest}),
        ({"errors": {"data": [{"line": 9, "message": "m"}, {"line": 1, "message": "m"}]}}, {"a": BadRequest}),
        ({"errors": {"data": [{"code": "model_not_found", "message": "m"}]}}, {"a": Misconfigured, "b": Misconfigured}),
    ],
)
def test_of_a_job_that_failed_the_line_that_is_named_is_to_blame(job: dict[str, Any], found: dict[str, Any]) -> None:
    assert {key: type(error) for key, error in refused_job(job, ["a", "b"]).items()} == found

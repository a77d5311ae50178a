"""Batch APIs with the official clients, against a server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Misconfigured, ModelError
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.batch import Batched
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.storage import Storage
from tests.kits.modelkit import ANSWERS, Caption, request, stored
from tests.servers.llm import Behaviour, LlmServer

BOTH = pytest.mark.parametrize("provider", ["openai", "gemini"])


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "very-secret-0123456789")


def opened(root: Path, server: LlmServer, provider: str) -> Replaying:
    url = f"{server.url}/v1" if provider == "openai" else server.url
    config = ModelConfig(provider=provider, model="tiny", base_url=url, key="TEST_KEY")  # type: ignore[arg-type]
    model = open_model("strong", config, Storage(root), mode="batch")
    assert isinstance(model.model, Batched)
    model.model.linger = model.model.poll = 0.05
    return model


async def rows(model: Replaying, count: int) -> Counter[str]:
    async def one(number: int) -> str:
        try:
            await ask(model, request(f"row {number}"), Caption)
        except ModelError as error:
            return error.kind
        return "answered"

    return Counter(await asyncio.gather(*(one(number) for number in range(count))))


def server_for(provider: str, **behaviour: Any) -> LlmServer:
    return LlmServer(Behaviour(**behaviour), gemini_batches=provider == "gemini")


@BOTH
def test_rows_that_wait_together_are_one_job(tmp_path: Path, provider: str) -> None:
    with server_for(provider, polls=2) as server:
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, provider), 30)) == {"answered": 30}
        assert len(server.jobs) == 1
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, provider), 30)) == {"answered": 30}
        assert len(server.jobs) == 1
        assert server.seen.answers == 30


@BOTH
def test_results_are_taken_row_by_row(tmp_path: Path, provider: str) -> None:
    plan = ("", "refusal", "error", "truncated", "limit", "")
    with server_for(provider, plan=plan) as server:
        ends = stored(tmp_path, lambda: rows(opened(tmp_path, server, provider), 6))
        assert ends == {"answered": 4, "refusal": 1, "truncated": 1}
        assert len(server.jobs) == 2  # what can heal was asked again
        assert server.seen.paid_twice == 0


@BOTH
@pytest.mark.parametrize("named", [True, False])
def test_a_killed_run_finds_its_job_again(tmp_path: Path, provider: str, named: bool) -> None:
    """Also when it was killed between submitting and writing down the job's name."""
    with server_for(provider, polls=10**6) as server:

        async def killed() -> None:
            current_store.set(AnswerStore(Storage(tmp_path), ANSWERS, "0000"))
            waiting = asyncio.ensure_future(rows(opened(tmp_path, server, provider), 20))
            while not server.jobs:  # noqa: ASYNC110 - the server lives in another thread
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            waiting.cancel()

        asyncio.run(killed())
        (record,) = (tmp_path / "audit/answers/0000").glob("batch-*.json")
        if not named:
            record.write_text(record.read_text().replace(next(iter(server.jobs)), ""))
        server.behaviour.polls = 1
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, provider), 20)) == {"answered": 20}
        assert (len(server.jobs), server.seen.answers) == (1, 20)


def test_closing_leaves_the_job_for_the_next_run(tmp_path: Path) -> None:
    with server_for("openai", polls=10**6) as server:

        async def stopped() -> Counter[str]:
            store = AnswerStore(Storage(tmp_path), ANSWERS, "0000")
            current_store.set(store)
            waiting = asyncio.ensure_future(rows(opened(tmp_path, server, "openai"), 5))
            while not server.jobs:  # noqa: ASYNC110 - the server lives in another thread
                await asyncio.sleep(0.01)
            async with asyncio.timeout(20):
                await store.close()
            return await waiting

        assert asyncio.run(stopped()) == {"stopping": 5}
        server.behaviour.polls = 0
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, "openai"), 5)) == {"answered": 5}
        assert len(server.jobs) == 1


def test_models_without_a_batch_api_say_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="batch"):
        open_model("x", ModelConfig(provider="scripted"), Storage(tmp_path), mode="batch")


# --- jobs that go wrong as a whole --------------------------------------------------------------------------------


def replies(server: LlmServer, name: str, odd: Callable[[dict[str, Any]], web.Response], times: int) -> None:
    """The first `times` answers of one of the server's doors are odd: made of what it would have said."""
    handler, left = getattr(server, name), [times]

    async def door(request: web.Request) -> web.StreamResponse:
        answer = await handler(request)
        if not left[0]:
            return answer
        left[0] -= 1
        return odd(json.loads(answer.body))

    setattr(server, name, door)


def html(_: dict[str, Any]) -> web.Response:
    return web.Response(body=b"<html>", content_type="text/html")


def gone(_: dict[str, Any]) -> web.Response:
    return web.json_response({"error": {"message": "x", "code": 503}}, status=503)


def odd_state(told: dict[str, Any]) -> web.Response:
    return web.json_response(told | {"status": "resting"})


DOORS = [(name, odd) for name in ("_batch_file", "_batch", "_batch_state", "_batch_output") for odd in (html, gone)]


@pytest.mark.parametrize(("door", "odd"), [*DOORS, ("_batch_state", odd_state)])
def test_an_odd_reply_about_a_job_is_asked_for_again(tmp_path: Path, door: str, odd: Any) -> None:
    server = server_for("openai", polls=0)
    if door == "_batch_output":
        replies_of_bytes = server._batch_output
        left = [1]

        async def output(request: web.Request) -> web.StreamResponse:
            if left[0]:
                left[0] -= 1
                return odd({})
            return await replies_of_bytes(request)

        server._batch_output = output  # type: ignore[method-assign]
    else:
        replies(server, door, odd, 1)
    with server:
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, "openai"), 5)) == {"answered": 5}
        assert len(server.jobs) <= (2 if door in ("_batch_output",) else 1)
        assert server.seen.paid_twice == (5 if len(server.jobs) == 2 else 0)


def test_a_line_that_fails_a_whole_job_costs_its_row(tmp_path: Path) -> None:
    def failed(told: dict[str, Any]) -> web.Response:
        error = {"code": "invalid_json_line", "message": "x", "line": 2}
        return web.json_response(
            told | {"status": "failed", "output_file_id": None, "errors": {"object": "list", "data": [error]}}
        )

    server = server_for("openai", polls=0)
    replies(server, "_batch_state", failed, 1)
    with server:
        ends = stored(tmp_path, lambda: rows(opened(tmp_path, server, "openai"), 5))
    assert ends == {"answered": 4, "bad_request": 1}


@BOTH
def test_a_task_that_dies_fails_those_who_wait_for_it(tmp_path: Path, provider: str) -> None:
    with server_for(provider) as server:

        async def scene() -> list[Any]:
            model = opened(tmp_path, server, provider)

            async def broken(*_: Any) -> None:
                raise ZeroDivisionError("a fault of our own")

            model.model.batches.collect = broken  # type: ignore[attr-defined]
            asked = (ask(model, request(f"row {number}"), Caption) for number in range(4))
            async with asyncio.timeout(20):
                return list(await asyncio.gather(*asked, return_exceptions=True))

        assert [type(one) for one in stored(tmp_path, scene)] == [ZeroDivisionError] * 4


@BOTH
def test_media_that_cannot_be_prepared_cost_their_row(tmp_path: Path, provider: str) -> None:
    from asid.pipeline.models.base import Media

    with server_for(provider, polls=0) as server:

        async def scene() -> list[Any]:
            model = opened(tmp_path, server, provider)
            gone = Media(kind="image", uri=f"file://{tmp_path}/gone.jpg", sha256="1")
            asked = [ask(model, request(f"row {n}", media=(gone,) if n == 1 else ()), Caption) for n in range(4)]
            return list(await asyncio.gather(*asked, return_exceptions=True))

        ends = stored(tmp_path, scene)
    assert [getattr(one, "kind", "answered") for one in ends] == ["answered", "bad_request", "answered", "answered"]


@BOTH
def test_a_job_is_waited_for_until_its_window_is_over(tmp_path: Path, provider: str) -> None:
    with server_for(provider, polls=10**6) as server:

        async def scene() -> Counter[str]:
            model = opened(tmp_path, server, provider)
            assert isinstance(model.model, Batched)
            assert model.model.window > 24 * 3600
            model.model.window = 0.3
            async with asyncio.timeout(30):
                return await rows(model, 3)

        assert stored(tmp_path, scene) == {"unavailable": 3}


@BOTH
def test_a_damaged_record_of_a_job_is_passed_over(tmp_path: Path, provider: str) -> None:
    folder = tmp_path / "audit/answers/0000"
    folder.mkdir(parents=True)
    (folder / "batch-asid-1.json").write_bytes(b'{"token": "as\xff')
    with server_for(provider, polls=0) as server:
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, provider), 3)) == {"answered": 3}


def test_no_credit_stops_before_any_further_job(tmp_path: Path) -> None:
    def broke(_: dict[str, Any]) -> web.Response:
        return web.json_response({"error": {"message": "x", "code": "insufficient_quota"}}, status=429)

    server = server_for("openai")
    replies(server, "_batch", broke, 99)
    with server:
        assert stored(tmp_path, lambda: rows(opened(tmp_path, server, "openai"), 3)) == {"suspended": 3}
        assert len(server.jobs) == 1

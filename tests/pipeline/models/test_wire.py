"""Clients on a hostile wire: what is bounded, what is not followed, what is not repeated."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from asid.pipeline.asking import exchange as asking
from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import (
    BadRequest,
    Media,
    ModelError,
    Refused,
    Request,
    Suspended,
    Transient,
    Unreadable,
)
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.limiter import Limiter
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.layers.retry import Limited
from asid.pipeline.models.providers.gemini import GeminiModel
from asid.pipeline.models.providers.openai import OpenAIModel
from asid.pipeline.models.providers.openai_audio import Transcriber
from asid.pipeline.storage import Storage, to_uri
from tests.bench import bench_replies
from tests.kits.modelkit import ANSWERS, Caption, request, stored
from tests.servers.llm import LlmServer
from tests.servers.replies import RepliesServer
from tests.servers.shapes import GOOD, Reply, chat, generated

KEY = "planted-key-0123456789abcdef"
BOTH = pytest.mark.parametrize("provider", ["openai", "gemini"])


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setattr(asking, "PAUSE", 0.01)


@contextmanager
def sending(reply: Reply, provider: str = "openai", once: bool = False) -> Iterator[RepliesServer]:
    good = chat() if provider == "openai" else generated()
    with RepliesServer([reply], good, once, provider == "gemini") as server:
        yield server


def config(server: LlmServer, provider: str, **more: Any) -> ModelConfig:
    url = f"{server.url}/v1" if provider == "openai" else server.url
    return ModelConfig(**{"provider": provider, "model": "tiny", "base_url": url, "key": "TEST_KEY", **more})


def say(server: LlmServer, provider: str, asked: Request | None = None, **more: Any) -> str:
    async def scene() -> str:
        kind = OpenAIModel if provider == "openai" else GeminiModel
        model = kind(config(server, provider, **more), Storage("/nonexistent"))
        try:
            return (await model.generate(asked or request("shape 0"))).text
        finally:
            await model.close()

    return asyncio.run(scene())


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(provider: str, status: int) -> None:
    with LlmServer() as other:
        there = Reply("", "again", b"", status, {"Location": f"{other.url}/v1/chat/completions"})
        with sending(there, provider) as server, pytest.raises(Unreadable, match="another host"):
            say(server, provider)
        assert other.seen.calls == 0


@BOTH
def test_one_within_the_host_is(provider: str) -> None:
    path = "/v1/chat/completions" if provider == "openai" else "/v1beta/models/tiny:generateContent"
    with sending(Reply("", "answer", b"", 307, {"Location": path}), provider, once=True) as server:
        assert say(server, provider) == GOOD


@BOTH
def test_a_reply_that_trickles_for_ever_ends_with_its_time(provider: str) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    server = LlmServer()
    server._chat = server._generate = trickle  # type: ignore[method-assign, assignment]
    with server:
        began = time.monotonic()
        with pytest.raises(Transient):
            say(server, provider, timeout=0.5)
        assert time.monotonic() - began < 5


@BOTH
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_key_that_a_server_repeats_goes_no_further(provider: str, status: int) -> None:
    import base64

    echo = f"{KEY} {base64.b64encode(KEY.encode()).decode()}"
    body = chat(echo) if provider == "openai" else generated(echo)
    reply = Reply("", "", body if status == 200 else {"error": {"message": echo, "code": status}}, status)
    with sending(reply, provider) as server:
        try:
            said = say(server, provider)
        except ModelError as error:
            said = f"{error} {error.raw} {error!r} {error.__cause__!r}"
    assert KEY not in said
    assert base64.b64encode(KEY.encode()).decode().rstrip("=") not in said
    assert "TEST_KEY" in said


def test_a_served_recogniser_is_read_with_the_same_care() -> None:
    replies: list[Any] = []

    async def hear(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(**replies[0])

    def run(**reply: Any) -> Any:
        replies[:] = [reply]
        return transcriber.transcribe(b"RIFF", "", False)

    server = LlmServer()
    server._hear = hear  # type: ignore[method-assign]
    with server, LlmServer() as other:
        transcriber = Transcriber("tiny", f"{server.url}/v1", "TEST_KEY", timeout=5, retries=0)
        assert run(body=b'{"text": "hi"}', content_type="application/json") == {"text": "hi"}
        for reply, kind in (
            ({"body": b"<html>"}, Unreadable), ({"body": b"[1]"}, Unreadable), ({"body": b"\xff"}, Unreadable),
            ({"body": b"x" * (9 << 20)}, Unreadable), ({"body": b'{"error": {"code": "Arrearage"}}'}, Suspended),
            ({"status": 307, "headers": {"Location": f"{other.url}/v1"}}, Unreadable),
            ({"status": 400, "body": b'{"error": {"code": "content_filter"}}'}, Refused),
        ):  # fmt: skip
            with pytest.raises(kind):
                run(**reply)


# --- what an answer costs, and what is kept -----------------------------------------------------------------------


@BOTH
def test_a_half_answer_is_paid_for_and_not_kept(provider: str, tmp_path: Path) -> None:
    half = '{"caption": "half"}'
    body = chat(half, "abort") if provider == "openai" else generated(half, "OTHER")

    async def scene(server: RepliesServer) -> tuple[str, Counter[str]]:
        store = AnswerStore(Storage(tmp_path), ANSWERS, "0000")
        current_store.set(store)
        model = open_model("m", config(server, provider), Storage(tmp_path))
        answer = await ask(model, request("shape 0"), Caption)
        await store.close()
        await model.close()
        again = AnswerStore(Storage(tmp_path), ANSWERS, "0000")
        await again._loaded()
        return answer.value.caption, Counter(entry.text for entry in again.entries.values())

    with sending(Reply("", "again", body), provider, once=True) as server:
        caption, kept = asyncio.run(scene(server))
    assert (caption, kept) == ("At 0s, a person waits.", {GOOD: 1})
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*.jsonl"))
    assert written.count(b'"outcome":"unfinished"') == 1


@BOTH
def test_half_a_character_in_the_models_name_hangs_nobody(provider: str, tmp_path: Path) -> None:
    body = (
        chat(body={"model": "tiny\ud800"}) if provider == "openai" else generated(body={"modelVersion": "tiny\ud800"})
    )
    with sending(Reply("", "answer", body), provider) as server:

        async def scene() -> str:
            async with asyncio.timeout(20):
                model = open_model("m", config(server, provider), Storage(tmp_path))
                return (await ask(model, request("shape 0"), Caption)).response.model

        assert stored(tmp_path, scene) == "tiny\\ud800"


def test_an_entry_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    from tests.kits.modelkit import Listed, replaying, response

    async def scene() -> list[Any]:
        bad = replaying(Listed(response('{"caption": "a"}').model_copy(update={"model": "\ud800"})))
        good = replaying(Listed('{"caption": "b"}'))
        async with asyncio.timeout(20):
            return await asyncio.gather(
                ask(bad, request("a"), Caption), ask(good, request("b"), Caption), return_exceptions=True
            )

    first, second = stored(tmp_path, scene)
    assert isinstance(first, ModelError)
    assert second.value.caption == "b"


# --- waits -------------------------------------------------------------------------------------------------------


def test_a_pause_beyond_the_deadline_ends_the_run_and_a_shorter_one_does_not() -> None:
    good = chat()
    left = {"x-ratelimit-remaining-requests": "0"}

    async def scene(server: RepliesServer) -> None:
        model = OpenAIModel(config(server, "openai"), Storage("/nonexistent"))
        limited = Limited(model, Limiter(model.config.limits), 20.0, 100.0)
        assert (await limited.generate(request("shape 0"))).text == GOOD  # what is paid is kept
        async with asyncio.timeout(5):
            with pytest.raises(Suspended, match=r"until .*deadline"):
                await limited.generate(request("shape 1"))
        await model.close()

    with sending(Reply("", "answer", good, headers=left | {"x-ratelimit-reset-requests": "3h"})) as server:
        asyncio.run(scene(server))
        assert server.asked.total() == 1


# --- files at Gemini ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "ends"), [(1, GOOD), (9, BadRequest)])
@pytest.mark.parametrize("status", [403, 404, 400])
def test_a_file_that_is_gone_concerns_its_row_alone(tmp_path: Path, times: int, ends: Any, status: int) -> None:
    """It is uploaded once more; only a request that names no file of ours, or files that are there, blames the key."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(5000))
    left = [times]

    async def generate(request: web.Request) -> web.StreamResponse:
        if left[0]:
            left[0] -= 1
            server.files.clear()
            return web.json_response({"error": {"code": status, "status": "PERMISSION_DENIED"}}, status=status)
        return web.json_response(generated())

    async def file(request: web.Request) -> web.Response:
        if request.match_info["name"] not in server.files:
            return web.json_response({"error": {"code": 404, "status": "NOT_FOUND"}}, status=404)
        return web.json_response(server._told(request.match_info["name"]))

    server = LlmServer()
    server.behaviour.polls = 0
    server._generate, server._file = generate, file  # type: ignore[method-assign, assignment]
    asked = request(media=(Media(kind="video", uri=to_uri(clip), sha256="1"),), settings={"inline_bytes": 10})
    with server:
        if ends is GOOD:
            assert say(server, "gemini", asked) == GOOD
        else:
            with pytest.raises(ends, match="gone"):
                say(server, "gemini", asked)
        assert server.seen.uploads == 2


# --- containers --------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("once", [True, False])
def test_every_reply_inside_one_batch(provider: str, once: bool) -> None:
    seen, kept = bench_replies.tried(provider, batched=True, once=once)
    assert len(seen) > 60
    assert [one for one in seen if not one.holds(once)] == []
    assert not any("HALF" in (text or "") for text in kept)


@pytest.mark.parametrize(
    "body", [b"<html>", b"null", b"[1]", b'{"data": 7}', b'{"data": [null]}', b"\xff", b"[" * 99999]
)
def test_a_check_says_of_an_odd_list_of_models_what_to_look_at(body: bytes) -> None:
    async def models(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    server = LlmServer()
    server._models = models  # type: ignore[method-assign]
    with server:

        async def scene() -> list[str]:
            model = OpenAIModel(config(server, "openai"), Storage("/nonexistent"))
            try:
                return await model.check()
            finally:
                await model.close()

        assert all("base_url" in said for said in asyncio.run(scene()))

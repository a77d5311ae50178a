"""Explicit caches of Gemini: made where they pay, used by all that show the same, deleted, and never in the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.base import Media, Request, Response, Usage
from asid.pipeline.models.config import ModelConfig, Prices
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.providers.gemini.client import GeminiModel
from asid.pipeline.models.spend import add, cost, saved_by_caches
from asid.pipeline.storage import Storage, to_uri
from tests.kits.modelkit import request, stored
from tests.servers.llm import Behaviour, LlmServer

PRICES = {"input": 1.0, "output": 4.0, "cached": 0.25, "storage": 1.0}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "AIza-very-secret-0123456789")


@pytest.fixture
def clip(tmp_path: Path) -> Media:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 40)
    return Media(kind="video", uri=to_uri(path), sha256="a" * 64)


def config(server: LlmServer, cache: str = "explicit", **more: Any) -> ModelConfig:
    told: dict[str, Any] = {"provider": "gemini", "model": "tiny", "base_url": server.url, "key": "TEST_KEY"}
    told |= {"prices": PRICES, **more, "settings": {"cache": cache, **more.get("settings", {})}}
    return ModelConfig(**told)


def audits(clip: Media, count: int = 8, **more: Any) -> list[Request]:
    told: dict[str, Any] = {"media": (clip,), "weight": 9000, "alike": count - 1, "row": "r", **more}
    return [request(f"aspect {number}", **told) for number in range(count)]


def say(settings: ModelConfig, asked: list[Request]) -> list[Response]:
    async def scene() -> list[Response]:
        opened = GeminiModel(settings, Storage("/nonexistent"))
        try:
            return list(await asyncio.gather(*map(opened.generate, asked)))
        finally:
            await opened.close()

    return asyncio.run(scene())


def test_the_media_are_stored_once_shown_to_all_and_deleted(clip: Media) -> None:
    with LlmServer() as server:
        settings = config(server)
        answers = say(settings, audits(clip))
        assert len(server.seen.caches) == 1 and server.seen.caches_deleted == ["c0"]
        (stored,) = server.seen.caches
        assert "inlineData" in str(stored["contents"]) or "inline_data" in str(stored["contents"])
        assert stored["ttl"] == "300s"
        assert len(server.seen.bodies) == 8
        for body in server.seen.bodies:
            assert body["cachedContent"] == "cachedContents/c0"
            assert "nline" not in str(body["contents"]) and "aspect" in str(body["contents"])
    usage = add(answer.usage for answer in answers)
    assert (usage.stored_tokens, usage.cached_tokens, usage.uncached) == (9000, 8 * 9000, 0)
    assert 0 < usage.stored_token_hours < 9000 * 60 / 3600
    assert saved_by_caches(usage, settings.prices) > 8 * 9000 * 0.75e-6 - 9000e-6 - 1e-3


def test_the_start_that_all_prompts_share_is_stored_too_and_sent_once(clip: Media) -> None:
    shared = "What is said: hello. "
    asked = [request(f"{shared}aspect {number}", media=(clip,), weight=9000, alike=2, common=len(shared), row="r")
             for number in range(3)]  # fmt: skip
    assert asked[0].key() == asked[0].model_copy(update={"common": 0}).key(), "it is the same question"
    with LlmServer() as server:
        say(config(server), asked)
        (stored,) = server.seen.caches
        assert [part["text"] for part in stored["contents"][0]["parts"] if "text" in part] == [shared]
        sent = sorted(part["text"] for body in server.seen.bodies for part in body["contents"][0]["parts"])
    assert sent == ["aspect 0", "aspect 1", "aspect 2"]


def test_without_a_cache_the_prompt_is_sent_whole(clip: Media) -> None:
    asked = [request("shared, own", media=(clip,), weight=9000, alike=1, common=8, row="r")] * 1
    with LlmServer(Behaviour(cache_error=400)) as server:
        say(config(server), asked)
        (body,) = server.seen.bodies
    assert [part["text"] for part in body["contents"][0]["parts"] if "text" in part] == ["shared, own"]


@pytest.mark.parametrize(
    "why",
    [
        {"cache": "implicit"},
        {"settings": {"cache_seconds": 36000}},  # hours of storage cost more than they save
        {"prices": {"input": 1.0, "output": 4.0, "cached": 0.25}},  # nobody knows what storage costs
    ],
)
def test_where_it_does_not_pay_none_is_made(clip: Media, why: dict[str, Any]) -> None:
    with LlmServer() as server:
        usage = add(answer.usage for answer in say(config(server, **why), audits(clip)))
        assert not server.seen.caches and len(server.seen.bodies) == 8
    assert (usage.stored_tokens, usage.uncached) == (0, 0)


def test_small_media_and_lone_requests_have_none(clip: Media) -> None:
    with LlmServer() as server:
        say(config(server), audits(clip, weight=4000))
        say(config(server), audits(clip, 1))
        assert not server.seen.caches and len(server.seen.bodies) == 9


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_a_cache_that_cannot_be_made_is_told_in_the_figures_and_the_requests_go_out_plain(
    clip: Media, status: int
) -> None:
    with LlmServer(Behaviour(cache_error=status)) as server:
        answers = say(config(server), audits(clip))
        assert all("cachedContent" not in body for body in server.seen.bodies) and len(server.seen.bodies) == 8
    usage = add(answer.usage for answer in answers)
    assert (usage.uncached, usage.stored_tokens, usage.cached_tokens) == (1, 0, 8 * 5)


def test_a_cache_that_is_gone_is_used_no_more_and_nobody_fails(clip: Media) -> None:
    with LlmServer(Behaviour(cache_uses=3)) as server:
        answers = say(config(server), audits(clip))
        usage = add(answer.usage for answer in answers)
        assert [answer.text for answer in answers] == ["At 0s, a person waits."] * 8
        assert len([body for body in server.seen.bodies if "cachedContent" in body]) == 3
        assert len(server.seen.caches) == 1
    assert usage.uncached == 1 and usage.stored_tokens == 9000


def test_other_media_have_a_cache_of_their_own_and_the_same_are_not_stored_again(clip: Media) -> None:
    other = clip.model_copy(update={"sha256": "b" * 64})
    with LlmServer() as server:

        async def scene() -> None:
            opened = GeminiModel(config(server), Storage("/nonexistent"))
            await asyncio.gather(*map(opened.generate, [*audits(clip, 4), *audits(other, 4)]))
            await opened.generate(audits(clip, 4)[0])  # asked again, after the cache was deleted
            await opened.close()

        asyncio.run(scene())
        assert len(server.seen.caches) == 2 and sorted(server.seen.caches_deleted) == ["c0", "c1"]
        assert "cachedContent" not in server.seen.bodies[-1]


def test_what_a_cache_takes_has_its_price() -> None:
    prices = Prices(**PRICES)
    usage = Usage(input_tokens=9100, cached_tokens=9000, stored_tokens=9000, stored_token_hours=3000)
    assert cost(usage, prices) == pytest.approx((100 + 9000 * 0.25 + 9000 + 3000) / 1e6)


def test_a_cache_changes_no_answer(clip: Media) -> None:
    with LlmServer() as server:
        assert config(server).identity() == config(server, settings={"cache_seconds": 60}).identity()
        one, other = audits(clip, 2)[0], audits(clip, 8)[0]
        assert one.key() == other.key()


def test_settings_of_how_reach_the_client_though_no_key_has_them(tmp_path: Path, clip: Media) -> None:
    with LlmServer() as server:
        settings = config(server, settings={"inline_bytes": 100})

        async def work() -> None:
            model = open_model("strong", settings, Storage(tmp_path))
            await asyncio.gather(*(model.generate(one) for one in audits(clip, 4)))
            await model.close()

        stored(tmp_path, work)
        assert server.seen.uploads == 1
        assert len(server.seen.caches) == 1 and all("cachedContent" in body for body in server.seen.bodies)

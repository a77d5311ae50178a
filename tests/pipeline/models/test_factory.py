"""Models with all their layers, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Misconfigured, MissingAnswer, ModelError, Stopping
from asid.pipeline.models.ceiling import ceiling
from asid.pipeline.models.config import Limits, ModelConfig
from asid.pipeline.models.factory import check_model, endpoint, open_model, strictest
from asid.pipeline.models.layers.limiter import Limiter
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.models.spend import Ledger, spent
from asid.pipeline.storage import Storage
from tests.kits.modelkit import ANSWERS, Caption, request, stored
from tests.servers.llm import Behaviour, LlmServer

FAULTS = {"limit": 0.05, "error": 0.03, "hang": 0.02, "malformed": 0.02, "refusal": 0.01}
BOTH = pytest.mark.parametrize("provider", ["openai", "gemini"])


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "very-secret-0123456789")


def config(server: LlmServer, provider: str = "openai", **more: Any) -> ModelConfig:
    url = f"{server.url}/v1" if provider == "openai" else server.url
    settings = {"provider": provider, "model": "tiny", "base_url": url, "key": "TEST_KEY", **more}
    return ModelConfig(**settings)


def opened(root: Path, settings: ModelConfig, **more: Any) -> Replaying:
    return open_model("strong", settings, Storage(root), stage="audit", **more)


async def until(met: Callable[[], bool]) -> None:
    while not met():  # noqa: ASYNC110 - the server lives in another thread
        await asyncio.sleep(0.01)


async def ask_rows(model: Replaying, count: int, first: int = 0) -> list[str]:
    """How each row ended, with all asked at once."""

    async def one(number: int) -> str:
        try:
            await ask(model, request(f"row {number}", row=str(number), attribute="scene"), Caption)
        except ModelError as error:
            return error.kind
        return "answered"

    return list(await asyncio.gather(*(one(number) for number in range(first, first + count))))


def with_model(root: Path, settings: ModelConfig, work: Callable[[Replaying], Awaitable[Any]], **more: Any) -> Any:
    async def scene() -> Any:
        model = opened(root, settings, **more)
        try:
            return await work(model)
        finally:
            await model.close()

    return stored(root, scene)


@BOTH
def test_every_row_is_answered_or_named_and_nothing_is_paid_twice(tmp_path: Path, provider: str) -> None:
    behaviour = Behaviour(**FAULTS, retry_after=0.05, hang_for=60.0, seed=1)
    with LlmServer(behaviour) as server:
        settings = config(server, provider, timeout=5.0)
        ends = Counter(with_model(tmp_path, settings, lambda model: ask_rows(model, 200)))
        assert sum(ends.values()) == 200
        assert set(ends) <= {"answered", "refusal"}
        assert ends["refusal"] == server.seen.fates["refusal"]
        assert {"limit", "error", "hang", "malformed", "refusal"} <= set(server.seen.fates)
        assert server.seen.paid_twice == 0
        again = Counter(with_model(tmp_path, settings, lambda model: ask_rows(model, 200)))
        calls = server.seen.calls
        assert again["answered"] == 200
        with_model(tmp_path, settings, lambda model: ask_rows(model, 200))
        assert server.seen.calls == calls
    (line,) = spent(Storage(tmp_path), ["audit"], {})
    assert line.answers == 200


def test_a_killed_run_pays_again_for_what_was_in_flight_and_no_more(tmp_path: Path) -> None:
    with LlmServer(Behaviour(latency=0.05)) as server:

        async def killed() -> None:
            store = AnswerStore(Storage(tmp_path), ANSWERS, "0000")
            token = current_store.set(store)
            model = opened(tmp_path, config(server, limits={"concurrency": 8}))
            rows = asyncio.ensure_future(ask_rows(model, 100))
            await until(lambda: server.seen.answers >= 40)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()  # as a kill: nothing is awaited, nothing is closed
            current_store.reset(token)
            await asyncio.gather(rows, return_exceptions=True)

        asyncio.run(killed())
        before = server.seen.answers
        done = with_model(
            tmp_path,
            config(server),
            lambda model: asyncio.gather(*(ask(model, request(f"row {n}"), Caption) for n in range(100))),
        )
        assert len(done) == 100
        assert before < 100
        assert server.seen.paid_twice <= 8  # what was under way at once


def test_closing_waits_for_calls_in_flight_and_gives_up_the_others(tmp_path: Path) -> None:
    with LlmServer(Behaviour(latency=0.2)) as server:

        async def scene() -> list[Any]:
            store = AnswerStore(Storage(tmp_path), ANSWERS, "0000")
            current_store.set(store)
            model = opened(tmp_path, config(server, limits={"concurrency": 2}))
            rows = asyncio.ensure_future(ask_rows(model, 6))
            await until(lambda: server.seen.calls >= 2)
            await store.close()
            return await rows

        ends = asyncio.run(scene())
    assert server.seen.answers == 2
    assert ends == ["answered"] * 2 + [Stopping.kind] * 4
    assert [line.answers for line in spent(Storage(tmp_path), ["audit"], {})] == [2]


def test_a_budget_ends_the_calls_and_keeps_the_answers(tmp_path: Path) -> None:
    prices = {"input": 1000.0, "output": 1000.0}
    with LlmServer(Behaviour(latency=0.01)) as server:
        settings = config(server, prices=prices, settings={"max_tokens": 20})
        question = request("row 99", answer_schema=Caption.model_json_schema(), settings={"max_tokens": 20})
        most = ceiling(question, settings, settings.prices)
        full = with_model(tmp_path / "full", settings, lambda model: ask_rows(model, 100))
        assert Counter(full) == {"answered": 100}
        total = sum(line.usd or 0.0 for line in spent(Storage(tmp_path / "full"), ["audit"], {"strong": settings}))
        half = total / 2

        def bounded(limit: float) -> Counter[str]:
            ledger = Ledger(budget=limit)
            ledger.restore(spent(Storage(tmp_path / "half"), ["audit"], {"strong": settings}))
            work = with_model(tmp_path / "half", settings, lambda model: ask_rows(model, 100), purse=ledger)
            return Counter(work)

        assert bounded(half + most)["budget"] > 0
        used = sum(line.usd or 0.0 for line in spent(Storage(tmp_path / "half"), ["audit"], {"strong": settings}))
        assert half < used < half * 1.05
        assert bounded(total + most) == {"answered": 100}
        assert server.seen.answers == 200


def test_a_budget_without_prices_is_told_at_once(tmp_path: Path) -> None:
    with LlmServer() as server, pytest.raises(Misconfigured, match=r"models\.strong\.prices"):
        opened(tmp_path, config(server), purse=Ledger(budget=1.0))


def test_replay_only_reaches_no_server(tmp_path: Path) -> None:
    with LlmServer() as server:
        settings = config(server)

    async def work() -> None:
        await ask(opened(tmp_path, settings), request(), Caption)

    with pytest.raises(MissingAnswer):
        stored(tmp_path, work, replay_only=True)


def test_two_workers_on_one_key_stay_within_its_calls_at_once(tmp_path: Path) -> None:
    with LlmServer(Behaviour(latency=0.02)) as server:

        async def scene() -> None:
            gate = Limiter(Limits(concurrency=3))
            models = [opened(tmp_path, config(server), gate=gate) for _ in range(2)]
            await asyncio.gather(ask_rows(models[0], 30), ask_rows(models[1], 30, 100))

        stored(tmp_path, scene)
    assert server.seen.most_at_once == 3


@BOTH
@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"model": "larger"}, "larger"),
        ({"key": "NO_SUCH_VARIABLE"}, "export NO_SUCH_VARIABLE="),
        ({"settings": {"temprature": 1}}, "temprature"),
    ],
)
def test_the_doctor_names_what_mends_a_model(tmp_path: Path, provider: str, more: dict[str, Any], word: str) -> None:
    with LlmServer() as server:
        assert asyncio.run(check_model(config(server, provider), Storage(tmp_path))) == []
        (problem,) = asyncio.run(check_model(config(server, provider, **more), Storage(tmp_path)))
    assert word in problem
    assert server.seen.calls == 0


@BOTH
def test_the_doctor_finds_an_endpoint_that_is_not_there(tmp_path: Path, provider: str) -> None:
    with LlmServer() as server:
        settings = config(server, provider)
    (problem,) = asyncio.run(check_model(settings, Storage(tmp_path)))
    assert "cannot be reached" in problem


def test_the_doctor_finds_a_key_that_is_not_accepted_and_does_not_show_it(tmp_path: Path) -> None:
    with LlmServer(Behaviour(key="another")) as server:
        (problem,) = asyncio.run(check_model(config(server), Storage(tmp_path)))
    assert "TEST_KEY" in problem
    assert "very-secret" not in problem


def test_calls_with_one_key_to_one_address_share_a_limiter() -> None:
    def at(**more: Any) -> str:
        return endpoint("a", ModelConfig(**{"provider": "openai", "model": "tiny", **more}))

    assert at() == at(model="other")
    assert len({at(), at(key="A_KEY"), at(base_url="http://host/v1"), at(provider="gemini")}) == 4
    assert at(provider="embedded") == at(provider="vllm") == ""
    both = strictest([Limits(requests_per_minute=5), Limits(concurrency=2, tokens_per_minute=9)])
    assert both == Limits(requests_per_minute=5, tokens_per_minute=9, concurrency=2)

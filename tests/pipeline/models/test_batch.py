"""Batch APIs with the official clients, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.ask import ask
from asid.pipeline.models.base import Misconfigured, ModelError
from asid.pipeline.models.batch import Batched
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.replay import AnswerStore, Replaying, current_store
from asid.pipeline.storage import Storage
from tests.pipeline.models.kit import ANSWERS, Caption, request, stored
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

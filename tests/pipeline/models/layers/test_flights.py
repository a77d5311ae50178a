"""Rows that ask the same question at the same time pay for it once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Model, Refused
from asid.pipeline.models.config import ModelConfig, Prices
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.archive import Archive
from asid.pipeline.models.layers.flights import Claims, Flights
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.spend import spent
from asid.pipeline.storage import Storage
from tests.kits.modelkit import Caption, Listed, bucket, replaying, request, response
from tests.servers.llm import Behaviour, LlmServer

PRICED = {"strong": ModelConfig(provider="openai", model="tiny", prices=Prices(input=1.0, output=1.0))}


class Process:
    """The stores of a worker; with `claims`, of one of several."""

    def __init__(self, root: Path | str, claims: Claims | None = None):
        self.storage = Storage(root)
        self.claims = claims or Claims()
        self.archive, self.flights = Archive(self.storage), Flights(self if claims else None)

    async def claim(self, key: str) -> str:
        return await self.claims.claim(key, str(id(self)))

    async def through(self, key: str, answer: str) -> None:
        await self.claims.through(key, str(id(self)), answer)

    async def rows(self, model: Model, shard: str, rows: list[str], step: str = "audit", **more: Any) -> list[Any]:
        """Each row asks the same; gives the texts, or the errors."""
        store = AnswerStore(self.storage, f"run:{step}/answers", shard, archive=self.archive, flights=self.flights,
                            **more)  # fmt: skip
        token = current_store.set(store)
        try:
            asked = (ask(model, request("the same", row=row), Caption) for row in rows)
            found = await asyncio.gather(*asked, return_exceptions=True)
        finally:
            current_store.reset(token)
            await store.close()
        return [one if isinstance(one, BaseException) else one.value.caption for one in found]


def told(root: Path | str, *steps: str) -> list[tuple[str, int, float]]:
    return [(line.stage, line.answers, round(line.usd or 0, 6)) for line in spent(Storage(root), steps, PRICED)]


def test_the_same_question_of_a_shard_goes_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "very-secret-0123456789")
    with LlmServer(Behaviour(latency=0.1)) as server:
        config = ModelConfig(provider="openai", model="tiny", base_url=f"{server.url}/v1", key="TEST_KEY")

        async def scene() -> list[Any]:
            model = open_model("strong", config, Storage(tmp_path))
            try:
                return await Process(tmp_path).rows(model, "00000", ["a", "b", "c"])
            finally:
                await model.close()

        assert asyncio.run(scene()) == ["x", "x", "x"]
        assert server.seen.calls == 1


def test_other_shards_and_steps_wait_for_it_and_keep_a_copy_of_their_own(tmp_path: Path) -> None:
    provider, process = Listed('{"caption": "x"}'), Process(tmp_path)

    async def scene() -> list[Any]:
        places = [("00000", "audit"), ("00001", "audit"), ("00000", "judge")]
        return await asyncio.gather(*(process.rows(replaying(provider), shard, ["a"], step) for shard, step in places))

    assert asyncio.run(scene()) == [["x"]] * 3
    assert len(provider.asked) == 1
    assert told(tmp_path, "audit", "judge") == [("audit", 1, 0.00011)]  # two copies are one answer, a lent one is none

    other = Listed('{"caption": "paid again"}')
    for shard, step in (("00000", "audit"), ("00001", "audit"), ("00000", "judge")):
        again = Process(tmp_path)
        again.archive = None  # type: ignore[assignment]
        assert asyncio.run(again.rows(replaying(other), shard, ["a"], step)) == ["x"]
    assert not other.asked


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_a_later_shard_of_the_process_finds_what_an_earlier_one_paid_for(tmp_path: Path, where: str) -> None:
    def scene(root: Path | str) -> None:
        provider, process = Listed('{"caption": "x"}'), Process(root)
        process.archive.find("0" * 64)  # it has been read before
        for shard in ("00000", "00001", "00002"):
            assert asyncio.run(process.rows(replaying(provider), shard, ["a", "b"])) == ["x", "x"]
        assert len(provider.asked) == 1

    if where == "bucket":
        with bucket() as root:
            scene(root)
    else:
        scene(tmp_path)


def test_when_nothing_comes_of_it_the_next_in_turn_asks(tmp_path: Path) -> None:
    provider = Listed(Refused("no"), response('{"caption": "x"}'))
    found = asyncio.run(Process(tmp_path).rows(replaying(provider), "00000", ["a", "b", "c", "d"]))
    assert isinstance(found[0], Refused) and found[1:] == ["x"] * 3
    assert len(provider.asked) == 2


def test_who_wants_no_old_answer_takes_one_that_was_under_way(tmp_path: Path) -> None:
    old = Listed('{"caption": "old"}')
    assert asyncio.run(Process(tmp_path).rows(replaying(old), "00000", ["a"])) == ["old"]
    provider, process = Listed('{"caption": "new"}'), Process(tmp_path)

    async def scene() -> list[Any]:
        shards = ("00000", "00001")
        calls = (process.rows(replaying(provider), shard, ["a"], fresh=lambda _: True) for shard in shards)
        return await asyncio.gather(*calls)

    assert asyncio.run(scene()) == [["new"], ["new"]]
    assert len(provider.asked) == 1


def test_two_workers_that_ask_the_same_at_once_pay_once(tmp_path: Path) -> None:
    provider, claims = Listed('{"caption": "x"}'), Claims()
    workers = [Process(tmp_path, claims) for _ in range(3)]

    async def scene() -> list[Any]:
        calls = (worker.rows(replaying(provider), f"{n:05d}", ["a", "b"]) for n, worker in enumerate(workers))
        return await asyncio.wait_for(asyncio.gather(*calls), 20)

    assert asyncio.run(scene()) == [["x", "x"]] * 3
    assert len(provider.asked) == 1
    assert told(tmp_path, "audit") == [("audit", 1, 0.00011)]
    assert not claims.open and not claims.waiting


def test_what_comes_to_nothing_in_one_worker_is_asked_by_another(tmp_path: Path) -> None:
    provider, claims = Listed(Refused("no"), response('{"caption": "x"}')), Claims()
    workers = [Process(tmp_path, claims) for _ in range(3)]

    async def scene() -> list[Any]:
        calls = (worker.rows(replaying(provider), f"{n:05d}", ["a"]) for n, worker in enumerate(workers))
        return await asyncio.wait_for(asyncio.gather(*calls), 20)

    found = [one for (one,) in asyncio.run(scene())]
    assert [one for one in found if not isinstance(one, Refused)] == ["x", "x"]
    assert len(provider.asked) == 2


def test_what_a_dead_worker_was_asking_is_asked_by_who_waits_for_it() -> None:
    async def scene() -> list[str]:
        claims = Claims()
        assert await claims.claim("k", "dead") == ""
        waiting = [asyncio.create_task(claims.claim("k", name)) for name in ("one", "two")]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        await claims.forget("dead")
        assert await asyncio.wait_for(waiting[0], 5) == "" and not waiting[1].done()
        await claims.through("k", "dead", "late")  # it is not its own any more
        await claims.through("k", "one", "answer")
        return await asyncio.wait_for(asyncio.gather(*waiting), 5)

    assert asyncio.run(scene()) == ["", "answer"]

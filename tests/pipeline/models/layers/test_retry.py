from __future__ import annotations

import asyncio
import random

import pytest

from asid.pipeline.models.base import BadRequest, Misconfigured, Refused, Request, Response, Transient, Usage
from asid.pipeline.models.config import Limits
from asid.pipeline.models.layers.limiter import Lease, Limiter
from asid.pipeline.models.layers.retry import Limited, Persistent, full_jitter
from tests.kits.modelkit import Listed, request, response

BUSY = Transient("busy", retry_after=7.0, rate_limited=True)


def persistent(model: Listed, slept: list[float], retries: int = 5, deadline: float = 1000.0) -> Persistent:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return Persistent(model, retries, deadline, random.Random(1), sleep)


def test_what_can_heal_is_tried_again_and_counted() -> None:
    slept: list[float] = []
    given = asyncio.run(persistent(Listed(Transient("500"), Transient("cut"), "ok"), slept).generate(request()))
    assert (given.text, given.attempts, len(slept)) == ("ok", 3, 2)


def test_the_server_names_the_least_wait() -> None:
    slept: list[float] = []
    asyncio.run(persistent(Listed(BUSY, "ok"), slept).generate(request()))
    assert 7.0 <= slept[0] <= 8.0


@pytest.mark.parametrize("error", [Refused("no"), BadRequest("too long"), Misconfigured("bad key"), ValueError("bug")])
def test_what_cannot_heal_is_not_tried_again(error: Exception) -> None:
    slept: list[float] = []
    model = Listed(error)
    with pytest.raises(type(error)):
        asyncio.run(persistent(model, slept).generate(request()))
    assert len(model.asked) == 1


def test_tries_end_and_are_told() -> None:
    model = Listed(Transient("500"))
    with pytest.raises(Transient) as caught:
        asyncio.run(persistent(model, [], retries=3).generate(request()))
    assert caught.value.attempts == len(model.asked) == 4


def test_no_try_starts_after_the_deadline() -> None:
    slept: list[float] = []
    model = Listed(BUSY)
    with pytest.raises(Transient):
        asyncio.run(persistent(model, slept, retries=50, deadline=3.0).generate(request()))
    assert len(model.asked) == 1  # the server wants 7 s


def test_jitter_is_full_and_bounded() -> None:
    chance = random.Random(0)
    waits = [full_jitter(5, None, chance) for _ in range(2000)]
    assert min(waits) < 1.0
    assert 15.0 < max(waits) <= 16.0
    assert max(full_jitter(40, None, chance) for _ in range(200)) <= 60.0


# --- the gate ----------------------------------------------------------------------------------------------------


class Watched:
    """A gate that notes what it is told."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.told: list[tuple[str, float | None, int | None]] = []

    async def acquire(self, tokens: int = 0) -> Lease:
        self.asked.append(tokens)
        return Lease(0, tokens, 0.0, 1)

    async def release(
        self, lease: Lease, outcome: str, retry_after: float | None = None, tokens_used: int | None = None
    ) -> None:
        self.told.append((outcome, retry_after, tokens_used))


def test_the_gate_hears_how_each_call_went() -> None:
    gate = Watched()
    usage = Usage(input_tokens=90, output_tokens=9, thought_tokens=1)
    model = Limited(Listed(BUSY, Transient("500"), BadRequest("x"), response("ok", usage=usage, pause=2.0)), gate, 60.0)
    for _ in range(3):
        with pytest.raises((Transient, BadRequest)):
            asyncio.run(model.generate(request()))
    asyncio.run(model.generate(request()))
    assert gate.told == [("limited", 7.0, None), ("failed", None, None), ("failed", None, None), ("ok", 2.0, 100)]


def test_tokens_are_guessed_from_the_tasks_own_answers() -> None:
    gate = Watched()
    model = Limited(Listed(response("ok", usage=Usage(input_tokens=5000, output_tokens=0))), gate, 60.0)
    for _ in range(2):
        asyncio.run(model.generate(request("x" * 400)))
    assert gate.asked[0] != 5000
    assert gate.asked[1] == 5000


class Hanging(Listed):
    async def generate(self, asked: Request) -> Response:
        self.asked.append(asked)
        await asyncio.Event().wait()
        raise AssertionError


def test_a_call_that_hangs_is_given_up_and_its_slot_is_free() -> None:
    async def scene() -> None:
        limiter = Limiter(Limits(concurrency=1))
        with pytest.raises(Transient, match=r"no answer within 0\.01 s"):
            await Limited(Hanging(""), limiter, 0.01).generate(request())
        assert not limiter.pace.open

    asyncio.run(scene())


def test_a_call_that_waits_for_its_next_try_holds_no_slot() -> None:
    async def scene() -> str:
        limiter = Limiter(Limits(concurrency=1))
        resting = asyncio.Event()

        async def sleep(seconds: float) -> None:
            resting.set()
            await asyncio.sleep(0.05)

        limited = Limited(Listed(Transient("500"), "late"), limiter, 60.0)
        waiting = Persistent(limited, 3, 100.0, random.Random(0), sleep)
        first = asyncio.create_task(waiting.generate(request()))
        await resting.wait()
        async with asyncio.timeout(0.04):
            second = await Limited(Listed("early"), limiter, 60.0).generate(request())
        return second.text + (await first).text

    assert asyncio.run(scene()) == "earlylate"

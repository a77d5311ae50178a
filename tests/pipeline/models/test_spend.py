from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import BadRequest, Model, OutOfBudget, Request, Response, Truncated, Usage
from asid.pipeline.models.ceiling import ceiling
from asid.pipeline.models.config import Limits, ModelConfig, Prices
from asid.pipeline.models.spend import Budgeted, Ledger, cost, scaled, seconds_needed, spent
from asid.pipeline.storage import Storage
from tests.kits.modelkit import Caption, Listed, replaying, request, response, stored

PRICES = Prices(input=1.0, output=10.0)
STRONG = {"strong": ModelConfig(provider="openai", model="tiny", prices=PRICES)}


def test_cost_takes_each_kind_of_token_at_its_price() -> None:
    usage = Usage(
        input_tokens=1000, cached_tokens=200, audio_tokens=100, video_tokens=300, output_tokens=50, thought_tokens=50
    )
    assert cost(usage, PRICES) == pytest.approx((1000 * 1 + 100 * 10) / 1e6)
    full = Prices(input=1.0, output=10.0, cached=0.1, audio=3.0, video=0.5)
    assert cost(usage, full) == pytest.approx((200 * 0.1 + 100 * 3 + 300 * 0.5 + 400 * 1 + 100 * 10) / 1e6)


def test_an_unknown_price_is_said_and_is_not_zero() -> None:
    assert cost(Usage(input_tokens=5), Prices(input=1.0)) is None
    assert cost(Usage(input_tokens=5), Prices(output=1.0)) is None
    assert cost(Usage(input_tokens=5), Prices(input=0.0, output=0.0)) == 0.0


@given(st.builds(Usage, **{name: st.integers(0, 10**6) for name in Usage.model_fields}))
def test_cost_is_never_negative(usage: Usage) -> None:
    price = cost(usage, Prices(input=1.0, output=1.0, cached=0.0, audio=0.0, video=0.0))
    assert price is not None
    assert price >= 0


def test_totals_come_from_the_answers_on_disk(tmp_path: Path) -> None:
    async def work() -> None:
        model = replaying(Listed('{"caption": "x"}'))
        await ask(model, request("a", attribute="speech"), Caption)
        await ask(model, request("b", attribute="scene"), Caption)
        await ask(model, request("c", attribute="scene"), Caption)
        await ask(model, request("c", attribute="scene"), Caption)  # replayed: costs nothing
        with pytest.raises(Truncated):
            await ask(replaying(Listed(response("{", finish="length"))), request("d", attribute="scene"), Caption)

    stored(tmp_path, work)
    scene, speech = spent(Storage(tmp_path), ["audit"], STRONG)
    assert (scene.stage, scene.model, scene.attribute) == ("audit", "strong", "scene")
    assert (scene.answers, scene.rejected, scene.calls, scene.retries) == (2, 1, 3, 0)
    assert scene.usage.input_tokens == 300
    assert scene.usd == pytest.approx(3 * (100 * 1 + 10 * 10) / 1e6)
    assert speech.answers == 1


def test_a_model_without_prices_has_an_unknown_total(tmp_path: Path) -> None:
    stored(tmp_path, lambda: ask(replaying(Listed('{"caption": "x"}')), request("a"), Caption))
    assert [line.usd for line in spent(Storage(tmp_path), ["audit"], {})] == [None]


def test_retries_are_counted(tmp_path: Path) -> None:
    answer = response('{"caption": "x"}').model_copy(update={"attempts": 4})
    stored(tmp_path, lambda: ask(replaying(Listed(answer)), request("a"), Caption))
    assert [line.retries for line in spent(Storage(tmp_path), ["audit"], STRONG)] == [3]


def test_an_estimate_scales_the_sample(tmp_path: Path) -> None:
    stored(tmp_path, lambda: ask(replaying(Listed('{"caption": "x"}')), request("a"), Caption))
    (line,) = spent(Storage(tmp_path), ["audit"], STRONG)
    grown = scaled(line, 50.0)
    assert grown.usd == pytest.approx(50 * (line.usd or 0))
    assert grown.usage.input_tokens == 5000
    assert seconds_needed([grown], Limits(requests_per_minute=10)) == pytest.approx(300)
    assert seconds_needed([grown], Limits(tokens_per_minute=1100)) == pytest.approx(300)


# --- the budget --------------------------------------------------------------------------------------------------

PER_CALL = (100 * 1 + 10 * 10) / 1e6
CAPPED = request(settings={"max_tokens": 10})
MOST = ceiling(CAPPED, STRONG["strong"], PRICES)  # the prompt by its bytes and what a chat adds, the answer by its cap


def budgeted(ledger: Ledger, stage: str = "audit", model: Model | None = None, **more: Any) -> Budgeted:
    return Budgeted(model or Listed("ok"), "strong", stage, STRONG["strong"], ledger, **more)


def spend_all(model: Budgeted, at_once: int, question: Request = CAPPED) -> int:
    async def scene() -> int:
        done, stop = 0, False

        async def one() -> None:
            nonlocal done, stop
            while not stop:
                try:
                    await model.generate(question)
                    done += 1
                except OutOfBudget:
                    stop = True

        await asyncio.gather(*(one() for _ in range(at_once)))
        return done

    return asyncio.run(asyncio.wait_for(scene(), 60))


class HeavyTailed(Listed):
    """Writes up to its cap, mostly far less. `read`: tokens of a prompt."""

    def __init__(self, seed: int, read: int = 20) -> None:
        super().__init__("ok")
        self.chance = random.Random(seed)
        self.read = read

    async def generate(self, request: Request) -> Response:
        await asyncio.sleep(0)
        words = min(int(10 * self.chance.paretovariate(0.7)), int(request.settings["max_tokens"]))
        return response("ok", usage=Usage(input_tokens=self.read, output_tokens=words))


@pytest.mark.parametrize("at_once", [1, 16])
def test_a_budget_stops_new_calls_and_is_used_but_for_one_call(at_once: int) -> None:
    ledger = Ledger(budget=1000 * PER_CALL)
    done = spend_all(budgeted(ledger), at_once)
    assert 1000 - MOST / PER_CALL - 1 <= done <= 1000


@pytest.mark.parametrize("seed", range(20))
def test_no_budget_is_passed_however_long_some_answers_are(seed: int) -> None:
    ledger = Ledger(budget=0.5)
    model = budgeted(ledger, model=HeavyTailed(seed))
    question = request(settings={"max_tokens": 4000})
    spend_all(model, 64, question)
    assert 0.5 - ceiling(question, STRONG["strong"], PRICES) <= ledger.spent["audit"] <= 0.5


def test_an_endpoint_that_counts_more_than_is_known_is_found_out_by_its_first_call_alone() -> None:
    ledger, question = Ledger(budget=0.5), request(settings={"max_tokens": 50})
    model = HeavyTailed(1, read=9000)
    assert ceiling(question, STRONG["strong"], PRICES) < 9000 / 1e6 / 10
    spend_all(budgeted(ledger, model=model), 64, question)
    assert 0.48 < ledger.spent["audit"] <= 0.5


def test_the_first_call_of_a_kind_goes_alone_unless_it_waits_for_a_batch() -> None:
    async def scene(batch: bool) -> int:
        ledger = Ledger(budget=1.0)
        first = await ledger.reserve("audit", "strong", MOST, not batch)
        others = [asyncio.create_task(ledger.reserve("audit", "strong", MOST, not batch)) for _ in range(5)]
        another = await ledger.reserve("refine", "strong", MOST)
        assert not another.refusal
        await asyncio.sleep(0.01)
        started = sum(other.done() for other in others)
        await ledger.settle(first, "audit", "strong", PER_CALL)
        assert not any(ticket.refusal for ticket in await asyncio.gather(*others))
        return started

    assert asyncio.run(asyncio.wait_for(scene(batch=False), 10)) == 0
    assert asyncio.run(asyncio.wait_for(scene(batch=True), 10)) == 5


def test_a_first_call_that_fails_lets_the_next_one_try(tmp_path: Path) -> None:
    ledger = Ledger(budget=1.0)
    model = budgeted(ledger, model=Listed(BadRequest("no"), BadRequest("no"), "ok"))

    async def scene() -> list[Any]:
        calls = (model.generate(CAPPED) for _ in range(6))
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)

    assert [isinstance(found, Response) for found in asyncio.run(scene())] == [False, False, True, True, True, True]


def test_a_resumed_run_knows_what_it_has_spent(tmp_path: Path) -> None:
    async def work() -> None:
        model = replaying(Listed('{"caption": "x"}'))
        await asyncio.gather(*(ask(model, request(str(number)), Caption) for number in range(60)))

    stored(tmp_path, work)
    ledger = Ledger(budget=100 * PER_CALL)
    ledger.restore(spent(Storage(tmp_path), ["audit"], STRONG))
    assert 40 - MOST / PER_CALL - 1 <= spend_all(budgeted(ledger), 4) <= 40


def test_a_stage_has_its_own_budget_and_the_others_go_on() -> None:
    ledger = Ledger(budgets={"audit": 30 * PER_CALL})
    assert 30 - MOST / PER_CALL - 1 <= spend_all(budgeted(ledger), 1) <= 30
    with pytest.raises(OutOfBudget, match="audit: its budget"):
        asyncio.run(budgeted(ledger).generate(CAPPED))
    asyncio.run(budgeted(ledger, "refine").generate(CAPPED))


def test_a_call_whose_room_hangs_on_calls_in_flight_waits_for_them() -> None:
    async def scene() -> None:
        ledger = Ledger(budget=3.5 * PER_CALL, over={("audit", "strong"): 1.0})
        tickets = [await ledger.reserve("audit", "strong", PER_CALL) for _ in range(3)]
        fourth = asyncio.create_task(ledger.reserve("audit", "strong", PER_CALL))
        fifth = asyncio.create_task(ledger.reserve("audit", "strong", PER_CALL))
        await asyncio.sleep(0.01)
        assert not fourth.done()
        await ledger.settle(tickets[0], "audit", "strong", None)  # it failed
        await asyncio.sleep(0.01)
        assert not (await fourth).refusal
        for ticket in (*tickets[1:], fourth.result()):
            await ledger.settle(ticket, "audit", "strong", PER_CALL)
        assert "is reached" in (await fifth).refusal

    asyncio.run(scene())


def test_what_a_dead_worker_had_reserved_is_free_for_the_others() -> None:
    async def scene() -> None:
        ledger = Ledger(budget=1.5 * PER_CALL)
        await ledger.reserve("audit", "strong", PER_CALL, holder="dead")
        its = asyncio.create_task(ledger.reserve("audit", "strong", PER_CALL, holder="dead"))
        ours = asyncio.create_task(ledger.reserve("audit", "strong", PER_CALL, holder="alive"))
        await asyncio.sleep(0.01)
        assert not ours.done()
        ledger.forget("dead")
        assert not (await ours).refusal and (await its).refusal

    asyncio.run(asyncio.wait_for(scene(), 10))


def test_what_was_under_way_when_a_ledger_was_lost_is_paid_from_the_next() -> None:
    async def scene() -> None:
        lost, next_one = Ledger(budget=1.0), Ledger(budget=1.0)
        old = await lost.reserve("audit", "strong", MOST)
        new = await next_one.reserve("audit", "strong", MOST)
        await next_one.settle(old, "audit", "strong", 0.25)
        assert next_one.spent == {"audit": 0.25} and new.id in next_one.open

    asyncio.run(scene())


def test_a_budget_below_one_call_says_how_to_bound_it() -> None:
    ledger = Ledger(budget=0.1)
    with pytest.raises(OutOfBudget, match=r"may take 1\.3\d+\. .*models\.strong\.settings\.max_tokens bounds it"):
        asyncio.run(budgeted(ledger).generate(request()))
    asyncio.run(budgeted(ledger).generate(CAPPED))


def test_free_calls_are_not_held_back() -> None:
    free = ModelConfig(provider="openai", model="tiny", prices=Prices(input=0.0, output=0.0))
    ledger = Ledger(budget=0.0)
    model = Budgeted(Listed("ok"), "free", "audit", free, ledger)

    async def scene() -> list[Response]:
        return await asyncio.wait_for(asyncio.gather(*(model.generate(request()) for _ in range(8))), 10)

    assert len(asyncio.run(scene())) == 8

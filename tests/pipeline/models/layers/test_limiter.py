"""The pace of calls, on a clock of its own: servers are simulated event by event."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.models.config import Limits
from asid.pipeline.models.layers.limiter import Lease, Limiter, Pace, Release, RemoteGate

TICK = 0.01


@dataclass
class Simulation:
    """Callers that always want another call, before a server with a latency and a cap of calls at once."""

    pace: Pace
    latency: float = 0.2
    cap: int = 10**9
    per_minute: int = 10**9  # calls within any 60 s, with the time to the next one told beyond it
    loss: float = 0.0  # share of calls refused at random
    seed: int = 0
    now: float = 0.0
    ends: list[tuple[float, int, Lease, bool]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    taken: deque[float] = field(default_factory=deque)
    retry_after: dict[int, float] = field(default_factory=dict)
    most: int = 0

    def run(self, seconds: float) -> None:
        order, chance = itertools.count(), random.Random(self.seed)
        stop = self.now + seconds
        while self.now < stop:
            arriving: list[Lease] = []
            while self.pace.wait(self.now, 0) <= 0:
                lease = self.pace.start(self.now, 0)
                self.starts.append(self.now)
                arriving.append(lease)
            chance.shuffle(arriving)  # calls overtake each other on their way
            for lease in arriving:
                at_once = sum(1 for _, _, _, good in self.ends if good)
                good = at_once < self.cap and chance.random() >= self.loss
                while self.taken and self.taken[0] <= self.now - 60:
                    self.taken.popleft()
                if len(self.taken) >= self.per_minute:
                    good = False
                    self.retry_after[lease.id] = self.taken[0] + 60 - self.now
                elif good:
                    self.taken.append(self.now)
                heapq.heappush(self.ends, (self.now + (self.latency if good else 0.02), next(order), lease, good))
                self.most = max(self.most, len(self.ends))
            self.now += TICK
            while self.ends and self.ends[0][0] <= self.now:
                _, _, lease, good = heapq.heappop(self.ends)
                (self.answered if good else self.refused).append(self.now)
                pause = self.retry_after.pop(lease.id, None)
                self.pace.finish(self.now, Release(lease, "ok" if good else "limited", pause))


@pytest.mark.parametrize("permitted", [60, 600])
def test_a_cap_per_minute_that_only_refusals_tell_of_is_used_with_few_of_them(permitted: int) -> None:
    scene = Simulation(Pace(Limits(concurrency=64)), latency=0.5, per_minute=permitted)
    scene.run(240)
    answered = sum(moment >= 60 for moment in scene.answered)
    refused = sum(moment >= 60 for moment in scene.refused)
    assert answered >= 0.9 * permitted * 3
    assert refused <= 0.02 * (answered + refused)


@pytest.mark.parametrize("cap", [1, 2, 5, 20, 60])
def test_a_cap_of_calls_at_once_is_found_and_kept_busy(cap: int) -> None:
    simulation = Simulation(Pace(Limits(concurrency=1000)), cap=cap)
    simulation.run(60)
    settled = [moment for moment in simulation.answered if moment > 10]
    refused = [moment for moment in simulation.refused if moment > 10]
    best = cap / (simulation.latency + TICK) * 50
    assert len(settled) >= 0.9 * best
    assert len(refused) <= 0.02 * len(settled) + 2


def test_the_manifests_own_cap_of_calls_at_once_is_never_passed() -> None:
    simulation = Simulation(Pace(Limits(concurrency=7)))
    simulation.run(20)
    assert simulation.most == 7


def test_a_server_that_gets_roomier_is_used_more() -> None:
    simulation = Simulation(Pace(Limits(concurrency=1000)), cap=10)
    simulation.run(30)
    simulation.cap = 40
    simulation.run(60)
    recent = [moment for moment in simulation.answered if moment > simulation.now - 10]
    assert len(recent) > 0.8 * 40 / simulation.latency * 10 * 0.95


def test_a_server_that_gets_tighter_is_pushed_less() -> None:
    simulation = Simulation(Pace(Limits(concurrency=1000)), cap=40)
    simulation.run(20)
    simulation.cap = 4
    simulation.run(30)
    recent = [moment for moment in simulation.refused if moment > simulation.now - 10]
    assert len(recent) <= 10


@given(st.integers(10, 3000), st.floats(0.01, 2.0))
@settings(max_examples=25, deadline=None)
def test_no_minute_ever_sees_more_calls_than_the_manifest_permits(per_minute: int, latency: float) -> None:
    simulation = Simulation(Pace(Limits(requests_per_minute=per_minute, concurrency=1000)), latency=latency)
    simulation.run(150)
    starts = simulation.starts
    for first, start in enumerate(starts):
        if first + per_minute < len(starts):
            assert starts[first + per_minute] - start > 60
    in_last_minute = [start for start in starts if start > simulation.now - 60]
    most_possible = min(per_minute, 1000 / (latency + TICK) * 60)
    assert len(in_last_minute) >= 0.85 * most_possible - 1


@given(st.lists(st.integers(1, 3000), min_size=50, max_size=400))
@settings(max_examples=25, deadline=None)
def test_tokens_of_any_minute_stay_within_the_cap(sizes: list[int]) -> None:
    cap = 20_000
    pace, now = Pace(Limits(tokens_per_minute=cap, concurrency=1000)), 0.0
    used: list[tuple[float, int]] = []
    for size in sizes:
        while (wait := pace.wait(now, size)) > 0:
            now += max(wait, TICK)
        lease = pace.start(now, size)
        used.append((now, size))
        pace.finish(now, Release(lease, "ok", None, size))
    for moment, _ in used:
        assert sum(size for at, size in used if moment <= at < moment + 60) <= cap + max(sizes)


def test_retry_after_stops_all_calls_until_then() -> None:
    pace = Pace(Limits(concurrency=10))
    first, second = pace.start(0.0, 0), pace.start(0.0, 0)
    pace.finish(1.0, Release(first, "limited", retry_after=5.0))
    pace.finish(1.1, Release(second, "ok"))
    assert pace.wait(1.2, 0) == pytest.approx(4.8, rel=0.05)
    assert pace.wait(5.9, 0) > 0.0
    assert pace.wait(6.2, 0) == 0.0


def test_a_pause_is_obeyed_also_when_it_comes_with_an_answer() -> None:
    pace = Pace(Limits(concurrency=10))
    pace.finish(1.0, Release(pace.start(0.0, 0), "ok", retry_after=30.0))
    assert 29.0 <= pace.wait(2.0, 0) <= 30.0


def test_errors_that_are_not_about_the_rate_do_not_slow_down() -> None:
    pace = Pace(Limits(concurrency=10))
    before = pace.window
    for _ in range(20):
        pace.finish(1.0, Release(pace.start(0.0, 0), "failed"))
    assert pace.window == before


def test_random_refusals_leave_some_calls_at_once() -> None:
    simulation = Simulation(Pace(Limits(concurrency=100)), loss=0.05)
    simulation.run(120)
    assert len(simulation.answered) / 120 * (simulation.latency + TICK) > 4


def test_leases_of_a_dead_worker_come_back_and_it_gets_no_more() -> None:
    async def scene() -> None:
        limiter = Limiter(Limits(concurrency=1))
        (lost,) = await limiter.acquire_many([0], "dead")
        its = asyncio.create_task(limiter.acquire_many([0, 0], "dead"))
        ours = asyncio.create_task(limiter.acquire_many([0], "alive"))
        await asyncio.sleep(0)
        limiter.forget("dead")
        assert await its == [] and await limiter.acquire_many([0], "dead") == []
        (lease,) = await ours
        await limiter.release(lost, "ok")  # it lived after all: its lease counts no more
        assert list(limiter.pace.open.values()) == [lease]

    asyncio.run(asyncio.wait_for(scene(), 10))


def test_unused_leave_is_given_back_to_the_caps() -> None:
    pace = Pace(Limits(requests_per_minute=60, tokens_per_minute=600))
    pace.finish(0.0, Release(pace.start(0.0, 5), "unused"))
    assert pace.wait(0.0, 5) == 0.0
    pace.start(0.0, 5)
    assert pace.wait(0.0, 5) > 0.5


# --- waiting -----------------------------------------------------------------------------------------------------


def test_callers_come_in_order_and_one_slow_call_blocks_nobody() -> None:
    async def scene() -> list[int]:
        limiter, done = Limiter(Limits(concurrency=2)), []
        slow = await limiter.acquire()

        async def call(number: int) -> None:
            lease = await limiter.acquire()
            done.append(number)
            await asyncio.sleep(0)
            await limiter.release(lease, "ok")

        await asyncio.gather(*(call(number) for number in range(10)))
        await limiter.release(slow, "ok")
        return done

    assert asyncio.run(scene()) == list(range(10))


def test_a_caller_that_gives_up_waiting_costs_no_slot() -> None:
    async def scene() -> None:
        limiter = Limiter(Limits(concurrency=1))
        held = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await limiter.release(held, "ok")
        async with asyncio.timeout(5):
            await limiter.acquire()

    asyncio.run(scene())


def test_a_caller_cancelled_in_the_moment_of_its_leave_gives_it_back() -> None:
    async def scene() -> None:
        limiter = Limiter(Limits(concurrency=1))
        held = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        await limiter.release(held, "ok")  # the leave is there, the caller has not run yet
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not limiter.pace.open

    asyncio.run(scene())


def gate_to(limiter: Limiter, asked: list[str]) -> RemoteGate:
    async def ask(wants: list[int]) -> list[Lease]:
        asked.append("leave")
        await asyncio.sleep(0.001)
        return await limiter.acquire_many(wants)

    async def tell(ended: list[Release]) -> None:
        asked.append("end")
        await asyncio.sleep(0.001)
        await limiter.release_many(ended)

    return RemoteGate(ask, tell)


def test_two_workers_share_one_limiter_and_ask_it_in_batches() -> None:
    async def scene() -> tuple[int, int]:
        limiter, asked, busy, most = Limiter(Limits(concurrency=6)), [], 0, 0
        limiter.pace.window = 6.0

        async def call(gate: RemoteGate) -> None:
            nonlocal busy, most
            lease = await gate.acquire(10)
            busy, most = busy + 1, max(most, busy + 1)
            await asyncio.sleep(0.002)
            busy -= 1
            await gate.release(lease, "ok", None, 10)

        gates = [gate_to(limiter, asked), gate_to(limiter, asked)]
        await asyncio.gather(*(call(gates[number % 2]) for number in range(200)))
        await asyncio.sleep(0.02)
        assert not limiter.pace.open
        return most, len(asked)

    most, asked = asyncio.run(scene())
    assert most == 6
    assert asked < 300  # 400 without batches


def test_who_waits_at_a_gate_hears_that_the_limiter_is_gone() -> None:
    async def ask(wants: list[int]) -> list[Lease]:
        raise ConnectionError("gone")

    async def tell(ended: list[Release]) -> None:
        raise ConnectionError("gone")

    async def scene() -> list[BaseException | Lease]:
        gate = RemoteGate(ask, tell)
        return await asyncio.gather(gate.acquire(), gate.acquire(), return_exceptions=True)

    assert [type(result) for result in asyncio.run(scene())] == [ConnectionError, ConnectionError]

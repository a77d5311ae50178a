"""How fast one key may call one endpoint, over all workers of a run.

`Pace` is the pure part: an adaptive number of calls at once, a pause when the server names one, and request and token
caps per minute. `Limiter` lets callers wait for it. It lives where all workers reach it (the engine puts it in an
actor) and each worker talks to it through a `RemoteGate`, which sends waiting calls and finished calls in batches.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from asid.pipeline.models.config import Limits

# ok: answered. limited: refused for its rate. failed: went wrong for another reason. unused: no call was made.
Outcome = Literal["ok", "limited", "failed", "unused"]

MINUTE = 60.0
FIRST = 4  # calls at once before anything is known of the server
CUT = 0.8
HOLD_ROUNDS = 20  # windows of answers at a proven ceiling before one more call at once is tried,
HOLD_ANSWERS = 100  # and at least so many answers: a try may cost a refusal
MARGIN = 0.98  # of a cap per minute is used: arrival times shift on their way
SPREAD = 0.01  # of a cap may start in a burst
LONG = 1.0  # s; a pause of this length says that a cap per minute is met
LATE = 1.02  # of a long pause is waited: what it frees comes back bit by bit, as it was taken
FASTER = 4.0  # than the minute before a long pause may calls start after it
SLOWEST = 60.0  # a minute, however few they were


@dataclass(frozen=True)
class Lease:
    """Leave for one call. `level`: calls at once when it began, itself included. `holder`: the process that has it."""

    id: int
    tokens: int
    at: float
    level: int
    holder: str = ""


@dataclass(frozen=True)
class Release:
    """How a call ended. `retry_after`: seconds for which the server wants no call; `tokens` it really used."""

    lease: Lease
    outcome: Outcome
    retry_after: float | None = None
    tokens: int | None = None


class Gate(Protocol):
    """Let calls through to an endpoint, no more and no faster than it takes."""

    async def acquire(self, tokens: int = 0) -> Lease: ...

    async def release(
        self, lease: Lease, outcome: Outcome, retry_after: float | None = None, tokens_used: int | None = None
    ) -> None: ...


class Bucket:
    """A cap per minute, filled evenly. Debts are allowed: a call that used more than was guessed delays the next."""

    def __init__(self, per_minute: float, now: float):
        self.burst = max(1.0, per_minute * SPREAD)
        self.rate = max(per_minute * MARGIN - self.burst, per_minute * 0.5) / MINUTE
        self.level = self.burst
        self.at = now

    def wait(self, now: float, amount: float) -> float:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (min(amount, self.burst) - self.level) / self.rate)

    def take(self, amount: float) -> None:
        self.level -= amount


class Pace:
    """When the next call may start. Pure: the time is always an argument, in seconds.

    The window is how many calls may be under way. It doubles per round until the server first pushes back.
    A push back at a level that the server has not carried lately shows its ceiling: the window stays there, and a call
    more is tried after a while that doubles with each failure, so that nearly all calls go through. A push back at a
    level that it did carry is about something else: the window is cut, and grows again by additions.
    A long pause shows what a minute carries: after it calls start evenly, so that only the last one is refused.
    """

    def __init__(self, limits: Limits, now: float = 0.0):
        self.most = float(limits.concurrency)
        self.window = min(float(FIRST), self.most)
        self.ceiling = math.inf
        self.base = math.inf  # the ceiling before the try that is going on; infinite when there is none
        self.tried = False  # whether a call beyond it has started
        self.trust = 1  # in the ceiling: doubles with each try that failed
        self.step = 1
        self.held = 0  # answers since the window reached the ceiling
        self.carried = (0, 0)  # highest level answered lately, and in the period before
        self.counted = 0
        self.refused_at = -math.inf  # the last push back,
        self.left = 0  # and how many calls were under way beside it: so many did the server carry then
        self.full_at = -math.inf
        self.cut_at = -math.inf
        self.cut_from = 0.0
        self.paused_until = -math.inf
        self.answered: deque[float] = deque()  # within the last minute
        self.even: Bucket | None = None
        self.requests = Bucket(limits.requests_per_minute, now) if limits.requests_per_minute else None
        self.tokens = Bucket(limits.tokens_per_minute, now) if limits.tokens_per_minute else None
        self.open: dict[int, Lease] = {}
        self.ids = itertools.count()

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until a call may start; 0 now; infinite until another call ends."""
        if len(self.open) >= math.floor(self.window):
            return math.inf
        waits = [self.paused_until - now, 0.0]
        waits.extend(bucket.wait(now, 1) for bucket in (self.requests, self.even) if bucket)
        if self.tokens:
            waits.append(self.tokens.wait(now, tokens))
        return max(waits)

    def start(self, now: float, tokens: int, holder: str = "") -> Lease:
        lease = Lease(next(self.ids), tokens, now, len(self.open) + 1, holder)
        self.open[lease.id] = lease
        if lease.level >= math.floor(self.window):
            self.full_at = now
        self.tried = self.tried or lease.level > self.base
        for bucket in (self.requests, self.even):
            if bucket:
                bucket.take(1)
        if self.tokens:
            self.tokens.take(tokens)
        return lease

    def finish(self, now: float, release: Release) -> None:
        lease = release.lease
        if self.open.get(lease.id) != lease:
            return  # its holder was given up for lost, or it is of an earlier limiter that has been replaced
        del self.open[lease.id]
        if self.tokens and release.tokens is not None:
            self.tokens.take(release.tokens - lease.tokens)
        if release.outcome == "ok":
            self.answered.append(now)
            while self.answered[0] <= now - MINUTE:
                self.answered.popleft()
        if release.retry_after:
            self._pause(now, release.retry_after)
        if release.outcome == "limited":
            self._shrink(now, lease)
        elif release.outcome == "ok":
            self._grow(lease)
        elif release.outcome == "unused":
            if self.requests:
                self.requests.take(-1)
            if self.tokens and release.tokens is None:
                self.tokens.take(-lease.tokens)

    def _pause(self, now: float, seconds: float) -> None:
        if seconds >= LONG:
            self.even = Bucket(max(FASTER * len(self.answered), SLOWEST), now)
            self.even.burst = self.even.level = 1.0
            seconds *= LATE
        self.paused_until = max(self.paused_until, now + seconds)

    def _shrink(self, now: float, lease: Lease) -> None:
        """Calls overtake each other on their way, so what counts is how many were under way, not which was refused."""
        left, carried, first = len(self.open), max(self.carried), lease.at >= self.cut_at
        self.refused_at, self.left = now, left
        if self.tried:
            self.ceiling = self.window = self.base
            self.trust *= 2
            self._rest(now)
        elif left >= carried:
            self.ceiling = min(self.ceiling, float(max(1, left)))
            self.window = min(self.window, self.ceiling)
            if first:
                self._rest(now)
        elif first:
            self.window = max(1.0, self.window * CUT)
            self._rest(now)
        else:  # more of the same round: one call less was carried
            self.window = max(1.0, self.cut_from / 2, self.window - 1.0)

    def _rest(self, now: float) -> None:
        self.cut_at, self.cut_from = now, self.window
        self.base, self.tried, self.step, self.held = math.inf, False, 1, 0

    def _grow(self, lease: Lease) -> None:
        level = min(lease.level, self.left) if lease.at <= self.refused_at else lease.level
        self.carried = (max(self.carried[0], level), self.carried[1])
        self.counted += 1
        if self.counted >= max(30, 5 * self.window):
            self.carried, self.counted = (level, self.carried[0]), 0
        if level > self.base:  # the try succeeded
            self.base, self.tried, self.trust, self.held = math.inf, False, 1, 0
            self.step = min(self.step * 2, HOLD_ROUNDS)
        if self.full_at < lease.at:
            return  # the window was not what held calls back, so nothing is learnt
        if math.isinf(self.ceiling):
            self.window += 1.0 if self.cut_at < 0 else max(1.0, 0.05 * self.window) / self.window
        elif self.window < self.ceiling:
            self.window = min(self.ceiling, self.window + max(1.0, 0.05 * self.window) / self.window)
        elif math.isinf(self.base):
            self.held += 1
            rounds, answers = min(self.trust, HOLD_ROUNDS), min(10 * self.trust, HOLD_ANSWERS)
            if self.held >= max(rounds * self.window, answers) and self.window < self.most:
                self.base = self.ceiling
                self.ceiling += self.step
        self.window = min(self.window, self.most)

    def forget(self, holder: str) -> None:
        """A process died: nobody will tell how its calls ended."""
        self.open = {id: lease for id, lease in self.open.items() if lease.holder != holder}


class Limiter:
    """A `Pace` that callers wait for, first come first served. A waiting call holds no slot."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self.pace = Pace(limits, clock())
        self.queue: deque[tuple[str, Sequence[int], asyncio.Future[list[Lease]]]] = deque()
        self.gone: set[str] = set()
        self.timer: asyncio.TimerHandle | None = None

    async def acquire(self, tokens: int = 0) -> Lease:
        return (await self.acquire_many([tokens]))[0]

    async def acquire_many(self, wants: Sequence[int], holder: str = "") -> list[Lease]:
        """Leave for as many of the wanted calls, in order, as may start now; waits for the first of them. None for a
        holder that is gone."""
        if holder in self.gone:
            return []
        future: asyncio.Future[list[Lease]] = asyncio.get_running_loop().create_future()
        self.queue.append((holder, wants, future))
        self._pump()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                await self.release_many([Release(lease, "unused") for lease in future.result()])
            raise

    async def release(
        self, lease: Lease, outcome: Outcome, retry_after: float | None = None, tokens_used: int | None = None
    ) -> None:
        await self.release_many([Release(lease, outcome, retry_after, tokens_used)])

    async def release_many(self, releases: Sequence[Release]) -> None:
        for release in releases:
            self.pace.finish(self.clock(), release)
        self._pump()

    def forget(self, holder: str) -> None:
        """A process died: its leases come back, and it waits for no more."""
        self.gone.add(holder)
        self.pace.forget(holder)
        for waiter, _, future in self.queue:
            if waiter == holder and not future.done():
                future.set_result([])
        self._pump()

    def _pump(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None
        while self.queue:
            holder, wants, future = self.queue[0]
            leases: list[Lease] = []
            wait = 0.0
            while not future.done() and len(leases) < len(wants):
                now, tokens = self.clock(), wants[len(leases)]
                if (wait := self.pace.wait(now, tokens)) > 0:
                    break
                leases.append(self.pace.start(now, tokens, holder))
            if not leases and not future.done():
                if not math.isinf(wait):
                    self.timer = asyncio.get_running_loop().call_later(wait, self._pump)
                return
            self.queue.popleft()
            if not future.done():
                future.set_result(leases)


class RemoteGate:
    """A worker's end of a Limiter that lives elsewhere. `ask` runs its `acquire_many`, `tell` its `release_many`. One
    question is under way at a time, for all calls that wait; ended calls are told together."""

    def __init__(
        self,
        ask: Callable[[list[int]], Awaitable[list[Lease]]],
        tell: Callable[[list[Release]], Awaitable[None]],
    ):
        self.ask = ask
        self.tell = tell
        self.waiting: deque[tuple[int, asyncio.Future[Lease]]] = deque()
        self.ended: list[Release] = []
        self.asking: asyncio.Task[None] | None = None
        self.telling: asyncio.Task[None] | None = None

    async def acquire(self, tokens: int = 0) -> Lease:
        future: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        self.waiting.append((tokens, future))
        if self.asking is None or self.asking.done():
            self.asking = asyncio.create_task(self._ask())
            self.asking.add_done_callback(self._asked)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and not future.exception():
                await self.release(future.result(), "unused")
            raise

    async def release(
        self, lease: Lease, outcome: Outcome, retry_after: float | None = None, tokens_used: int | None = None
    ) -> None:
        self.ended.append(Release(lease, outcome, retry_after, tokens_used))
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self._tell())

    async def _ask(self) -> None:
        while self.waiting:
            wants = [tokens for tokens, _ in self.waiting]
            leases = await self.ask(wants)
            for lease in leases:
                _, future = self.waiting.popleft()
                if future.done():
                    await self.release(lease, "unused")
                else:
                    future.set_result(lease)

    def _asked(self, task: asyncio.Task[None]) -> None:
        """Whoever still waits when asking failed learns why."""
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        while error and self.waiting:
            _, future = self.waiting.popleft()
            if not future.done():
                future.set_exception(error)

    async def _tell(self) -> None:
        while self.ended:
            ended, self.ended = self.ended, []
            await self.tell(ended)

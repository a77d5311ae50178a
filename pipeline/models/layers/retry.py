"""Another try for errors that can heal, with full jitter and a deadline; and a place in the queue for every try.

The limiter is inside the retries, so that a call that waits for its next try holds no slot that another could use.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import tenacity
from tenacity.asyncio import AsyncRetrying

from asid.pipeline.models.base import Layer, Request, Response, Suspended, Transient
from asid.pipeline.models.layers.limiter import Gate, Outcome
from asid.pipeline.models.layers.notices import told
from asid.pipeline.models.layers.replay import check_open, nap
from asid.pipeline.models.spend import GUESSED_OUTPUT, guess_tokens
from asid.pipeline.models.waits import spoken

FIRST_WAIT = 1.0  # s, the most before the second try; doubles with every further one
LONGEST_WAIT = 60.0


def full_jitter(tries: int, error: BaseException | None, chance: random.Random) -> float:
    """Seconds before the next try: anything up to the doubling bound, after what the server asked for."""
    asked = getattr(error, "retry_after", None) or 0.0
    return asked + chance.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)))


@dataclass
class Persistent(Layer):
    """Tries again. A Transient that outlasts the tries or the deadline is raised with the number of attempts."""

    retries: int
    deadline: float  # s
    chance: random.Random = field(default_factory=random.Random)
    sleep: Callable[[float], Awaitable[None]] = nap

    where: str = "the endpoint"

    async def generate(self, request: Request) -> Response:
        async def sleep(seconds: float) -> None:
            async with told(f"the next try at {self.where}", seconds):
                await self.sleep(seconds)

        retrying = AsyncRetrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(self.retries + 1) | tenacity.stop_before_delay(self.deadline),
            wait=lambda state: full_jitter(state.attempt_number, _error(state), self.chance),
            reraise=True,
            sleep=sleep,
        )
        tries = 0
        try:
            async for attempt in retrying:
                with attempt:
                    tries = attempt.retry_state.attempt_number
                    response = await self.model.generate(request)
        except Transient as error:
            error.attempts = tries
            raise
        return response.model_copy(update={"attempts": tries})


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


@dataclass
class Limited(Layer):
    """Every call waits for its lease, has its time, and tells the gate how it went."""

    gate: Gate
    timeout: float  # s
    deadline: float = math.inf  # s; who wants a longer pause ends the run
    where: str = "the endpoint"
    closed_until: float = -math.inf  # monotonic
    paused_until: float = -math.inf  # monotonic, as far as this worker knows
    seen: dict[str, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))  # calls, tokens

    def guess(self, request: Request) -> int:
        """Tokens that a call will take, going in and coming out."""
        calls, tokens = self.seen[request.task]
        if calls:
            return tokens // calls
        return guess_tokens(request) + GUESSED_OUTPUT

    async def generate(self, request: Request) -> Response:
        check_open()
        self._check_closed("the server's limits permit no call")
        async with told(f"leave to call {self.where}", self.paused_until - time.monotonic()):
            lease = await self.gate.acquire(self.guess(request))
        outcome: Outcome = "unused"
        pause: float | None = None
        used: int | None = None
        began = time.monotonic()
        try:
            check_open()
            outcome = "failed"
            async with asyncio.timeout(self.timeout):
                response = await self.model.generate(request)
            outcome, pause = "ok", self._bounded(response.pause)
            used = response.usage.input_tokens + response.usage.output_tokens + response.usage.thought_tokens
            calls, tokens = self.seen[request.task]
            self.seen[request.task] = (calls + 1, tokens + used)
        except Transient as error:
            outcome, pause = ("limited" if error.rate_limited else "failed"), self._bounded(error.retry_after)
            self._check_closed(str(error))
            raise
        except TimeoutError as error:
            raise Transient(f"no answer within {self.timeout:g} s") from error
        finally:
            await self.gate.release(lease, outcome, pause, used)
        return response.model_copy(update={"seconds": time.monotonic() - began})

    def _bounded(self, pause: float | None) -> float | None:
        """A pause for the gate. One beyond the deadline is not waited for, by nobody: it closes the endpoint."""
        if pause is None or pause <= self.deadline:
            self.paused_until = max(self.paused_until, time.monotonic() + (pause or 0.0))
            return pause
        self.closed_until = time.monotonic() + pause
        return None

    def _check_closed(self, why: str) -> None:
        """Raises Suspended while the endpoint wants no call for longer than the deadline."""
        if (left := self.closed_until - time.monotonic()) > self.deadline:
            raise Suspended(
                f"the endpoint takes no call {spoken(left)}, beyond the `deadline` of {self.deadline:g} s for one "
                f"answer; run again then: {why}"
            )

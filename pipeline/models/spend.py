"""What calls cost, and when to stop. Totals come from durable answers, so a resumed run knows what it has spent."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from asid.pipeline.models.base import TRANSCRIBE, Layer, OutOfBudget, Request, Response, Usage
from asid.pipeline.models.config import Limits, ModelConfig, Prices
from asid.pipeline.models.layers.replay import Entry, read_entries
from asid.pipeline.models.prices import Rates, prices_of
from asid.pipeline.storage import Storage

MILLION = 1_000_000
GUESSED_OUTPUT = 500
MARGIN = 2.0  # of what the dearest call has cost: the next may be dearer
TOKENS_PER_MEDIA_SECOND = 300  # until the first answer says better


def cost(usage: Usage, prices: Prices) -> float | None:
    """USD of one call; None when the price is not known. Cached, audio and video tokens are parts of the input."""
    prices = prices.of(usage.input_tokens) if isinstance(prices, Rates) else prices
    if prices.audio_hour is not None and usage.audio_seconds:
        return usage.audio_seconds / 3600 * prices.audio_hour
    if prices.input is None or prices.output is None:
        return None
    special = {"cached": usage.cached_tokens, "audio": usage.audio_tokens, "video": usage.video_tokens}
    plain = usage.input_tokens
    total = 0.0
    for name, tokens in special.items():
        price = getattr(prices, name)
        tokens = min(tokens, plain)
        if price is not None:
            total += tokens * price
            plain -= tokens
    return (total + plain * prices.input + (usage.output_tokens + usage.thought_tokens) * prices.output) / MILLION


def saved_by_caches(usage: Usage, prices: Prices) -> float:
    """USD that a call would have cost more without its provider's cache."""
    full = cost(usage.model_copy(update={"cached_tokens": 0}), prices)
    paid = cost(usage, prices)
    return 0.0 if full is None or paid is None else max(0.0, full - paid)


def guess_tokens(request: Request) -> int:
    """Tokens that a request may have, before anything is known of the model."""
    seconds = sum((medium.end or 30.0) - medium.start for medium in request.media if medium.kind != "image")
    return int(len(request.prompt) / 4 + TOKENS_PER_MEDIA_SECOND * seconds)


def guess_usage(request: Request) -> Usage:
    """What a request may use; of one to transcribe, by its seconds of sound."""
    heard = float(request.settings.get("seconds", 0.0)) if request.task == TRANSCRIBE else 0.0
    return Usage(input_tokens=guess_tokens(request), output_tokens=GUESSED_OUTPUT, audio_seconds=heard)


# --- totals ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """What one stage spent with one model on one attribute. `usd` None: no price is known."""

    stage: str
    model: str  # the manifest's name
    attribute: str
    answers: int
    rejected: int  # paid calls that gave no answer
    calls: int  # all tries
    usage: Usage
    usd: float | None
    seconds: float  # of successful calls, one after the other
    most: float = 0.0  # USD of the dearest call
    saved: float = 0.0  # USD that cached tokens cost less than others

    @property
    def retries(self) -> int:
        return self.calls - self.answers - self.rejected


def entries(storage: Storage, folder: str) -> Iterator[Entry]:
    """All entries under a stage's folder of answers, whatever the shard."""

    def segments() -> Iterator[str]:
        for shard in storage.list(folder):
            for name in storage.list(f"{folder}/{shard}"):
                if name.endswith(".jsonl"):
                    yield f"{folder}/{shard}/{name}"

    with ThreadPoolExecutor(8) as pool:
        pending = segments()
        while group := list(itertools.islice(pending, 64)):
            for data in pool.map(storage.read, group):
                yield from read_entries(data)


def lines(stage: str, found: Iterable[Entry], models: Mapping[str, ModelConfig]) -> list[Line]:
    """The spending of one stage. An entry that stands in two segments is counted once, one that another run has paid
    for not at all."""
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in {(entry.key, entry.at): entry for entry in found if not entry.origin}.values():
        groups[entry.name, entry.attribute].append(entry)
    result = []
    for (name, attribute), group in sorted(groups.items()):
        prices = prices_of(models[name]) if name in models else Prices()
        costs = [cost(entry.usage, prices) for entry in group]
        answers = sum(entry.text is not None for entry in group)
        result.append(
            Line(
                stage=stage,
                model=name,
                attribute=attribute,
                answers=answers,
                rejected=len(group) - answers,
                calls=sum(entry.calls for entry in group),
                usage=add(entry.usage for entry in group),
                usd=None if None in costs else sum(item for item in costs if item is not None),
                seconds=sum(entry.seconds for entry in group),
                saved=sum(saved_by_caches(entry.usage, prices) for entry in group),
                most=max((item for item in costs if item is not None), default=0.0),
            )
        )
    return result


def spent(storage: Storage, stages: Iterable[str], models: Mapping[str, ModelConfig]) -> list[Line]:
    """The spending of a run, from the answers beside its shards."""
    return [line for stage in stages for line in lines(stage, entries(storage, f"run:{stage}/answers"), models)]


def add(usages: Iterable[Usage]) -> Usage:
    """Add up token counts."""
    totals: dict[str, float] = dict.fromkeys(Usage.model_fields, 0)
    for usage in usages:
        for name in totals:
            totals[name] += getattr(usage, name)
    return Usage(**totals)  # type: ignore[arg-type]


# --- estimates ---------------------------------------------------------------------------------------------------


def scaled(line: Line, factor: float) -> Line:
    """What a line becomes when the work is `factor` times as much."""
    usage = Usage(**{name: round(getattr(line.usage, name) * factor) for name in Usage.model_fields})
    return Line(
        line.stage, line.model, line.attribute, round(line.answers * factor), round(line.rejected * factor),
        round(line.calls * factor), usage, None if line.usd is None else line.usd * factor, line.seconds * factor,
        saved=line.saved * factor,
    )  # fmt: skip


def seconds_needed(found: Iterable[Line], limits: Limits) -> float:
    """Wall time that the calls of one endpoint take at the least: by calls at once, and by its caps per minute."""
    found = list(found)
    bounds = [sum(line.seconds for line in found) / limits.concurrency]
    if limits.requests_per_minute:
        bounds.append(sum(line.calls for line in found) * 60 / limits.requests_per_minute)
    if limits.tokens_per_minute:
        usage = add(line.usage for line in found)
        tokens = usage.input_tokens + usage.output_tokens + usage.thought_tokens
        bounds.append(tokens * 60 / limits.tokens_per_minute)
    return max(bounds)


# --- the budget --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticket:
    """Leave to spend about `usd`, or the reason why not."""

    id: int
    usd: float
    refusal: str = ""


class Purse(Protocol):
    """Keep the money of a run: what a call may cost is set aside before it, what it cost replaces that."""

    async def reserve(self, stage: str, model: str, guess: float) -> Ticket: ...

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float) -> None: ...


@dataclass
class Ledger:
    """The money of a run, for all its workers. A call starts while what is spent, what calls in flight may cost and
    what it may cost itself stay within the budget; it waits while that hangs on calls in flight, and is refused when it
    does not. What a call may cost is `MARGIN` times the dearest so far of the same stage and model, before the first
    answer the caller's guess: answers have heavy tails, and many calls of the mean pass a budget together."""

    budget: float | None = None  # USD, of the run
    budgets: dict[str, float] = field(default_factory=dict)  # by stage
    spent: dict[str, float] = field(default_factory=dict)  # by stage
    means: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)  # calls, USD
    most: dict[tuple[str, str], float] = field(default_factory=dict)  # USD of the dearest call
    open: dict[int, tuple[str, float, str]] = field(default_factory=dict)  # stage, likely USD, holder
    gone: set[str] = field(default_factory=set)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=itertools.count)

    def restore(self, found: Iterable[Line]) -> None:
        """Take over what the run has spent already."""
        for line in found:
            if line.usd is not None:
                self._spend(line.stage, line.model, line.answers + line.rejected, line.usd, line.most)

    async def reserve(self, stage: str, model: str, guess: float, holder: str = "") -> Ticket:
        while (ticket := self._verdict(stage, model, guess, holder)) is None:
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(settled)
            await settled
        return ticket

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float) -> None:
        """The call of a ticket has ended and cost this much. One that failed cost nothing that is known."""
        if self.open.pop(ticket.id, None) is not None:
            self._spend(stage, model, 1 if usd else 0, usd, usd)
        self._wake()

    def forget(self, holder: str) -> None:
        """A process died: its calls in flight will not be settled, and it waits for no more."""
        self.gone.add(holder)
        self.open = {id: entry for id, entry in self.open.items() if entry[2] != holder}
        self._wake()

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)

    def _verdict(self, stage: str, model: str, guess: float, holder: str) -> Ticket | None:
        if holder in self.gone:
            return Ticket(-1, 0.0, "its worker is gone")
        calls, usd = self.means.get((stage, model), (0, 0.0))
        likely = usd / calls if calls else guess if self.open else 0.0
        most = MARGIN * self.most.get((stage, model), 0.0) if calls else likely
        for name, limit, ours in (("the budget", self.budget, ""), ("its budget", self.budgets.get(stage), stage)):
            if limit is None:
                continue
            gone = sum(usd for part, usd in self.spent.items() if ours in ("", part))
            flying = sum(usd for part, usd, _ in self.open.values() if ours in ("", part))
            if gone >= limit or (calls and gone + most > limit):
                said = f"{name}, {limit:g} USD, is reached: {gone:.4f} USD spent, up to {most:.4f} for the next call"
                return Ticket(-1, 0.0, f"{stage}: {said}")
            if flying and gone + flying + most > limit:
                return None
        ticket = Ticket(next(self.ids), most or guess)
        self.open[ticket.id] = (stage, ticket.usd, holder)
        return ticket

    def _spend(self, stage: str, model: str, calls: int, usd: float, most: float) -> None:
        self.most[stage, model] = max(most, self.most.get((stage, model), 0.0))
        self.spent[stage] = self.spent.get(stage, 0.0) + usd
        before, total = self.means.get((stage, model), (0, 0.0))
        if calls:
            self.means[stage, model] = (before + calls, total + usd)


@dataclass
class Budgeted(Layer):
    """No call starts that the purse does not allow."""

    name: str
    stage: str
    prices: Prices
    purse: Purse

    async def generate(self, request: Request) -> Response:
        guess = cost(guess_usage(request), self.prices) or 0.0
        ticket = await self.purse.reserve(self.stage, self.name, guess)
        if ticket.refusal:
            raise OutOfBudget(
                f"{ticket.refusal}. What is paid is kept: raise it (--set budget.usd=…, or the stage's `budget`) and "
                "run again"
            )
        usd = 0.0
        try:
            response = await self.model.generate(request)
            usd = cost(response.usage, self.prices) or 0.0
        finally:
            await self.purse.settle(ticket, self.stage, self.name, usd)
        return response

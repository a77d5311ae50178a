"""What calls cost, and when to stop. Totals come from durable answers, so a resumed run knows what it has spent."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from asid.pipeline.models.base import TRANSCRIBE, Layer, OutOfBudget, Request, Response, Usage
from asid.pipeline.models.ceiling import CAPS, ceiling
from asid.pipeline.models.config import Limits, ModelConfig, Prices
from asid.pipeline.models.layers.replay import Entry, read_entries
from asid.pipeline.models.prices import Rates, prices_of
from asid.pipeline.storage import Storage

MILLION = 1_000_000
GUESSED_OUTPUT = 500
BEYOND = 1.1  # of a cost that was above what was told of it: the next may be a little more so
FRACTIONS = frozenset({"audio_seconds", "stored_token_hours"})  # figures of usage that are no counts
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
    total += usage.stored_tokens * prices.input + usage.stored_token_hours * (prices.storage or 0.0)
    return (total + plain * prices.input + (usage.output_tokens + usage.thought_tokens) * prices.output) / MILLION


def saved_by_caches(usage: Usage, prices: Prices) -> float:
    """USD that a call would have cost more without its provider's cache; less than nothing where a cache was made for
    it that saves others."""
    full = cost(usage.model_copy(update={"cached_tokens": 0, "stored_tokens": 0, "stored_token_hours": 0.0}), prices)
    paid = cost(usage, prices)
    return 0.0 if full is None or paid is None else full - paid


def guess_tokens(request: Request) -> int:
    """Tokens that a request may have, before anything is known of the model."""
    seconds = sum((medium.end or 30.0) - medium.start for medium in request.media if medium.kind != "image")
    return int(len(request.prompt) / 4 + TOKENS_PER_MEDIA_SECOND * seconds)


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
    grown = {name: getattr(line.usage, name) * factor for name in Usage.model_fields}
    usage = Usage(**{name: value if name in FRACTIONS else round(value) for name, value in grown.items()})  # type: ignore[arg-type]
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
    """Leave to spend up to `usd`, or the reason why not."""

    id: int
    usd: float
    refusal: str = ""


class Purse(Protocol):
    """Keep the money of a run: the most that a call can cost is set aside before it, what it cost replaces that.
    `first_alone`: until a call of the stage and model has told its cost, they go out one by one."""

    async def reserve(self, stage: str, model: str, most: float, first_alone: bool = True) -> Ticket: ...

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float | None) -> None: ...


@dataclass(frozen=True)
class Reserve:
    """What is set aside for a call in flight: USD, before `Ledger.over`."""

    stage: str
    model: str
    usd: float
    holder: str


@dataclass
class Ledger:
    """The money of a run, for all its workers. A call starts while what is spent, the most that calls in flight can
    cost and the most that it can cost itself stay within the budget together: so no budget is passed, however long the
    answers are. It waits while that hangs on calls in flight, and is refused when it does not. Where a call has cost
    more than the most that was told of it (an endpoint counts in a way that nobody knows), all others of its stage and
    model count for as much more; so that they are not in flight by then, the first goes alone."""

    budget: float | None = None  # USD, of the run
    budgets: dict[str, float] = field(default_factory=dict)  # by stage
    spent: dict[str, float] = field(default_factory=dict)  # by stage
    over: dict[tuple[str, str], float] = field(default_factory=dict)  # stage, model: cost in terms of what was told
    open: dict[int, Reserve] = field(default_factory=dict)  # by ticket
    gone: set[str] = field(default_factory=set)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(time.time_ns()))  # of no other ledger's tickets

    def restore(self, found: Iterable[Line]) -> None:
        """Take over what the run has spent already."""
        for line in found:
            if line.usd is not None:
                self._spend(line.stage, line.usd)

    async def reserve(self, stage: str, model: str, most: float, first_alone: bool = True, holder: str = "") -> Ticket:
        while (ticket := self._verdict(Reserve(stage, model, most, holder), first_alone)) is None:
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(settled)
            await settled
        return ticket

    async def settle(self, ticket: Ticket, stage: str, model: str, usd: float | None) -> None:
        """The call of a ticket has ended and cost this much. None: it failed, and cost nothing that is known. A ticket
        of a ledger that was lost is paid all the same."""
        reserve = self.open.pop(ticket.id, None)
        if usd is not None:
            self._spend(stage, usd)
            ratio = usd / reserve.usd if reserve and reserve.usd else 1.0
            ratio *= BEYOND if ratio > 1 else 1
            self.over[stage, model] = max(1.0, ratio, self.over.get((stage, model), 1.0))
        self._wake()

    def forget(self, holder: str) -> None:
        """A process died: its calls in flight will not be settled, and it waits for no more."""
        self.gone.add(holder)
        self.open = {id: reserve for id, reserve in self.open.items() if reserve.holder != holder}
        self._wake()

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)

    def _verdict(self, asked: Reserve, first_alone: bool) -> Ticket | None:
        stage = asked.stage
        if asked.holder in self.gone:
            return Ticket(-1, 0.0, "its worker is gone")
        most = self._most(asked)
        for name, limit, ours in (("the budget", self.budget, ""), ("its budget", self.budgets.get(stage), stage)):
            if limit is None:
                continue
            gone = sum(usd for part, usd in self.spent.items() if ours in ("", part))
            flying = sum(self._most(one) for one in self.open.values() if ours in ("", one.stage))
            if gone + most > limit:
                said = f"{name}, {limit:g} USD, is reached: {gone:.4f} USD spent, and the next call may take {most:.4f}"
                return Ticket(-1, 0.0, f"{stage}: {said}")
            if gone + flying + most > limit:
                return None
        kind = (stage, asked.model)
        if first_alone and kind not in self.over and any((one.stage, one.model) == kind for one in self.open.values()):
            return None
        ticket = Ticket(next(self.ids), most)
        self.open[ticket.id] = asked
        return ticket

    def _most(self, reserve: Reserve) -> float:
        return reserve.usd * self.over.get((reserve.stage, reserve.model), 1.0)

    def _spend(self, stage: str, usd: float) -> None:
        self.spent[stage] = self.spent.get(stage, 0.0) + usd


@dataclass
class Budgeted(Layer):
    """No call starts that the purse does not allow. `batch`: calls wait for each other, so that none goes alone."""

    name: str
    stage: str
    config: ModelConfig
    purse: Purse
    batch: bool = False
    prices: Prices = field(init=False)

    def __post_init__(self) -> None:
        self.prices = prices_of(self.config)

    async def generate(self, request: Request) -> Response:
        most = ceiling(request, self.config, self.prices)
        ticket = await self.purse.reserve(self.stage, self.name, most, not self.batch)
        if ticket.refusal:
            capped = any(request.settings.get(name) for name in CAPS) or request.task == TRANSCRIBE
            cap = "" if capped else f" An answer may be long: models.{self.name}.settings.max_tokens bounds it."
            raise OutOfBudget(
                f"{ticket.refusal}. What is paid is kept: raise it (--set budget.usd=…, or the stage's `budget`) and "
                f"run again.{cap}"
            )
        usd = None
        try:
            response = await self.model.generate(request)
            usd = cost(response.usage, self.prices) or 0.0
        finally:
            await self.purse.settle(ticket, self.stage, self.name, usd)
        return response

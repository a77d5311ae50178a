"""How often the bill lies inside the interval that an estimate tells, on simulated runs.

    python -m tests.bench.bench_estimate [SEED]    # 200 runs from this seed on, about five minutes

Lengths of videos and of answers have heavy tails; a clip asks eight kinds of questions, whose answers are longer where
somebody talks more. The estimate sees what `asid estimate` sees: some shards, and the costs of clips drawn evenly by
length from them, as many as it takes by itself. The budget is half of each bill; calls go through the budget of the
product, many at once, to a server that counts as Gemini does and ends an answer at its `max_tokens`. Prints one JSON
line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from asid.pipeline.models.base import OutOfBudget, Request, Response, Usage
from asid.pipeline.models.budget import Sent
from asid.pipeline.models.ceiling import media_tokens
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.forecast import forecast, spread_of
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import Budgeted, Ledger, cost

RUNS = 200
SEED = 20_000
SHARDS = 4  # looked at, as `asid estimate` does
SAMPLE = 20  # clips, its own number
CAP = 8192  # `max_tokens`, as the recipes have it
AT_ONCE = 64
STRONG = ModelConfig(provider="gemini", model="gemini-2.5-pro")
LISTED = prices_of(STRONG)
TEXT = "what a person says on the way to the red door, and when. " * 2000
QUESTIONS = ("caption", "caption2", "ensemble", "verify", *(f"audit-{number}" for number in range(8)))
PER_SECOND = media_tokens(STRONG, {}, Sent(1280, 720, video=1000.0, sound=1000.0)) / 1000
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "estimate", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


@dataclass(frozen=True)
class Call:
    """One question: what it is sent, and what its answer takes."""

    question: str
    words: int  # tokens of its prompt
    media: int  # tokens
    output: int

    @property
    def usage(self) -> Usage:
        return Usage(input_tokens=self.words + self.media, output_tokens=self.output)

    @property
    def usd(self) -> float:
        return cost(self.usage, LISTED) or 0.0


Clip = tuple[float, list[Call]]  # seconds, questions


class World:
    """A run whose bill is known: shards of videos of clips, and what each clip's questions take."""

    def __init__(self, seed: int):
        chance = np.random.default_rng(seed)
        self.shards: list[tuple[float, list[Clip]]] = []
        for _ in range(int(chance.integers(1, 20))):
            seconds, clips = 0.0, []
            while seconds < 3600:
                video = float(np.clip(chance.pareto(1.5) * 60 + 20, 20, 2 * 3600))  # infinite variance, but for the cap
                seconds += video
                talk = chance.beta(2, 2)
                left = video
                while left > 3:
                    length = float(np.clip(chance.lognormal(3.0, 0.6), 3, 180))
                    length = min(length, left)
                    left -= length
                    if chance.random() < 0.8:  # the policy drops some
                        clips.append((length, list(self._calls(chance, length, talk))))
            self.shards.append((seconds, clips))
        self.bills = [
            [(length, sum(call.usd for call in calls)) for length, calls in clips] for _, clips in self.shards
        ]

    def _calls(self, chance: np.random.Generator, length: float, talk: float) -> Iterator[Call]:
        for question in QUESTIONS:
            sees = question.startswith(("caption", "audit"))
            media = int(PER_SECOND * length * sees)
            output = min(CAP, int((200 + 6 * length * talk) * chance.lognormal(0, 0.5)))
            again = int(chance.random() < 0.03) + int(chance.random() < 0.005)
            for _ in range(1 + again):
                yield Call(question, int(1500 + 4 * length * talk), media, output)

    @property
    def bill(self) -> float:
        return sum(usd for clips in self.bills for _, usd in clips)

    def estimate(self) -> tuple[float, float, float]:
        count = len(self.shards)
        chosen = range(count) if count <= SHARDS else [round(at * (count - 1) / (SHARDS - 1)) for at in range(SHARDS)]
        there = [self.shards[number] for number in chosen]
        share = sum(seconds for seconds, _ in there) / sum(seconds for seconds, _ in self.shards)
        rows = sorted((row for number in chosen for row in self.bills[number]), key=lambda row: row[0])
        taken = min(SAMPLE, len(rows))
        picked = [rows[int((at + 0.5) * len(rows) / taken)] for at in range(taken)]
        spread = spread_of([(sum(length for length, _ in clips), seconds) for seconds, clips in there], count)
        lengths, costs = [row[0] for row in picked], [row[1] for row in picked]
        found = forecast(lengths, costs, len(rows) / share, sum(row[0] for row in rows) / share, spread)
        return found.low, found.point, found.high

    async def spend(self, budget: float) -> float:
        """Pay for everything, many calls at once, until the budget says no."""
        ledger = Ledger(budget)
        models = {name: Budgeted(Server(), "strong", name, STRONG, ledger) for name in QUESTIONS}
        calls = iter([call for _, clips in self.shards for _, calls in clips for call in calls])

        async def caller() -> None:
            for call in calls:
                facts = {"usage": call.usage}
                asked = Request(task="audit", prompt=TEXT[: 4 * call.words], settings={"max_tokens": CAP}, facts=facts,
                                weight=call.media)  # fmt: skip
                try:
                    await models[call.question].generate(asked)
                except OutOfBudget:
                    return

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
        return sum(ledger.spent.values())


class Server:
    """Answers with what a request brings along."""

    reads_facts = True

    async def generate(self, request: Request) -> Response:
        await asyncio.sleep(0)
        return Response(text="", model="m", provider="gemini", usage=request.facts["usage"])

    async def close(self) -> None:
        pass


def main(words: list[str]) -> int:
    inside = near = 0
    widths, past = [], []
    first = int(words[0]) if words else SEED
    for seed in range(first, first + RUNS):
        world = World(seed)
        low, point, high = world.estimate()
        bill = world.bill
        inside += low <= bill <= high
        near += abs(point - bill) <= 0.05 * bill
        widths.append((high - low) / 2 / bill)
        past.append(asyncio.run(world.spend(bill / 2)) / (bill / 2))
    show("bills inside the interval", inside / RUNS, "share", least=0.95)
    show("points within 5 % of the bill", near / RUNS, "share", least=0.90)
    show("half of the interval, median", float(np.median(widths)), "share of the bill")
    show("runs that passed their budget", sum(share > 1 for share in past), "runs", most=0)
    show("least that was spent of a budget", min(past), "share")
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How often the bill lies inside the interval that an estimate tells, on simulated runs.

    python -m tests.bench.bench_estimate           # 200 runs, about a minute

Lengths of videos and of answers have heavy tails; a clip asks eight kinds of questions, whose answers are longer where
somebody talks more. The estimate sees what `asid estimate` sees: some shards, and the costs of clips drawn evenly by
length from them. The budget is half of each bill; calls go through the ledger of the product, many at once. Prints one
JSON line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import asyncio
import json
import sys

import numpy as np

from asid.pipeline.models.base import Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.forecast import forecast, spread_of
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import Ledger, cost

RUNS = 200
SHARDS = 4  # looked at, as `asid estimate` does
SAMPLE = 60
QUESTIONS = ("caption", "caption2", "ensemble", "verify", *(f"audit-{number}" for number in range(8)))
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "estimate", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


class World:
    """A run whose bill is known: shards of videos of clips, and what each clip's questions cost."""

    def __init__(self, seed: int):
        chance = np.random.default_rng(seed)
        prices = prices_of(ModelConfig(provider="gemini", model="gemini-2.5-pro"))
        self.shards: list[tuple[float, list[tuple[float, list[float]]]]] = []
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
                        clips.append((length, self._bills(chance, prices, length, talk)))
            self.shards.append((seconds, clips))

    def _bills(self, chance: np.random.Generator, prices: object, length: float, talk: float) -> list[float]:
        found = []
        for question in QUESTIONS:
            sees = question.startswith(("caption", "audit"))
            inputs = int(1500 + 300 * length * sees + 4 * length * talk)
            outputs = int((200 + 6 * length * talk) * chance.lognormal(0, 0.5))
            calls = 1 + int(chance.random() < 0.03) + int(chance.random() < 0.005)  # asked again
            usage = Usage(input_tokens=inputs * calls, output_tokens=outputs * calls)
            found.append(cost(usage, prices) or 0.0)  # type: ignore[arg-type]
        return found

    @property
    def bill(self) -> float:
        return sum(sum(bills) for _, clips in self.shards for _, bills in clips)

    def estimate(self) -> tuple[float, float, float]:
        count = len(self.shards)
        chosen = range(count) if count <= SHARDS else [round(at * (count - 1) / (SHARDS - 1)) for at in range(SHARDS)]
        there = [self.shards[number] for number in chosen]
        share = sum(seconds for seconds, _ in there) / sum(seconds for seconds, _ in self.shards)
        rows = sorted(((length, sum(bills)) for _, clips in there for length, bills in clips), key=lambda row: row[0])
        taken = min(SAMPLE, len(rows))
        picked = [rows[int((at + 0.5) * len(rows) / taken)] for at in range(taken)]
        spread = spread_of([(sum(length for length, _ in clips), seconds) for seconds, clips in there], count)
        lengths, costs = [row[0] for row in picked], [row[1] for row in picked]
        found = forecast(lengths, costs, len(rows) / share, sum(row[0] for row in rows) / share, spread)
        return found.low, found.point, found.high

    async def spend(self, budget: float) -> float:
        """Pay for everything, 64 calls at once, until the ledger says no."""
        ledger = Ledger(budget)
        costs = [bill for _, clips in self.shards for _, bills in clips for bill in zip(QUESTIONS, bills, strict=True)]
        calls = iter(costs)

        async def caller() -> None:
            for question, usd in calls:
                ticket = await ledger.reserve(question, "strong", usd)
                if ticket.refusal:
                    return
                await asyncio.sleep(0)
                await ledger.settle(ticket, question, "strong", usd)

        await asyncio.gather(*(caller() for _ in range(64)))
        return sum(ledger.spent.values())


def main() -> int:
    inside = near = 0
    widths, past = [], []
    for seed in range(RUNS):
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
    sys.exit(main())

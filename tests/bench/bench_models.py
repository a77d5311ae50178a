"""How much of what a server permits is used, and how many calls are refused. Real clients, servers on loopback.

    python -m tests.bench.bench_models             # all, about four minutes
    python -m tests.bench.bench_models caps        # one of: caps, minute, workers, mend, store

Prints one JSON line for each figure; exits with 1 when one misses its limit. `mend` reads broken JSON texts with their
repaired forms from the folder named by CORPORA, and says so when there is none.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asid.pipeline.asking.exchange import cut_short, mend, parse
from asid.pipeline.models.base import InvalidAnswer, Model, Request, Usage
from asid.pipeline.models.config import Limits, ModelConfig
from asid.pipeline.models.layers.limiter import Gate, Lease, Limiter, Release, RemoteGate
from asid.pipeline.models.layers.replay import AnswerStore, Entry
from asid.pipeline.models.layers.retry import Limited, Persistent
from asid.pipeline.models.providers.openai import OpenAIModel
from asid.pipeline.storage import Storage
from tests.servers.llm import Behaviour, LlmServer

MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = {"least": least} if least is not None else {"most": most} if most is not None else None
    line = {"bench": "models", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line), flush=True)
    if (least is not None and value < least) or (most is not None and value > most):
        MISSED.append(figure)


def layered(url: str, gate: Gate) -> Model:
    config = ModelConfig(provider="openai", model="tiny", base_url=f"{url}/v1", timeout=60)
    return Persistent(Limited(OpenAIModel(config, Storage(tempfile.gettempdir())), gate, 60.0), 1000, 3600.0)


async def press(model: Model, seconds: float, at_once: int) -> None:
    """Ask without end, `at_once` questions at a time, for `seconds`."""

    async def asking(first: int) -> None:
        number = first
        while True:
            await model.generate(Request(task="audit", prompt=f"question {number}"))
            number += at_once

    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(asking(first) for first in range(at_once)))
    except TimeoutError:
        await model.close()


@dataclass
class Counts:
    answered: int
    refused: int
    most_in_a_minute: int


def counted(server: LlmServer, since: float, until: float) -> Counts:
    seen = server.seen
    within = [moment for moment in seen.times if since <= moment < until]
    refused = sum(since <= moment < until for moment in seen.refused_times)
    ordered, most, first = sorted(seen.times), 0, 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - 60:
            first += 1
        most = max(most, last - first + 1)
    return Counts(len(within), refused, most)


def caps() -> None:
    """A fixed latency and a cap of calls at once, which the client has to find."""
    for cap, latency in ((16, 1.0), (64, 2.0)):
        with LlmServer(Behaviour(latency=latency, concurrency=cap), keep_bodies=False) as server:
            began = time.monotonic()
            asyncio.run(press(layered(server.url, Limiter(Limits(concurrency=512))), 60, 256))
            found = counted(server, began + 20, began + 60)
        name = f"cap {cap}, latency {latency:g} s"
        show(f"throughput at {name}", found.answered / (cap / latency * 40), "of cap/latency", least=0.95)
        show(f"refused at {name}", found.refused / (found.refused + found.answered), "of calls", most=0.02)


def minute() -> None:
    """A permitted number of calls in any 60 s, with 429 and Retry-After beyond it."""
    permitted = 600

    async def all_ways() -> None:
        await asyncio.gather(*(way(*one) for one in ways))

    async def way(name: str, server: LlmServer, limits: Limits) -> None:
        await press(layered(server.url, Limiter(limits)), 180, 64)

    known = Limits(requests_per_minute=permitted)
    with (
        LlmServer(Behaviour(latency=0.5, per_minute=permitted), keep_bodies=False) as first,
        LlmServer(Behaviour(latency=0.5, per_minute=permitted, say_limits=True), keep_bodies=False) as second,
        LlmServer(Behaviour(latency=0.5, per_minute=permitted), keep_bodies=False) as third,
    ):
        ways = [
            ("known from the manifest", first, known),
            ("told by headers", second, Limits()),
            ("told by Retry-After alone", third, Limits()),
        ]
        began = time.monotonic()
        asyncio.run(all_ways())
        for name, server, _ in ways:
            found = counted(server, began + 60, began + 180)
            show(f"{permitted} a minute, {name}: used", found.answered / (permitted * 2), "of permitted", least=0.9)
            refused = found.refused / (found.refused + found.answered)
            show(f"{permitted} a minute, {name}: refused", refused, "of calls", most=0.02)


def workers() -> None:
    """Two workers of a cluster with one key: their limiter is an actor."""
    import ray

    permitted = 600
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)

    class Worker:
        def __init__(self, url: str, limiter: Any):
            async def ask(wants: list[int]) -> list[Lease]:
                leases: list[Lease] = await limiter.acquire_many.remote(wants)
                return leases

            async def tell(ended: list[Release]) -> None:
                await limiter.release_many.remote(ended)

            self.url, self.gate = url, RemoteGate(ask, tell)

        async def press(self, seconds: float) -> None:
            await press(layered(self.url, self.gate), seconds, 64)

    limiter = (
        ray.remote(Limiter).options(num_cpus=0, max_concurrency=1000).remote(Limits(requests_per_minute=permitted))
    )
    with LlmServer(Behaviour(latency=0.5, per_minute=permitted), keep_bodies=False) as server:
        crew = [ray.remote(Worker).options(num_cpus=0.5).remote(server.url, limiter) for _ in range(2)]
        ray.get([worker.press.remote(0.1) for worker in crew])
        began = time.monotonic()
        ray.get([worker.press.remote(100) for worker in crew])
        found = counted(server, began + 10, began + 100)
    ray.shutdown()
    show("two workers on one key: used", found.answered / (permitted * 1.5), "of permitted", least=0.9)
    show("two workers on one key: refused", found.refused / (found.refused + found.answered), "of calls", most=0.02)
    show("two workers on one key: most in any minute", found.most_in_a_minute, "calls", most=permitted)


def mend_corpora() -> None:
    """How many broken JSON texts are mended into the form that their collectors hold to be right."""
    folder = Path(os.environ.get("CORPORA", "corpora"))
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        print(f"mend: no corpora in {folder}; set CORPORA", file=sys.stderr)
        return
    for file in files:
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        wanted = [(row["input"], want) for row in rows if isinstance(want := right_form(row), (dict, list))]
        same = sum(mend(text) == want for text, want in wanted)
        whole = [(text, want) for text, want in wanted if not cut_short(text)]
        accepted = [(text, want) for text, want in wanted if is_accepted(text)]
        show(f"{file.stem}: texts", len(rows), "texts")
        show(f"{file.stem}: objects and lists mended to the right form", same / len(wanted), "of them")
        right = sum(mend(text) == want for text, want in whole)
        show(f"{file.stem}: of those not cut short", right / len(whole), "of them")
        show(f"{file.stem}: accepted by `parse`", len(accepted) / len(wanted), "of them")


def right_form(row: dict[str, Any]) -> Any:
    if row["repaired"] is None:
        return row.get("value")
    try:
        return json.loads(row["repaired"])
    except ValueError:
        return None


def is_accepted(text: str) -> bool:
    try:
        parse(text)
    except InvalidAnswer:
        return False
    return True


def store() -> None:
    """Putting and reading answers: a shard of 5,000 of 3 kB each, 64 rows at a time."""
    count = 5000

    def entry(number: int) -> Entry:
        return Entry(
            key=f"{number:064x}", text="x" * 3000, name="strong", model="m", provider="openai", task="audit",
            attribute="scene", row="r", usage=Usage(), calls=1, seconds=1.0, at=float(number),
        )  # fmt: skip

    async def put_all(folder: str) -> None:
        answers, numbers = AnswerStore(Storage(folder), "run:audit/answers", "0000"), iter(range(count))

        async def rows() -> None:
            for number in numbers:
                await answers.put(entry(number))

        await asyncio.gather(*(rows() for _ in range(64)))
        await answers.close()

    async def load(folder: str) -> int:
        answers = AnswerStore(Storage(folder), "run:audit/answers", "0000")
        await answers.get(Request(task="audit", prompt="x"))
        return len(answers.entries)

    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        asyncio.run(put_all(folder))
        show("store: durable answers written", count / (time.monotonic() - began), "per second")
        began = time.monotonic()
        assert asyncio.run(load(folder)) == count
        show("store: answers read back", count / (time.monotonic() - began), "per second")


BENCHES: dict[str, Callable[[], None]] = {
    "caps": caps,
    "minute": minute,
    "workers": workers,
    "mend": mend_corpora,
    "store": store,
}


def main() -> int:
    for name in sys.argv[1:] or BENCHES:
        BENCHES[name]()
    for figure in MISSED:
        print(f"missed: {figure}", file=sys.stderr)
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())

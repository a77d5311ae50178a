"""What eight audits of a clip cost when the provider's cache makes their common start cheap.

    python -m tests.bench.bench_audits             # 100 clips, about three minutes

A server on loopback answers chat requests by honest cache rules: the longest equal start of a request that has been
read to its end before, in steps of 128 tokens, from 1,024 tokens on. It charges 290 tokens for a second of video, as
Gemini does, and needs time for each token that it has not cached. A second server speaks Gemini's API and caches
nothing by itself: it has explicit caches with a least size, a time to live and a price by the hour. The product's own
auditor and clients ask. Prints one JSON line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import cost, entries
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import AttributeCaptions, Candidate, Clip, Utterance
from asid.pipeline.stage import Context
from asid.pipeline.storage import Storage
from asid.stages.audit import AuditConfig, Auditor
from tests.kits.asking_kit import decomposed

CLIPS = 100
STEP, LEAST = 128, 1024  # tokens
PER_SECOND = 290  # tokens of video and sound
READ = 40_000.0  # tokens a second that are read anew
WRITE = 0.3  # s for an answer
AT_ONCE = 16
LISTED = prices_of(ModelConfig(provider="gemini", model="gemini-2.5-flash"))
PRICES = {"input": LISTED.input, "output": LISTED.output, "cached": LISTED.cached, "storage": LISTED.storage}
ANSWER = json.dumps({"errors": [], "missing": [], "expressiveness": []})
SAID = "a person walks past the red door and says that it will rain before the evening comes again"
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "audits", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


class Server:
    """Reads requests token by token and remembers the starts of those that it has read."""

    def __init__(self, caching: bool, lengths: dict[str, float]):
        self.caching = caching
        self.lengths = lengths  # of videos by the hash of their bytes, s
        self.starts: set[str] = set()
        self.tokens: list[tuple[int, int]] = []  # of each request, and how many of them were cached
        self.stored: dict[str, tuple[int, float]] = {}  # explicit caches: tokens, and until when
        self.dropped = 0

    def steps(self, body: Any) -> tuple[int, list[str]]:
        """The tokens of a request and a hash of its start at every step."""
        units: list[str] = []
        for part in body["messages"][0]["content"]:
            if part["type"] == "text":
                text = part["text"]
                units += [text[at : at + 4] for at in range(0, len(text), 4)]
            else:
                digest = hashlib.sha256(json.dumps(part).encode()).hexdigest()
                units += [digest] * int(PER_SECOND * self.lengths[digest])
        total, found = hashlib.sha256(), []
        for number, unit in enumerate(units, 1):
            total.update(unit.encode())
            if number % STEP == 0:
                found.append(total.hexdigest())
        return len(units), found

    async def chat(self, request: web.Request) -> web.Response:
        count, steps = self.steps(await request.json())
        known = sum(1 for step in steps if step in self.starts) * STEP  # a start that is known has known starts
        cached = known if self.caching and known >= LEAST else 0
        await asyncio.sleep((count - cached) / READ)
        self.starts.update(steps)
        await asyncio.sleep(WRITE)
        self.tokens.append((count, cached))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}
        usage = {"prompt_tokens": count, "completion_tokens": len(ANSWER) // 4, "total_tokens": count,
                 "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip
        return web.json_response({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                                  "choices": [choice], "usage": usage})  # fmt: skip

    async def store(self, request: web.Request) -> web.Response:
        """Make an explicit cache, which costs the time to read it."""
        body = await request.json()
        count = sum(self.size(part) for content in body["contents"] for part in content["parts"])
        if count < LEAST:
            return web.json_response({"error": {"code": 400, "message": "too small"}}, status=400)
        await asyncio.sleep(count / READ)
        name = f"cachedContents/{len(self.stored)}"
        self.stored[name] = (count, time.monotonic() + float(body["ttl"].rstrip("s")))
        return web.json_response({"name": name, "usageMetadata": {"totalTokenCount": count}})

    async def drop(self, request: web.Request) -> web.Response:
        self.stored[f"cachedContents/{request.match_info['name']}"] = (0, 0.0)
        self.dropped += 1
        return web.json_response({})

    def size(self, part: Any) -> int:
        """The tokens of a part in Gemini's form."""
        if "text" in part:
            return len(part["text"]) // 4
        data = part.get("inlineData") or part["inline_data"]
        return int(PER_SECOND * self.lengths[data["data"]])

    async def generate(self, request: web.Request) -> web.Response:
        body = await request.json()
        contents = body["contents"] if isinstance(body["contents"], list) else [body["contents"]]
        own = sum(self.size(part) for content in contents for part in content["parts"])
        cached = 0
        if name := body.get("cachedContent"):
            cached, until = self.stored.get(name, (0, 0.0))
            if time.monotonic() > until:
                told = {"code": 403, "message": "CachedContent not found (or permission denied)", "status": "X"}
                return web.json_response({"error": told}, status=403)
        await asyncio.sleep(own / READ + WRITE)
        self.tokens.append((own + cached, cached))
        usage = {"promptTokenCount": own + cached, "candidatesTokenCount": len(ANSWER) // 4,
                 "cachedContentTokenCount": cached}  # fmt: skip
        candidate = {"content": {"role": "model", "parts": [{"text": ANSWER}]}, "finishReason": "STOP", "index": 0}
        return web.json_response({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"})

    @contextmanager
    def running(self) -> Iterator[str]:
        loop, ready = asyncio.new_event_loop(), threading.Event()
        address: list[str] = []

        async def serve() -> None:
            app = web.Application(client_max_size=1 << 26)
            app.router.add_post("/v1/chat/completions", self.chat)
            app.router.add_post("/{version:v1(?:beta)?}/models/{call}", self.generate)
            app.router.add_post("/{version:v1(?:beta)?}/cachedContents", self.store)
            app.router.add_delete("/{version:v1(?:beta)?}/cachedContents/{name}", self.drop)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            ready.set()

        def work() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve())
            loop.run_forever()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        ready.wait(20)
        yield address[0]
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def clips(folder: Path) -> tuple[list[Any], dict[str, float]]:
    """Clips of 15 to 45 s with a transcript and two descriptions, each a file of its own."""
    import base64

    chance = random.Random(11)
    words = [
        "a",
        "person",
        "walks",
        "past",
        "the",
        "red",
        "door",
        "and",
        "says",
        "that",
        "it",
        "will",
        "rain",
        "before",
        "the",
        "evening",
        "comes",
        "again",
    ]
    made, lengths = [], {}
    for number in range(CLIPS):
        seconds = chance.uniform(15, 45)
        file = folder / f"{number}.mp4"
        file.write_bytes(f"video {number}".encode())
        url = f"data:video/mp4;base64,{base64.b64encode(file.read_bytes()).decode()}"
        part = {"type": "video_url", "video_url": {"url": url}}
        lengths[hashlib.sha256(json.dumps(part).encode()).hexdigest()] = seconds
        lengths[url.partition(",")[2]] = seconds
        said = tuple(
            Utterance(
                start=at, end=at + 3, speaker="S1", text=" ".join(chance.choices(words, k=9)), words=(), overlap=False
            )
            for at in range(0, int(seconds) - 4, 4)
        )
        row = decomposed(folder, duration=seconds, utterances=said)
        by = row.candidates[0].by
        told = tuple(
            Candidate(id=row.id, annotator=name, caption=" ".join(chance.choices(words, k=120)), facts=(), by=by)
            for name in ("first", "second")
        )
        captions = AttributeCaptions(**{name: " ".join(chance.choices(words, k=60)) for name in ATTRIBUTES})
        update = {"uri": file.as_uri(), "sha256": f"{number:064x}", "candidates": told, "attributes": captions,
                  "id": f"clip-{number}", "offset": 0.0}  # fmt: skip
        made.append(row.model_copy(update=update))
    return made, lengths


def audited(
    rows: list[Clip], lengths: dict[str, float], first: str, caching: bool, cache: str = ""
) -> tuple[float, float, float]:
    """Audit all clips; with `cache`, by Gemini's API with that setting. Gives USD, the share of cached input of audits
    2 to 8, and seconds."""
    server = Server(caching, lengths)
    with server.running() as url, tempfile.TemporaryDirectory(prefix="r") as folder:
        told = {"provider": "openai", "model": "m", "base_url": f"{url}/v1", "settings": {"video": "data"}}
        if cache:
            told = {"provider": "gemini", "model": "gemini-2.5-flash", "base_url": url, "settings": {"cache": cache}}
        config = ModelConfig.model_validate(told | {"prices": PRICES, "limits": {"concurrency": AT_ONCE}})
        storage = Storage(folder)

        async def scene() -> float:
            store = AnswerStore(storage, "run:audit/answers", "00000")
            current_store.set(store)
            model = open_model("strong", config, storage, stage="audit")
            stage = Auditor(AuditConfig(model="strong", first=first), Context(storage, Prompts(), {"strong": model}))
            stage.open()
            seats = asyncio.Semaphore(32)

            async def one(row: Any) -> None:
                async with seats:
                    await stage.process(row)

            began = time.monotonic()
            await asyncio.gather(*map(one, rows))
            seconds = time.monotonic() - began
            await store.close()
            await model.close()
            return seconds

        seconds = asyncio.run(scene())
        paid = list(entries(storage, "run:audit/answers"))
    if cache == "explicit":
        show("explicit caches made", len(server.stored), "caches", least=len(rows), most=len(rows))
        show("and deleted", server.dropped, "caches", least=len(rows))
        show("that could not be made or were gone", sum(entry.usage.uncached for entry in paid), "caches", most=0)
    usd = sum(cost(entry.usage, config.prices) or 0.0 for entry in paid)
    by_clip: dict[str, list[Usage]] = {}
    for entry in sorted(paid, key=lambda entry: entry.at):
        by_clip.setdefault(entry.row, []).append(entry.usage)
    later = [usage for usages in by_clip.values() for usage in usages[1:]]
    share = sum(usage.cached_tokens for usage in later) / sum(usage.input_tokens for usage in later)
    return usd, share, seconds


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        rows, lengths = clips(Path(folder))
        plain, _, _ = audited(rows, lengths, "along", caching=False)
        along, share_along, seconds_along = audited(rows, lengths, "along", caching=True)
        alone, share, seconds = audited(rows, lengths, "auto", caching=True)
        bare, _, _ = audited(rows, lengths, "auto", caching=False, cache="implicit")
        stored, share_stored, seconds_stored = audited(rows, lengths, "auto", caching=False, cache="explicit")
    show("audits 2 to 8 from the cache, all at once", share_along, "share of their input")
    show("cost of eight audits, all at once", along / plain, "of the cost without a cache")
    show("audits 2 to 8 from the cache", share, "share of their input", least=0.85)
    show("cost of eight audits", alone / plain, "of the cost without a cache", most=0.30)
    show("time with the first request alone", seconds / seconds_along, "of the time all at once", most=1.15)
    show("audits 2 to 8 from explicit caches", share_stored, "share of their input", least=0.85)
    show("cost of eight audits, explicit caches", stored / bare, "of the cost without a cache", most=0.30)
    show("time with explicit caches", seconds_stored / seconds_along, "of the time all at once")
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())

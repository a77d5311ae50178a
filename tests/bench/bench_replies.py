"""Replies as servers really send them, through the official clients: is anything lost, kept by half, or waited for?

    python -m tests.bench.bench_replies [--table]

Prints what became of each reply, and each figure as a line of JSON. Everything runs on loopback, in about two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from asid.pipeline.asking import exchange as asking
from asid.pipeline.models.base import Misconfigured, ModelError, Request
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.batch import Batched
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.models.layers.retry import Persistent
from asid.pipeline.storage import Storage
from tests.servers import shapes
from tests.servers.replies import RepliesServer
from tests.servers.shapes import GOOD, Reply

KEY = "planted-key-0123456789abcdef"
ROW = 60.0  # s in which a row must have ended
PASSING = ("unavailable", "unreadable_reply", "unfinished")
MEMORY = 700  # MiB more than before, the server in the same process included
# Lines of a batch's results that no live reply can be. KEY stands for the row's id.
LINES = [
    Reply("a line separator inside", "answer", b'LINE{"custom_id": "KEY", "response": {"status_code": 200, "body": '
          b'{"id": "a\xe2\x80\xa8b\xc2\x85c", "choices": [{"finish_reason": "stop", "message": {"content": '
          + json.dumps(GOOD).encode() + b'}}]}}}'),
    Reply("a line that is no JSON", "again", b"LINE{half"), Reply("a line of null", "again", b"LINEnull"),
    Reply("a line of bad UTF-8", "again", b"LINE\xff\xfe"), Reply("an empty line", "again", b"LINE"),
    Reply("a line of 9 MB", "again", b'LINE{"custom_id": "KEY", "pad": "' + b"x" * (9 << 20) + b'"}'),
    Reply("no id", "again", b'LINE{"response": {"status_code": 200, "body": {}}}'),
    Reply("an id of null", "again", b'LINE{"custom_id": null, "response": null}'),
    Reply("another's id", "again", b'LINE{"custom_id": "someone", "response": null}'),
    Reply("response null", "again", b'LINE{"custom_id": "KEY", "response": null}'),
    Reply("body null", "again", b'LINE{"custom_id": "KEY", "response": {"status_code": 200, "body": null}}'),
    Reply("only an error", "bad_request", b'LINE{"custom_id": "KEY", "error": {"code": 400, "message": "x"}}'),
    Reply("status null", "again", b'LINE{"custom_id": "KEY", "response": {"status_code": null, "body": {}}}'),
    Reply("twice, the first one odd", "answer", b'LINE{"custom_id": "KEY"}\n{"custom_id": "KEY", "response": '
          b'{"status_code": 200, "body": ' + json.dumps(shapes.chat()).encode() + b"}}"),
    Reply("CR LF", "answer", b'LINE{"custom_id": "KEY", "response": {"status_code": 200, "body": '
          + json.dumps(shapes.chat()).encode() + b"}}\r"),
]  # fmt: skip
ROWS = [
    Reply("a row of null", "again", {"ROW": None}), Reply("an empty row", "again", {"ROW": {}}),
    Reply("no key", "again", {"ROW": {"metadata": {}, "response": {}}}),
    Reply("metadata null", "again", {"ROW": {"metadata": None}}),
    Reply("response null", "again", {"ROW": {"response": None}}),
    Reply("error in words", "again", {"ROW": {"error": "no"}}),
    Reply("error 8", "again", {"ROW": {"error": {"code": 8, "message": "x"}}}),
    Reply("error 7", "bad_request", {"ROW": {"error": {"code": 7, "message": "no such File abc"}}}),
]  # fmt: skip


class Caption(BaseModel):
    caption: str


@dataclass
class Seen:
    """What became of one row: `answer` or the kind of its failure, after how many questions, in seconds."""

    name: str
    wanted: str
    came: str
    asked: int
    seconds: float
    said: str = ""
    attempts: int = 0

    def holds(self, once: bool) -> bool:
        if self.wanted == "again":
            return self.came == "answer" and self.asked > 1 if once else self.came in PASSING and self.asked > 1
        return self.came == self.wanted


async def at_once(_: float) -> None:
    await asyncio.sleep(0.01)


def model_for(server: RepliesServer, provider: str, batch: bool, root: Path) -> Replaying:
    os.environ["REPLIES_KEY"] = KEY
    url = f"{server.url}/v1" if provider == "openai" else server.url
    config = ModelConfig(provider=provider, model="tiny", base_url=url, key="REPLIES_KEY", timeout=20, retries=2)  # type: ignore[arg-type]
    model = open_model("m", config, Storage(root), mode="batch" if batch else "live")
    if isinstance(model.model, Batched):
        model.model.linger = model.model.poll = 0.05
        model.model.window = 30.0
    else:
        assert isinstance(model.model, Persistent)
        model.model.sleep = at_once
    return model


async def row(model: Replaying, server: RepliesServer, reply: Reply, number: int) -> Seen:
    began = time.monotonic()
    said = ""
    try:
        async with asyncio.timeout(ROW):
            request = Request(task="caption", prompt=f"shape {number}", row=f"{number}")
            answer = await asking.ask(model, request, Caption, reasks=0)
        came = "answer" if "HALF" not in answer.value.caption else "half an answer"
    except Misconfigured as error:
        came, said = "stop", str(error)
    except ModelError as error:
        came, said = error.kind, str(error)
    except TimeoutError:
        came = "a hang"
    except Exception as error:  # what the engine would call a crash
        came, said = "a crash", f"{type(error).__name__}: {error}"
    return Seen(reply.name, reply.outcome, came, server.asked[number], time.monotonic() - began, said)


async def live(server: RepliesServer, provider: str, root: Path) -> list[Seen]:
    """Every reply to a model of its own, so that what one says of limits touches no other."""
    seats = asyncio.Semaphore(6)

    async def one(number: int, reply: Reply) -> Seen:
        async with seats:
            model = model_for(server, provider, False, root)
            try:
                return await row(model, server, reply, number)
            finally:
                await model.close()

    return list(await asyncio.gather(*(one(number, reply) for number, reply in enumerate(server.replies))))


async def batch(server: RepliesServer, provider: str, root: Path) -> list[Seen]:
    """All replies in one job: none may cost another."""
    model = model_for(server, provider, True, root)
    try:
        return list(await asyncio.gather(*(row(model, server, one, n) for n, one in enumerate(server.replies))))
    finally:
        await model.close()


def in_a_line(reply: Reply) -> bool:
    """Whether a live reply can be the body in a line of a batch's results. What stands in its headers cannot."""
    body = reply.body
    if isinstance(body, bytes) or reply.endless or reply.headers:
        return False
    return reply.status == 200 or isinstance(body, dict)


def in_a_job(reply: Reply) -> Reply:
    """A live reply as the result of one request of a job: 403 and 404 without a code are its own there (see `of_row`),
    a limit means the next job, and an error of words has no status."""
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    if reply.status == 200 or error is None:
        return reply
    if not isinstance(error, dict):
        return replace(reply, outcome="again")
    if reply.status == 429 and ("metadata" in error or "RetryInfo" in json.dumps(error)):
        return replace(reply, outcome="again")
    plain = not error.get("details") and error.get("status") in ("PERMISSION_DENIED", "NOT_FOUND")
    return replace(reply, outcome="bad_request") if plain else reply


def replies_of(provider: str, batched: bool) -> Sequence[Reply]:
    found = shapes.openai() if provider == "openai" else shapes.gemini()
    if not batched:
        return found
    return [in_a_job(reply) for reply in found if in_a_line(reply)] + (LINES if provider == "openai" else ROWS)


def tried(provider: str, batched: bool, once: bool) -> tuple[list[Seen], list[str | None]]:
    """What became of each reply, and the texts that were kept."""
    good = shapes.chat() if provider == "openai" else shapes.generated()
    server = RepliesServer(replies_of(provider, batched), good, once, provider == "gemini")
    with server, tempfile.TemporaryDirectory() as folder:

        async def scene() -> tuple[list[Seen], list[str | None]]:
            store = AnswerStore(Storage(folder), "run:caption/answers", "0000")
            current_store.set(store)
            seen = await (batch if batched else live)(server, provider, Path(folder))
            async with asyncio.timeout(ROW):
                await store.close()
            return seen, [entry.text for entry in store.entries.values()]

        return asyncio.run(scene())


def figure(name: str, value: Any, unit: str, limit: Any, holds: bool) -> bool:
    print(
        json.dumps({"bench": "replies", "figure": name, "value": value, "unit": unit, "limit": limit, "holds": holds})
    )
    return holds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--table", action="store_true", help="every reply, and not only those that came out wrong")
    table = options.parse_args().table
    asking.PAUSE = 0.01
    good = True
    for provider in ("openai", "gemini"):
        for batched in (False, True):
            for once in (True, False):
                began, before = time.monotonic(), _peak()
                seen, kept = tried(provider, batched, once)
                way = f"{provider}, {'batch' if batched else 'live'}, {'once' if once else 'always'}"
                for one in seen:
                    if table or not one.holds(once):
                        mark = "" if one.holds(once) else "  WRONG"
                        print(f"{way:24} {one.name[:44]:44} {one.wanted:14} {one.came:14} {one.asked:2} "
                              f"{one.seconds:5.1f} s  {one.said[:70]!r}{mark}")  # fmt: skip
                ends = Counter(one.came for one in seen)
                counts = {
                    "replies": (len(seen), 60, len(seen) >= 60),
                    "wrong endings": (n := sum(not one.holds(once) for one in seen), 0, n == 0),
                    "crashes": (ends["a crash"], 0, not ends["a crash"]),
                    "hangs": (ends["a hang"], 0, not ends["a hang"]),
                    "half answers kept": (n := sum("HALF" in (text or "") for text in kept), 0, n == 0),
                    "rows lost": (n := len(replies_of(provider, batched)) - len(seen), 0, n == 0),
                    "key repeated": (n := sum(KEY in one.said for one in seen), 0, n == 0),
                }
                for name, (value, limit, holds) in counts.items():
                    good &= figure(f"{way}: {name}", value, "count", limit, holds)
                grown = round(_peak() - before)
                good &= figure(f"{way}: memory", grown, "MiB", MEMORY, grown <= MEMORY)
                good &= figure(f"{way}: time", round(time.monotonic() - began, 1), "s", 120, True)
    return 0 if good else 1


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())

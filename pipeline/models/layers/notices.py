"""No silent wait: whoever waits longer than a minute says for what and until when, in the shard's log and in a small
file of the run, `RUN/.waits/STEP.SHARD.json`, which the terminal and `status` read. The file goes when the wait ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.waits import spoken
from asid.pipeline.storage import Storage

logger = logging.getLogger("asid")
FOLDER = "run:.waits"
SILENT = 60.0  # s
REFRESHED = 60.0  # s between two signs that somebody still waits
STALE = 200.0  # s; after it nobody does: the worker was killed


@asynccontextmanager
async def told(what: str, pause: float = 0.0) -> AsyncIterator[None]:
    """Around a wait for `what`, a phrase such as `an answer of …`. `pause`: seconds that it is known to take."""
    store = current_store.get()
    if store is None:
        yield
        return
    teller = asyncio.create_task(_tell(store, what, pause))
    try:
        yield
    finally:
        teller.cancel()
        with suppress(asyncio.CancelledError):
            await teller


async def _tell(store: AnswerStore, what: str, pause: float) -> None:
    """One of all who wait in a shard for the same speaks for them."""
    began = time.time()
    await asyncio.sleep(0.0 if pause > SILENT else SILENT)
    while what in store.told:  # noqa: ASYNC110 - who speaks may be cancelled
        await asyncio.sleep(REFRESHED)
    store.told.add(what)
    end = began + pause
    until = spoken(end - time.time()) if pause > SILENT else f"since {datetime.fromtimestamp(began):%H:%M}"
    step, shard = store.folder.removeprefix("run:").split("/")[0], store.folder.rsplit("/", 1)[-1]
    said = f"{step}/{shard} waits for {what}, {until}"
    logger.warning("%s", said)
    file = f"{FOLDER}/{step}.{shard}.json"
    try:
        while True:
            data = json.dumps({"said": said, "at": time.time()}).encode()
            with suppress(OSError):
                await asyncio.to_thread(store.storage.write, file, data)
            await asyncio.sleep(REFRESHED)
    finally:
        store.told.discard(what)
        if not store.told:
            with suppress(OSError):
                store.storage.delete(file)


def waits(storage: Storage) -> list[str]:
    """Who waits for what until when, in a run."""
    found = []
    with suppress(OSError):
        for name in storage.list(FOLDER):
            with suppress(OSError, ValueError, KeyError, TypeError):
                wait = json.loads(storage.read(f"{FOLDER}/{name}"))
                if time.time() - float(wait["at"]) < STALE:
                    found.append(str(wait["said"]))
    return found


def clear(storage: Storage) -> None:
    """Forget the waits of workers that were killed. The run must be locked, and nobody at work on it."""
    with suppress(OSError):
        for name in storage.list(FOLDER):
            storage.delete(f"{FOLDER}/{name}")

"""A review server on loopback, in a thread, over a hand-made run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from aiohttp import web

from asid.pipeline.review import open_sample
from asid.pipeline.review.server import Server
from asid.pipeline.run.folder import Run


@contextlib.contextmanager
def served(run: Run, count: int = 300, seed: int = 1) -> Iterator[tuple[str, Server]]:
    """The address without its token, and the server."""
    server = Server(run, open_sample(run, count, seed))
    loop, ready = asyncio.new_event_loop(), threading.Event()
    place: list[str] = []

    async def begin() -> web.AppRunner:
        runner = web.AppRunner(server.app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        place.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        return runner

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(begin())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield place[0], server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)

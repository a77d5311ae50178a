"""One event loop for a process's rewards, in a thread of its own: trainers call from loops of theirs, or from none."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

_lock = threading.Lock()
_running: tuple[int, asyncio.AbstractEventLoop] | None = None  # of which process


def submit(work: Coroutine[Any, Any, Result]) -> Future[Result]:
    """Start `work` on the process's loop. A forked process gets a loop of its own."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="asid-rewards", daemon=True).start()
            _running = os.getpid(), loop
        return asyncio.run_coroutine_threadsafe(work, _running[1])


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do `work` on the process's loop and wait for it. An interrupted wait cancels it."""
    future = submit(work)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise

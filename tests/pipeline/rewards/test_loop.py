"""One loop for a process: from threads, from other loops, with errors and interruptions."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from asid.pipeline.rewards import loop


async def where() -> tuple[str, int]:
    await asyncio.sleep(0)
    return threading.current_thread().name, id(asyncio.get_running_loop())


def test_all_work_runs_on_one_loop_in_a_thread_of_its_own() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: loop.run(where()), range(8)))
    assert len(found) == 1 and found.pop()[0] == "asid-rewards"


def test_it_may_be_called_from_within_another_loop() -> None:
    async def outer() -> tuple[str, int]:
        return await asyncio.wrap_future(loop.submit(where()))

    assert asyncio.run(outer()) == loop.run(where())


def test_what_the_work_raises_is_raised_and_the_loop_goes_on() -> None:
    async def wrong() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        loop.run(wrong())
    assert loop.run(where())[0] == "asid-rewards"


def test_an_interrupted_wait_cancels_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    kept = []
    submit = loop.submit

    class Interrupted:
        def __init__(self, future):
            self.future = future
            kept.append(future)

        def result(self):
            raise KeyboardInterrupt

        def cancel(self):
            return self.future.cancel()

    monkeypatch.setattr(loop, "submit", lambda work: Interrupted(submit(work)))
    with pytest.raises(KeyboardInterrupt):
        loop.run(long())
    with pytest.raises(CancelledError):
        kept[0].result(5)


def test_a_forked_process_has_a_loop_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = loop.run(where())
    pid = os.getpid()
    monkeypatch.setattr(loop, "_running", loop._running)  # put back at the end
    monkeypatch.setattr(loop.os, "getpid", lambda: pid + 1)
    assert loop.run(where())[1] != before[1]

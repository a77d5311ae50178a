"""Questions under way: who asks what another row is asking waits for its answer and does not pay for it again.

Within a process `Flights` sees to that; between the workers of a run `Claims` does, which their office holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asid.pipeline.models.layers.replay import Claimed


class Board(Protocol):
    """Where the workers of a run say what they ask."""

    async def claim(self, key: str) -> str:
        """Wait while another worker asks the question with this key. Gives its answer as it is stored; "": it is ours
        to ask, and others wait until we are through."""

    async def through(self, key: str, answer: str) -> None:
        """Tell those who wait that the question has been asked. "": nothing came of it."""


class Claims:
    """The questions under way in all workers."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}  # key -> who asks
        self.waiting: dict[str, list[asyncio.Future[str]]] = {}

    async def claim(self, key: str, worker: str) -> str:
        """See `Board.claim`."""
        while self.open.get(key, worker) != worker:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self.waiting.setdefault(key, []).append(future)
            if answer := await future:
                return answer
        self.open[key] = worker
        return ""

    async def through(self, key: str, worker: str, answer: str) -> None:
        """See `Board.through`."""
        if self.open.get(key) == worker:
            del self.open[key]
            for future in self.waiting.pop(key, []):
                if not future.done():
                    future.set_result(answer)

    async def forget(self, worker: str) -> None:
        """A worker is gone: what it asked is asked by who waits for it."""
        for key in [key for key, holder in self.open.items() if holder == worker]:
            await self.through(key, worker, "")


class Inquiry:
    """One question under way, and its answer once that is stored."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.given: Claimed | None = None


class Flights:
    """Shared by the answer stores of a process. `board`: what it shares with other workers, if any."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = board
        self.open: dict[str, Inquiry] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[Inquiry | None]:
        """Wait while another row asks the question with this key. Gives its inquiry when that brought an answer; None:
        it is ours to ask, and others wait until we are through. One that came to nothing is asked by the next in
        turn."""
        while (other := self.open.get(key)) is not None:
            await other.ended.wait()
            if other.given is not None:
                yield other
                return
        inquiry = self.open[key] = Inquiry()
        try:
            yield None
        finally:
            del self.open[key]
            inquiry.ended.set()

    @asynccontextmanager
    async def claimed(self, key: str) -> AsyncIterator[str]:
        """Wait while another worker asks the question, which is ours to ask in this process. Gives its answer as it is
        stored; "": it is ours to ask in the run."""
        if self.board is None:
            yield ""
            return
        if answer := await self.board.claim(key):
            yield answer
            return
        try:
            yield ""
        finally:
            given = self.open[key].given if key in self.open else None
            await self.board.through(key, given.model_dump_json() if given is not None else "")

    def landed(self, given: Claimed) -> None:
        """An answer is stored."""
        if (inquiry := self.open.get(given.entry.key)) is not None:
            inquiry.given = given

"""Questions under way in a process: who asks what another row is asking waits for its answer and does not pay for it
again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asid.pipeline.models.layers.replay import Entry


class Flight:
    """One question under way. `entry`: its answer, once that is stored; `step`: the folder of answers it lies in."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.entry: Entry | None = None
        self.step = ""


class Flights:
    """Shared by the answer stores of a process."""

    def __init__(self) -> None:
        self.open: dict[str, Flight] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[Flight | None]:
        """Wait while another asks the question with this key. Gives its flight when that brought an answer; None: it is
        ours to ask, and others wait until we are through. One that came to nothing is asked by the next in turn."""
        while (other := self.open.get(key)) is not None:
            await other.ended.wait()
            if other.entry is not None:
                yield other
                return
        flight = self.open[key] = Flight()
        try:
            yield None
        finally:
            del self.open[key]
            flight.ended.set()

    def landed(self, entry: Entry, step: str) -> None:
        """An answer is stored."""
        if (flight := self.open.get(entry.key)) is not None and entry.text is not None:
            flight.entry, flight.step = entry, step

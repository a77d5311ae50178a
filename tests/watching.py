"""Progress that remembers, for tests of the engine."""

from __future__ import annotations

from typing import Any


class Watch:
    def __init__(self) -> None:
        self.finished_shards: list[tuple[str, str]] = []
        self.lines: list[str] = []

    def started(self, survey: Any, steps: Any) -> None:
        pass

    def finished(self, done: Any) -> None:
        self.finished_shards.append((done.step, done.shard))

    def said(self, message: str) -> None:
        self.lines.append(message)

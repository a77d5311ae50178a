"""What is said while a shard is worked, kept beside it: `RUN/STEP/logs/SHARD.log`. None when nothing was said."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar

from asid.pipeline.storage import Storage

MOST = 10_000  # lines of one log; the last ones stay
current: ContextVar[deque[str] | None] = ContextVar("log of the shard", default=None)


class Beside(logging.Handler):
    """Sorts lines by the shard whose work they come from, however many shards a process works at once."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = current.get()
        if lines is not None:
            lines.append(self.format(record))


def listen() -> None:
    """In a worker, once."""
    handler = Beside()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("asid").addHandler(handler)


@contextlib.contextmanager
def kept(storage: Storage, step: str, shard: str) -> Iterator[None]:
    """Keep the log of what happens in this block. A shard that is worked again gets a new one."""
    lines: deque[str] = deque(maxlen=MOST)
    token = current.set(lines)
    try:
        yield
    finally:
        current.reset(token)
        if lines:
            storage.write(f"run:{step}/logs/{shard}.log", ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))


def count(storage: Storage, step: str) -> int:
    """Count the shards of a step that have a log."""
    return sum(1 for _ in storage.list(f"run:{step}/logs"))

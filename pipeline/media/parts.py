"""A picture decoded by several processes, each a part that begins at a keyframe, and given in order.

One decoder with two threads is far from twice as fast as with one; two decoders, each with a part of its own, are
close to it. The parts are short, so that little has to be kept until its turn comes.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Full, Queue
from typing import TypeVar

import numpy as np

# Codecs that can be decoded from a keyframe on without anything that was before it.
PARTED = {"h264", "hevc", "vp8", "vp9"}
SHORTEST = 120  # frames of a part, about: a process takes its time to start
KEPT = 3000  # frames of all parts whose turn has not come, about: 20 kB each, and a still now and then
ASKING = 0.1  # s between two looks at whether anybody still wants the parts

Item = TypeVar("Item")


@dataclass(frozen=True)
class StreamPart:
    """Frames of a picture, from `first` to before `after`; None is its end."""

    first: int
    after: int | None


def parts_of(frames: int, begins: np.ndarray, processes: int) -> list[StreamPart]:
    """Parts for so many processes, in order, shorter and shorter, so that all processes end at about the same time.
    `begins`: at which of the `frames` one may begin. The whole when there are few of either."""
    firsts = [0]
    for key in begins.tolist():
        length = min(max(round((frames - firsts[-1]) / (1.6 * processes)), SHORTEST), KEPT // processes)
        if key - firsts[-1] >= length and frames - key >= SHORTEST:
            firsts.append(key)
    return [StreamPart(first, after) for first, after in zip(firsts, [*firsts[1:], None], strict=True)]


def in_order(sources: Sequence[Callable[[], Generator[Item]]], workers: int, kept: int = KEPT) -> Generator[Item]:
    """What the sources give, one after the other. `workers` of them run at a time, each in a thread, and wait when
    they have `kept` items together, about, before their turn. What one raises is raised in its turn; closing the
    iterator closes all.
    """
    left = threading.Event()
    queues: list[Queue[Item | _End]] = [Queue(max(1, kept // workers)) for _ in sources]

    def give(queue: Queue[Item | _End], item: Item | _End) -> bool:
        while not left.is_set():
            with contextlib.suppress(Full):
                queue.put(item, timeout=ASKING)
                return True
        return False

    def work(source: Callable[[], Generator[Item]], queue: Queue[Item | _End]) -> None:
        failed: BaseException | None = None
        try:
            with contextlib.closing(source()) as items:
                for item in items:
                    if not give(queue, item):
                        return
        except BaseException as error:  # it is raised where the items are taken
            failed = error
        give(queue, _End(failed))

    pool = ThreadPoolExecutor(workers)
    try:
        for source, queue in zip(sources, queues, strict=True):
            pool.submit(work, source, queue)
        for queue in queues:
            while not isinstance(item := queue.get(), _End):
                yield item
            if item.error:
                raise item.error
    finally:
        left.set()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _End:
    error: BaseException | None

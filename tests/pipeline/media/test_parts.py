"""Parts of a picture cover it, and what they give comes in order, whoever is first."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from functools import partial

import numpy as np
import pytest

from asid.pipeline.media.parts import KEPT, SHORTEST, StreamPart, in_order, parts_of


@pytest.mark.parametrize("processes", [2, 3, 16])
@pytest.mark.parametrize(("frames", "apart"), [(400, 10), (4000, 128), (100_000, 250), (5000, 1)])
def test_parts_cover_the_picture_from_keyframe_to_keyframe(frames: int, apart: int, processes: int) -> None:
    keys = list(range(0, frames, apart))
    parts = parts_of(frames, np.array(keys), processes)
    assert parts[0].first == 0 and parts[-1].after is None
    assert [part.after for part in parts[:-1]] == [part.first for part in parts[1:]]
    assert {part.first for part in parts} <= set(keys)
    lengths = np.diff([*(part.first for part in parts), frames])
    assert lengths.min() >= SHORTEST and lengths[:-1].max() < max(KEPT // processes, SHORTEST) + apart
    assert len(parts) > 1


def test_a_picture_that_cannot_be_parted_is_one_part() -> None:
    for frames, keys in ((SHORTEST + 10, list(range(0, SHORTEST + 10, 5))), (5000, [0]), (5000, [0, 4990])):
        assert parts_of(frames, np.array(keys), 2) == [StreamPart(0, None)]


def test_parts_begin_only_where_they_may() -> None:
    found = parts_of(4000, np.array([0, 1300, 2950]), 2)
    assert [part.first for part in found] == [0, 1300, 2950]


class Sources:
    """Sources of ten numbers each, some slow; they note how many run at once, and how many were closed."""

    def __init__(self) -> None:
        self.running = self.most = self.closed = self.given = 0
        self.lock = threading.Lock()

    def one(self, number: int, wrong: bool = False) -> Generator[int]:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            for item in range(10):
                time.sleep(0.002 if number % 2 else 0.0)
                if wrong and item == 5:
                    raise ValueError("five")
                self.given += 1
                yield 10 * number + item
        finally:
            with self.lock:
                self.running -= 1
                self.closed += 1

    def all(self, wrong: int = -1) -> list[partial[Generator[int]]]:
        return [partial(self.one, number, number == wrong) for number in range(6)]


def test_items_come_in_order_from_a_few_sources_at_a_time() -> None:
    sources = Sources()
    assert list(in_order(sources.all(), 2)) == list(range(60))
    assert (sources.most, sources.closed) == (2, 6)


def test_sources_wait_when_they_are_far_ahead() -> None:
    sources = Sources()
    items = in_order(sources.all(), 3, kept=12)
    assert next(items) == 0
    time.sleep(0.3)
    assert sources.given <= 1 + 3 * (4 + 1)
    assert list(items) == list(range(1, 60))


def test_what_a_source_raises_is_raised_in_its_turn() -> None:
    sources = Sources()
    items = in_order(sources.all(wrong=2), 3)
    assert [next(items) for _ in range(25)] == list(range(25))
    with pytest.raises(ValueError, match="five"):
        next(items)
    assert sources.running == 0


def test_leaving_early_closes_the_sources() -> None:
    sources = Sources()
    items = in_order(sources.all(), 2, kept=2)
    assert next(items) == 0
    items.close()
    assert sources.running == 0
    assert sources.closed <= 3

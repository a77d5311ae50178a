"""What a run tells Prometheus: each figure once, under its stage, and no figure of what did not happen."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.engine.meters import Meters
from asid.pipeline.models.base import Usage
from asid.pipeline.models.spend import Line
from asid.pipeline.run.folder import ShardMark
from asid.pipeline.run.workshop import Done

NAMES = ("rows", "failures", "shards", "busy", "tokens", "spend", "queue", "workers", "idle")


class Book:
    """Writes down what a meter is told, in the place of Ray's exporter."""

    def __init__(self) -> None:
        self.told: dict[tuple[tuple[str, str], ...], float] = {}

    def inc(self, value: float, tags: dict[str, str] | None = None) -> None:
        assert value > 0, "Ray refuses anything else"
        key = tuple(sorted((tags or {}).items()))
        self.told[key] = self.told.get(key, 0.0) + value

    def set(self, value: float, tags: dict[str, str] | None = None) -> None:
        self.told[tuple(sorted((tags or {}).items()))] = value


@pytest.fixture
def meters() -> Any:
    made: Any = Meters()
    for name in NAMES:
        setattr(made, name, Book())
    return made


def line(usd: float | None, **usage: int) -> Line:
    return Line("verify", "strong", "", 1, 0, 1, Usage(**usage), usd, 1.0)


def done(rows: int, failures: int, *spent: Line) -> Done:
    mark = ShardMark("f", "d", {}, rows + failures, rows, (), 0, {})
    return Done("verify", "00000", mark, rows + failures, failures, 2.5, spent)


def test_a_shard_counts_its_rows_failures_and_seconds(meters: Any) -> None:
    meters.finished(done(3, 1))
    meters.finished(done(0, 0))
    stage = (("stage", "verify"),)
    assert meters.rows.told == {stage: 3} and meters.failures.told == {stage: 1}
    assert meters.shards.told == {stage: 2} and meters.busy.told == {stage: 5.0}
    assert meters.tokens.told == meters.spend.told == {}


def test_thoughts_are_output_and_a_price_that_nobody_knows_is_no_zero(meters: Any) -> None:
    priced = line(0.25, input_tokens=100, output_tokens=10, thought_tokens=5)
    meters.finished(done(1, 0, priced, line(None, input_tokens=7)))
    told = {key[0][1]: value for key, value in meters.tokens.told.items()}
    assert told == {"input": 107, "output": 15}
    assert meters.spend.told == {(("model", "strong"), ("stage", "verify")): 0.25}


def test_a_queue_that_is_empty_again_is_told_so(meters: Any) -> None:
    meters.state({"verify": 4}, {"1 CPU": 2}, 1.0)
    meters.state({"verify": 0}, {"1 CPU": 0}, 0.0)
    assert meters.queue.told == {(("stage", "verify"),): 0}
    assert meters.workers.told == {(("claims", "1 CPU"),): 0} and meters.idle.told == {(): 0.0}

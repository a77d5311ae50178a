"""Shards keep what they are given, whatever is in it, and say what made them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from asid.pipeline.rows import Record, Row
from asid.pipeline.run import shards
from asid.pipeline.run.shards import Footer, ShardError
from asid.pipeline.storage import Storage


class Part(Record):
    start: float
    words: tuple[str, ...]


class Sample(Row):
    text: str
    count: int
    good: bool
    parts: tuple[Part, ...]
    tags: dict[str, str]
    maybe: float | None


text = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
parts = some.builds(Part, start=some.floats(allow_nan=False), words=some.lists(text, max_size=3).map(tuple))
samples = some.builds(
    Sample,
    id=text,
    text=text,
    count=some.integers(-(2**63), 2**63 - 1),
    good=some.booleans(),
    parts=some.lists(parts, max_size=3).map(tuple),
    tags=some.dictionaries(text, text, max_size=3),
    maybe=some.none() | some.floats(allow_nan=False),
)


def footer(rows: list[Sample], **more: object) -> Footer:
    ids = [(str(index), 1) for index in range(len(rows))]
    return Footer.model_validate(
        {"fingerprint": "f", "digest": shards.digest(rows), "outcomes": ids, "rows": len(rows), **more}
    )


@given(rows=some.lists(samples, max_size=5))
def test_rows_come_back_as_they_went_in(rows: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> None:
    storage = Storage(tmp_path_factory.getbasetemp() / "round")
    shards.write(storage, "run:s/00000.parquet", Sample, rows, footer(rows))
    assert shards.read(storage, "run:s/00000.parquet", Sample) == rows
    assert shards.footer(storage, "run:s/00000.parquet") == footer(rows)


def test_rows_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    row = Sample(id="a", text="", count=0, good=True, parts=(), tags={}, maybe=None)
    for wrong in ({"outcomes": [("a", 1), ("b", 0)]}, {"outcomes": [("a", 2)]}, {"failed": ["0"]}):
        with pytest.raises(ShardError, match="rows in are not rows out plus failures"):
            shards.write(storage, "run:s/00000.parquet", Sample, [row], footer([row], **wrong))
    assert not (tmp_path / "s").exists()


def test_what_is_no_shard_is_said(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    assert shards.footer(storage, "run:s/00000.parquet") is None
    storage.write("run:s/00000.parquet", b"PAR1 not really")
    with pytest.raises(ShardError, match="damaged"):
        shards.footer(storage, "run:s/00000.parquet")
    shards.write(storage, "run:s/00001.parquet", Sample, [], footer([], format="0"))
    with pytest.raises(ShardError, match="format"):
        shards.footer(storage, "run:s/00001.parquet")

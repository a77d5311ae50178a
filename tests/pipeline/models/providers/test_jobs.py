"""What a batch API says of its jobs, looked at before it is believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.models.base import Unreadable
from asid.pipeline.models.providers import jobs


def lines(*pieces: bytes) -> list[bytes]:
    async def given_pieces() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def read() -> list[bytes]:
        return [line async for line in jobs.lines_of(given_pieces())]

    return asyncio.run(read())


@given(st.lists(st.binary(max_size=8).map(lambda one: one.replace(b"\n", b"")), max_size=6), st.data())
def test_lines_are_the_same_wherever_the_pieces_were_cut(rows: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert lines(*pieces) == [row.strip() for row in rows if row.strip()]


def test_other_signs_than_line_feeds_end_no_line() -> None:
    assert lines('{"a": "\u2028\x0b\x0c"}\r\n'.encode(), b"last") == ['{"a": "\u2028\x0b\x0c"}'.encode(), b"last"]


def test_a_line_beyond_the_bound_is_dropped_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LINE_BYTES", 10)
    assert lines(b"short\nxxxxxx", b"yyyyyy", b"zzz", b"z\nnext\n", b"end") == [b"short", b"next", b"end"]
    assert lines(b"x" * 11, b"") == []


@pytest.mark.parametrize(
    ("status", "own"),
    [(400, 400), (401, 401), (403, 400), (404, 400), (429, 429), (500, 500), (599, 599), (200, 500), (0, 500),
     (600, 500), (True, 500), ("404", 500), (None, 500), (404.0, 500)],
)  # fmt: skip
def test_what_is_not_found_for_one_row_is_the_rows_own_fault(status: Any, own: int) -> None:
    assert jobs.of_row(status) == own


@pytest.mark.parametrize("odd", [None, [], "x", 3])
def test_what_is_no_object_is_unreadable(odd: Any) -> None:
    for read in (jobs.the_object, jobs.the_id, lambda value: jobs.the_list(value, "data")):
        with pytest.raises(Unreadable):
            read(odd)


def test_a_list_that_is_none_is_empty() -> None:
    assert jobs.the_list({"data": [1]}, "data") == [1]
    assert jobs.the_list({"data": {"0": 1}}, "data") == []
    assert jobs.the_list({}, "data") == []


@pytest.mark.parametrize("odd", [{}, {"id": ""}, {"id": 7}, {"id": "x" * 501}, {"id": "half \ud83d"}, {"name": "x"}])
def test_an_id_that_cannot_be_stored_names_nothing(odd: Any) -> None:
    with pytest.raises(Unreadable, match="names nothing"):
        jobs.the_id(odd)


def test_an_id_is_read_under_its_name() -> None:
    assert jobs.the_id({"id": "batch_1"}) == "batch_1"
    assert jobs.the_id({"name": "batches/ä"}, "name") == "batches/ä"

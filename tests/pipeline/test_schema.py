"""Every row type has one schema, whatever rows there are."""

from __future__ import annotations

import pyarrow as pa
import pytest

from asid.pipeline.rows import Drafted, Judged, Record, Refined, Row, Video, joined
from asid.pipeline.schema import schema


class Part(Record):
    start: float


class Sample(Row):
    maybe: float | None
    parts: tuple[Part, ...]


class Odd(Row):
    value: complex


def test_the_schema_comes_from_the_type() -> None:
    text = pa.string()
    assert schema(Video).field("tags").type == pa.map_(text, text)
    assert not schema(Video).field("name").nullable and schema(Sample).field("maybe").nullable
    assert schema(Sample).field("parts").type == pa.list_(pa.struct([pa.field("start", pa.float64(), nullable=False)]))


def test_a_field_that_no_row_can_hold_is_named() -> None:
    with pytest.raises(TypeError, match="a row cannot hold <class 'complex'>"):
        schema(Odd)


def test_a_row_that_became_more_on_the_way_has_the_columns_of_both() -> None:
    made = set(schema(joined(Refined, Judged)).names)
    assert made == {*schema(Refined).names, *schema(Judged).names}
    assert {"edits", "kept"} <= made and joined(Refined, Judged) is joined(Refined, Judged)
    assert joined(Drafted, Judged) is Judged and joined(Judged, Drafted) is Judged

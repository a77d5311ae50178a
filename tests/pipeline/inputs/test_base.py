"""An input of a manifest, and the row that is made of an address and the columns of its list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from asid.pipeline.inputs.base import InputConfig, address_id, ending, listed, refused, text

CONFIG = InputConfig(path="list.csv", licence="CC0", source="Archive", tags={"kind": "film", "year": "1999"})


def test_an_input_may_be_its_path_alone_and_unknown_kinds_name_the_nearest() -> None:
    assert InputConfig.model_validate("videos") == InputConfig(path="videos")
    with pytest.raises(ValidationError, match="did you mean 'bucket'"):
        InputConfig(path="videos", kind="buckets")
    with pytest.raises(ValidationError):
        InputConfig(path="")


def test_what_a_list_says_of_a_row_goes_before_what_the_manifest_says_of_all() -> None:
    row = listed("file:///a%20b.mp4", CONFIG, {"license": "MIT", "source": "", "year": 2001, "": "x", "note": None})
    assert (row.licence, row.source, row.name) == ("MIT", "Archive", "a b.mp4")
    assert row.tags == {"kind": "film", "year": "2001"}
    assert listed("file:///a.mp4", CONFIG, {"licence": "CC-BY", "license": "MIT"}).licence == "CC-BY"
    plain = listed("file:///a.mp4", CONFIG)
    assert (plain.licence, plain.source, plain.tags) == ("CC0", "Archive", CONFIG.tags)


def test_a_row_and_a_failure_of_one_address_have_one_id() -> None:
    row, failure = listed("file:///x.mp4", CONFIG), refused("file:///x.mp4", "empty", "the file is empty")
    assert row.id == failure.id == address_id("file:///x.mp4")
    assert len(row.id) == 16 and row.id != address_id("file:///y.mp4")
    assert (failure.name, failure.kind, failure.reason, failure.attempts) == ("x.mp4", "empty", "the file is empty", 1)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("é🎬", "é🎬"), (3, "3"), (0.5, "0.5"), (True, "true"), (None, "null"), (["a", "é"], '["a", "é"]'),
     ("a\udcff", "a\\xff"), ("a\ud800", "a\\ud800"), ({"k": "\ud83c"}, '{"k": "\\ud83c"}')],
)  # fmt: skip
def test_any_cell_becomes_text(value: object, shown: str) -> None:
    assert text(value) == shown


@given(st.one_of(st.text(st.characters(exclude_categories=())), st.lists(st.floats()), st.binary(), st.dates()))
def test_no_cell_is_ever_text_that_cannot_be_written(value: object) -> None:
    text(value).encode("utf-8")


def test_a_cell_without_end_is_told() -> None:
    endless: list[object] = []
    for _ in range(100_000):
        endless = [endless]
    with pytest.raises(ValueError, match="nested too deep"):
        text(endless)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.MP4", ".mp4"), ("a.tar.gz", ".gz"), (".hidden", ""), ("..mp4", ""), ("plain", ""), ("a.", "."), ("", "")],
)
def test_endings(name: str, shown: str) -> None:
    assert ending(name) == shown

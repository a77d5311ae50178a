"""Rows of JSON, a line each or in one array: what can be read is a row, what cannot has its number."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.json_rows import as_row, read_json
from asid.pipeline.inputs.readers import BadRow, Lines

values = st.dictionaries(
    st.text(min_size=1, max_size=3), st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=3
)


def check(names: Sequence[str]) -> str:
    if "uri" not in names:
        raise InputError(f"no address among {', '.join(names)}")
    return "uri"


def rows(text: str, one: bool = False) -> list[tuple[int | str, object]]:
    found = read_json(Lines(io.BytesIO(text.encode()), ""), one, check)
    return [(number, f"bad: {row}" if isinstance(row, BadRow) else row) for number, row in found]


@given(st.lists(values, min_size=1, max_size=5))
def test_an_array_and_lines_of_the_same_objects_are_the_same_rows(objects: list[dict[str, object]]) -> None:
    wanted = list(enumerate(objects, 1))
    assert rows("\n".join(map(json.dumps, objects))) == wanted
    assert rows(json.dumps(objects, indent=1)) == wanted
    assert rows(json.dumps(objects), one=True) == wanted


def test_a_line_that_is_no_json_costs_itself_alone() -> None:
    found = rows('{"uri": "a"}\n{"uri":\n\n7\n"b.mp4"\n')
    assert [number for number, _ in found] == [1, 2, 4, 5]
    assert found[0][1] == {"uri": "a"} and found[3][1] == "b.mp4"
    assert str(found[1][1]).startswith("bad: not JSON") and found[2][1] == "bad: not a JSON object"


def test_an_array_that_breaks_off_keeps_its_beginning() -> None:
    found = rows('[{"uri": "a"},\n{"uri": "b"},\n{"uri": "c"')
    assert found[:2] == [(1, {"uri": "a"}), (2, {"uri": "b"})]
    assert [number for number, _ in found[2:]] == ["line 3"]


def test_what_follows_an_array_is_named() -> None:
    found = rows('[{"uri": "a"}\n]\nmore\n')
    assert found == [(1, {"uri": "a"}), ("line 3", "bad: something follows the array")]


def test_a_key_with_two_values_is_a_loss_and_with_one_value_twice_is_not() -> None:
    assert rows('{"uri": "a", "uri": "a"}\n{"uri": "a", "uri": "b"}') == [
        (1, {"uri": "a"}), (2, "bad: the key 'uri' stands twice, with two values"),
    ]  # fmt: skip


def test_one_object_is_a_row_when_it_names_an_address() -> None:
    assert rows('{\n "uri": "a"\n}', one=True) == [(1, {"uri": "a"})]
    with pytest.raises(InputError, match="no address among videos"):
        rows('{"videos": []}', one=True)


def test_an_empty_array_and_an_empty_file_have_no_rows() -> None:
    assert rows("[ ]\n") == rows("") == rows(" \n\n", one=True) == []


def test_only_objects_and_texts_are_rows() -> None:
    assert as_row({"a": 1}) == {"a": 1} and as_row("a.mp4") == "a.mp4"
    assert all(isinstance(as_row(value), BadRow) for value in (1, None, [], True, 0.5))


def test_objects_without_end_are_a_loss() -> None:
    found = rows("[" * 50_000 + "\n" + '{"uri": "a"}', one=False)
    assert found and all(isinstance(row, str) and row.startswith("bad:") for number, row in found if number != 2)

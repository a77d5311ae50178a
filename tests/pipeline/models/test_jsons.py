"""The JSON in a model's answer, by the parts of which the reading is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.models.jsons import Unsafe, closed, cut_short, first_whole, mend, parse, repeated, unfit, unwrap

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_json_is_read_as_it_was_written_and_without_a_note(value: Any) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)) == (value, ())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('as {"a": 1} and {"b": 2}', {"a": 1}), ('[1, 2] then {"a": 1}', {"a": 1}), ('[{"a": 1}, {"b": 2}] x', None),
        ('see [fig. 1]: {"a": [1]}', {"a": [1]}), ('{} {"a": 1}', {"a": 1}),
        ('{"a": {"b": 1}, oops} {"c": 2}', {"c": 2}),
        ('{"a": {"b": 1}', None), ("nothing here", None), ("", None), ('{"{": 1} tail', {"{": 1}),
    ],
)  # fmt: skip
def test_the_first_whole_object_counts_and_none_inside_a_broken_one(text: str, found: Any) -> None:
    wanted = [{"a": 1}, {"b": 2}] if text.startswith('[{"a"') else found
    assert first_whole(text, []) == wanted


def test_what_was_taken_out_of_its_surroundings_is_noted() -> None:
    value, notes = parse('Here you are: {"caption": "a dog"} Anything else?')
    assert value == {"caption": "a dog"}
    assert notes == ("took the JSON out of the text around it",)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("{}", 0, 2),
        ('x{"}": [1]}y', 1, 11),
        ('{"a": "\\"}"}', 0, 12),
        ("{", 0, -1),
        ('{"a": "}', 0, -1),
        ("{[}]", 0, 4),
    ],
)
def test_a_brace_is_closed_outside_of_quotes(text: str, start: int, end: int) -> None:
    assert closed(text, start) == end


@pytest.mark.parametrize(
    ("text", "short"),
    [('{"a": 1}', False), ('{"a": 1', True), ('{"a": "x', True), ('{"a": "{"}', False), ('{"a": "\\"', True),
     ("", False), ("]", False), ('["a"', True)],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_seen(text: str, short: bool) -> None:
    assert cut_short(text) is short


@given(st.dictionaries(st.text(min_size=1, max_size=4), VALUES, min_size=1, max_size=3), st.data())
def test_the_beginning_of_an_object_is_never_taken_for_the_whole(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(InvalidAnswer):
        parse(text[:at])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "a": 2,}', "a"), ('{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', ""),
        ('{"x": "\\"a\\": 1", "a": 1}', ""),
        ('{"a": 1} {"a": 1}', ""), ('{"a" : 1, "b": "a", "a" :2', "a"), ("", ""), ('"a": 1, "a": 2', "a"),
        (f'{{"{"k" * 200}": 1, "{"k" * 200}": 1', "k" * 100),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_in_one_object_is_named(text: str, key: str) -> None:
    assert repeated(text) == key


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1.5, "x", None, True]}, ""), ({"a": [float("inf")]}, "inf is no number"), (float("nan"), "nan is no"),
        ({"a": {"b": 10**100}}, "more than 100 digits"), (10**100 - 1, ""), (-(10**100), "more than 100 digits"),
        ({"\ud83d": 1}, "U+D83D"), (("x\udc00",), "U+DC00"), ("🎬", ""),
    ],
)  # fmt: skip
def test_what_no_file_can_hold_is_named_wherever_it_lies(value: Any, said: str) -> None:
    assert said in unfit(value)
    assert bool(unfit(value)) == bool(said)


@pytest.mark.parametrize(
    ("text", "inner"),
    [('x {"a": {}} y', '{"a": {}}'), ("plain", "plain"), ("} {", "{"), ('say {"a"', '{"a"'), ("", "")],
)
def test_the_outermost_braces_are_taken(text: str, inner: str) -> None:
    assert unwrap(text) == inner


def test_a_broken_text_is_mended_and_nothing_is_made_of_nothing() -> None:
    assert mend("{'a': 1, b: 'two',}") == {"a": 1, "b": "two"}
    assert mend("") is None
    value, (note,) = parse('{"caption": "a dog",}')
    assert value == {"caption": "a dog"}
    assert note.startswith("mended JSON (not JSON: ")


@pytest.mark.parametrize(
    "text", ["", "   ", "no JSON at all", "{", "]", '{"a": 1' + "0" * 101 + "}", '{"a": Infinity}']
)
def test_what_holds_no_answer_is_invalid(text: str) -> None:
    with pytest.raises(InvalidAnswer):
        parse(text)


def test_a_number_without_end_is_unsafe_and_one_of_a_hundred_digits_is_read() -> None:
    assert parse("9" * 100) == (int("9" * 100), ())
    with pytest.raises(Unsafe, match="101 characters"):
        parse("9" * 101)

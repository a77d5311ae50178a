"""Words for people: one printable line, whatever was in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.text import counted, plural, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 🎬", "plain é 🎬"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202eabc", "\\u202eabc"),
        ("\u200b", "\\u200b"),
        ("\udcff", "\\udcff"),
        (7, "7"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_shown_escaped(text: object, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert safe(text).isprintable()
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(("count", "said"), [(0, "0 shots"), (1, "1 shot"), (2, "2 shots")])
def test_one_is_one(count: int, said: str) -> None:
    assert plural(count, "shot") == said


def test_the_most_frequent_comes_first() -> None:
    assert counted({"b": 1, "a": 3, "c": 2}) == "a 3, c 2, b 1"
    assert counted({}) == ""

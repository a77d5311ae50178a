"""Small English."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions import quotes
from asid.pipeline.embedded.words import (
    LONGEST_QUOTE,
    across,
    capital,
    languages,
    listing,
    number,
    ordinal,
    quoted,
    spot,
    stop,
)


@pytest.mark.parametrize(("count", "word"), [(1, "one"), (12, "twelve"), (13, "13"), (0, "0"), (-1, "-1")])
def test_small_numbers_are_words(count: int, word: str) -> None:
    assert number(count) == word


@pytest.mark.parametrize(
    ("place", "word"),
    [(1, "first"), (12, "twelfth"), (13, "13th"), (21, "21st"), (22, "22nd"), (33, "33rd"), (111, "111th"),
     (112, "112th"), (101, "101st")],
)  # fmt: skip
def test_places_in_a_row(place: int, word: str) -> None:
    assert ordinal(place) == word


@pytest.mark.parametrize(
    ("items", "joined"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_items_are_joined_as_in_a_sentence(items: Sequence[str], joined: str) -> None:
    assert listing(items, "or") == joined


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", '"plain"'), ('say "x" and “y”', "\"say 'x' and 'y'\""), ("two\nlines\t\x00here", '"two lines here"'),
     ("\u202eאבג", '"אבג"'), ("", '""'), ("「日本」", "\"'日本'\"")],
)  # fmt: skip
def test_words_of_others_cannot_end_their_quotation(text: str, shown: str) -> None:
    assert quoted(text) == shown


@given(st.text(max_size=40))
def test_whatever_is_quoted_is_one_quotation_on_one_line(text: str) -> None:
    shown = quoted(text)
    assert shown[0] == shown[-1] == '"'
    assert '"' not in shown[1:-1]
    assert shown.isprintable()
    assert len(quotes.find(f"A sign reads {shown}.")) <= 1


def test_a_quotation_without_end_is_cut_between_words_and_says_so() -> None:
    shown = quoted("word " * 1000)
    assert len(shown) <= LONGEST_QUOTE + 4
    assert shown.endswith('word …"')


@pytest.mark.parametrize(
    ("sentence", "whole"),
    [("a dog", "a dog."), ("a dog.  ", "a dog."), ('he says "no"', 'he says "no".'), ('he says "no."', 'he says "no."'),
     ("why?", "why?"), ("と言う。", "と言う。"), ("so…", "so…"), ("it's 'so!'", "it's 'so!'")],
)  # fmt: skip
def test_a_sentence_has_one_full_stop(sentence: str, whole: str) -> None:
    assert stop(sentence) == whole
    assert stop(whole) == whole


@given(st.text(max_size=10))
def test_only_the_first_letter_is_made_large(text: str) -> None:
    assert capital(text)[1:].endswith(text[1:])
    assert capital("") == ""
    assert capital("élan") == "Élan"


@pytest.mark.parametrize(
    ("x", "y", "where"),
    [(0.1, 0.5, "on the left"), (0.5, 0.5, "in the centre"), (0.9, 0.5, "on the right"), (0.1, 0.1, "at the top left"),
     (0.5, 0.9, "at the bottom"), (0.9, 0.9, "at the bottom right"), (0.64, 0.1, "at the top")],
)  # fmt: skip
def test_places_in_the_picture(x: float, y: float, where: str) -> None:
    assert spot(x, y) == where
    assert y != 0.5 or across(x) == where


def test_a_language_that_nobody_named_is_told_by_its_code() -> None:
    assert languages("he") == "Hebrew"
    assert languages("xx") == "a language with the code xx"

"""Words, spellings, snippets, places of sentences, and mends applied in order."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.text import (
    SNIPPET,
    Flaw,
    TextSpan,
    apply,
    before,
    outside,
    snippet,
    squash,
    starts_clause,
    starts_sentence,
    words,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("One two.", 2), ("don't stop", 2), ("8:15 a.m.", 4), ("東京駅", 3), ("… — !", 0), ("café-bar", 2)],
)
def test_words_are_counted_in_every_script(text, count):
    assert words(text) == count


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("Hello, World!", "helloworld"), ("ＡＢＣ１２", "abc12"), ("Straße", "strasse"), (" \n\t…", ""), ("ﬁre", "fire")],
)
def test_squash_keeps_what_is_spelled(text, spelled):
    assert squash(text) == spelled


@given(st.text())
def test_squash_leaves_nothing_that_is_not_spelled(text):
    assert all(char.isalnum() or unicodedata.category(char)[0] == "M" for char in squash(text))


@given(st.text(max_size=300))
def test_a_snippet_is_one_short_printable_line(text):
    short = snippet(text)
    assert short.isprintable() and len(short.encode()) >= len(short)
    assert len(text) > SNIPPET or all(char in short for char in text if char.isprintable())


def test_a_long_snippet_ends_in_an_ellipsis():
    assert snippet("a" * 81) == "a" * 79 + "…" and snippet("a" * 80) == "a" * 80


def test_the_last_sign_before_a_place_and_line_breaks_end():
    assert before("He.  She", 5) == "." and before("  x", 2) == "" and before("a\n  b", 4) == "\n"


@pytest.mark.parametrize(
    ("text", "sentence", "clause"),
    [("|At", True, True), ("Done. |At", True, True), ("x, |At", False, True), ('"x" |At', False, True),
     ("then |At", False, False), ("x\n|At", True, True)],
)  # fmt: skip
def test_where_a_sentence_and_a_clause_begin(text, sentence, clause):
    place = text.index("|")
    plain = text.replace("|", "")
    assert (starts_sentence(plain, place), starts_clause(plain, place)) == (sentence, clause)


def test_what_reaches_into_a_span_is_dropped_and_what_touches_it_stays():
    spans = [TextSpan(3, 6)]
    items = [TextSpan(6, 8), TextSpan(0, 3), TextSpan(2, 4), TextSpan(4, 5), TextSpan(5, 9)]
    assert outside(items, spans) == [TextSpan(0, 3), TextSpan(6, 8)]
    assert outside(items[:1], []) == items[:1]


def test_certain_mends_are_made_and_of_two_that_overlap_the_first():
    flaws = [
        Flaw(4, 7, "b", "", "dog"), Flaw(0, 3, "a", "", "The"), Flaw(5, 9, "c", "", "no"), Flaw(8, 11, "d", ""),
        Flaw(8, 11, "e", "", "sat"),
    ]  # fmt: skip
    text, done = apply("the cat sat", flaws)
    assert text == "The dog sat" and [flaw.kind for flaw in done] == ["a", "b"]


@given(st.text(max_size=40))
def test_without_mends_a_text_stays(text):
    assert apply(text, [Flaw(0, len(text), "x", "")]) == (text, [])

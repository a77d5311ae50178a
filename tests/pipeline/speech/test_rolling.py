"""Captions that roll: each word is read once, and what is really said twice stays."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.rolling import ShownCue, read_once


def cues(*shown: str, every: float = 2.0, apart: float = 0.0) -> list[ShownCue]:
    """One cue after the other; `/` parts lines."""
    starts = [number * (every + apart) for number in range(len(shown))]
    return [ShownCue(at, at + every, tuple(text.split("/"))) for at, text in zip(starts, shown, strict=True)]


def texts(found: list[ShownCue]) -> list[str]:
    return ["/".join(cue.lines) for cue in found]


def test_a_line_that_is_carried_over_is_read_at_its_first_time() -> None:
    found = read_once(cues("good morning", "good morning/how are you", "how are you/i am fine"), timed=True)
    assert texts(found) == ["good morning", "how are you", "i am fine"]
    assert [(cue.start, cue.end) for cue in found] == [(0, 2), (2, 4), (4, 6)]


def test_a_line_that_grows_word_by_word_is_one_cue_from_its_first_word_to_its_last() -> None:
    found = read_once(cues("we", "we walk", "we walk home", "then we sleep", every=0.5), timed=True)
    assert texts(found) == ["we walk home", "then we sleep"]
    assert (found[0].start, found[0].end) == (0, 1.5)


def test_a_line_may_grow_below_one_that_is_carried_over() -> None:
    found = read_once(cues("first line/we", "first line/we walk", "we walk/home"), timed=True)
    assert texts(found) == ["first line/we walk", "home"]


def test_the_word_that_is_going_on_counts_whole() -> None:
    assert texts(read_once(cues("the cat", "the cats sleep"), timed=True)) == ["the cat", "the cats sleep"]


def test_a_cue_that_shows_nothing_new_is_left_out() -> None:
    assert texts(read_once(cues("one/two", "two", "two/three"), timed=True)) == ["one/two", "three"]


def test_after_a_pause_the_same_words_are_said_again() -> None:
    assert texts(read_once(cues("no", "no/never", apart=0.5), timed=True)) == ["no", "no/never"]


@pytest.mark.parametrize(
    "said",
    [("no", "no", "no"), ("yes", "no", "yes", "no"), ("a chorus", "a verse", "a chorus"), ("one", "one/two"), ()],
)
def test_captions_that_do_not_roll_may_say_the_same_twice(said: tuple[str, ...]) -> None:
    assert texts(read_once(cues(*said), timed=False)) == list(said)


def test_rolling_is_seen_without_times_of_words_too() -> None:
    found = read_once(cues("a b", "a b/c d", "c d/e f", "e f/g h"), timed=False)
    assert texts(found) == ["a b", "c d", "e f", "g h"]


@given(st.lists(st.sampled_from(["one", "two", "three", "four", "five six"]), min_size=4, max_size=9, unique=True))
def test_whatever_rolls_past_is_read_once_and_in_order(lines: list[str]) -> None:
    shown = [lines[0], *(f"{a}/{b}" for a, b in pairwise(lines))]
    assert texts(read_once(cues(*shown), timed=False)) == lines

"""Facts told as one paragraph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.anchors import parse
from asid.pipeline.embedded.story import Sentence, around_cuts, joined, paragraph, second, sentences_of, small, tell
from tests.kits.embedded_kit import fact

CUT = "the picture cuts to the second shot"


@pytest.mark.parametrize(
    ("time", "duration", "at"),
    [(0.49, 10, 0), (0.5, 10, 1), (9.9, 10, 9), (10, 10, 9), (9.9, 9.95, 9), (-3, 10, 0), (3, 0, 0), (9.6, 10.4, 10)],
)
def test_a_time_is_told_by_the_nearest_second_in_the_clip(time: float, duration: float, at: int) -> None:
    assert second(time, duration) == at


@given(st.floats(0, 1000), st.floats(0.1, 1000))
def test_no_anchor_lies_beyond_the_clip(time: float, duration: float) -> None:
    assert 0 <= second(time, duration) < max(duration, 1)


def test_a_moment_is_told_from_what_opens_it_to_what_is_heard() -> None:
    facts = [
        fact(0.2, "speech", 'a voice says, "hi"'), fact(0.0, "camera", "the camera pans to the left"),
        fact(0.0, "scene", "the picture is dark"), fact(0.0, "emotions", "the voice speaks quietly"),
    ]  # fmt: skip
    assert tell(facts, 10) == (
        'At 0s, the picture is dark, and the camera pans to the left. Meanwhile, a voice says, "hi". '
        "The voice speaks quietly."
    )


def test_what_was_there_before_a_cut_is_told_before_it() -> None:
    lines = [Sentence(4, CUT, time=4.2), Sentence(4, "a dog runs", time=3.9), Sentence(4, "a cat sits", time=4.3)]
    assert [[line.text for line in part] for part in around_cuts(lines)] == [["a dog runs"], [CUT, "a cat sits"]]
    assert around_cuts([]) == []


@pytest.mark.parametrize(
    ("clauses", "turn", "sentence"),
    [
        (["a"], 5, "a"), (["a", "b"], 0, "a, and b"), (["a", "b"], 1, "a while b"), (["a", "b"], 2, "a; b"),
        (["a, c", "b"], 0, "a, c; b"), ([CUT, "b"], 1, f"{CUT}, where b"),
    ],
)  # fmt: skip
def test_clauses_are_joined_in_turn_and_after_a_cut_by_where(clauses: list[str], turn: int, sentence: str) -> None:
    assert joined(clauses, turn) == sentence


def test_the_same_line_within_three_seconds_is_told_once() -> None:
    near, later = fact(3.0, "scene", "The picture is dark."), fact(4.0, "scene", "the picture is dark")
    first = fact(0.0, "scene", "the picture is dark")
    assert tell([first, near], 20).count("dark") == 1
    assert tell([first, later], 20).count("dark") == 2


def test_finished_sentences_are_joined_to_none() -> None:
    lines = [Sentence(0, "A man sits.", whole=True), Sentence(0, "a dog runs"), Sentence(0, "He waits", whole=True)]
    assert sentences_of(lines, 0) == ["a dog runs.", "A man sits.", "He waits."]
    assert sentences_of([], 0) == []


@pytest.mark.parametrize(
    ("sentence", "begun"),
    [
        ("The dog.", "the dog."),
        ("Meanwhile, x", "meanwhile, x"),
        ("Anna sits", "Anna sits"),
        ("I am", "I am"),
        ("", ""),
    ],
)
def test_after_an_anchor_only_a_word_that_is_no_name_is_made_small(sentence: str, begun: str) -> None:
    assert small(sentence) == begun


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abcdef")), max_size=12))
def test_anchors_rise_and_every_line_is_told(made: list[tuple[int, str]]) -> None:
    lines = [Sentence(at, f"thing {letter}{at} is there") for at, letter in made]
    told = paragraph(lines)
    anchors = [float(block.anchor or 0) for block in parse(told)]
    assert anchors == sorted({float(at) for at, _ in made})
    assert all(line.text[1:] in told for line in lines)
    assert bool(told) == bool(lines)

"""Readings of a caption that need no judge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.metrics.dialogue import read_lines
from asid.pipeline.rewards.lexical import levels, spoken, told


def test_quoted_speech_is_read_in_order_and_texts_on_the_screen_are_not() -> None:
    caption = 'He says, "Come in." A sign reads "NO DOGS ALLOWED". She replies, "Thank   you, sir."'
    assert [line.said for line in spoken(caption)] == [
        line.said for line in read_lines([": Come in.", ": Thank you, sir."])
    ]
    assert len(spoken(caption)) == 2 and {line.speaker for line in spoken(caption)} == {""}
    assert spoken("Nobody speaks.") == spoken("") == ()


@pytest.mark.parametrize(
    ("statement", "covered"),
    [
        ("A dog chases a ball", True), ("the ball is chased by dogs", True), ("A dog chases a cat", True),
        ("A cat chases a mouse", False), ("It rains", False), ("the of and", False), ("", False),
    ],
)  # fmt: skip
def test_a_statement_is_told_where_most_of_its_words_stand(statement: str, covered: bool) -> None:
    assert told([statement], "At 0s, a dog is chasing a red ball.") == [covered]


def test_statements_are_answered_one_by_one() -> None:
    assert told(["A dog runs", "A cat sleeps"], "The cat sleeps.") == [False, True] and told([], "x") == []
    assert told(["A dog runs"], "") == [False]


@pytest.mark.parametrize(
    ("caption", "attribute", "level"),
    [
        ("The camera pans.", "camera", "explicit"), ("A shot of a lake.", "camera", "minor"),
        ("A shot of a lake. Then a pan follows.", "camera", "explicit"), ("A lake.", "camera", "none"),
        ('"We should go home now," it goes.', "speech", "explicit"),
        ("She is happy, even excited.", "emotions", "explicit"),
        ("SHE SMILES.", "emotions", "minor"), ("", "scene", "none"),
    ],
)  # fmt: skip
def test_cue_words_make_a_level(caption: str, attribute: str, level: str) -> None:
    assert levels(caption)[attribute] == level


@given(st.text(max_size=80))
def test_every_attribute_of_any_text_has_a_level(caption: str) -> None:
    found = levels(caption)
    assert set(found) == set(ATTRIBUTES) and set(found.values()) <= {"none", "minor", "explicit"}

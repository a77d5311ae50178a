"""Which attributes a sentence tells something about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.embedded.sorting import attributes


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The kitchen is bright.", ["scene"]),
        ("A bearded man is there.", ["characters"]),
        ("A cup is full.", ["objects"]),
        ("It jumps.", ["actions"]),
        ("At first it is calm.", ["narrative", "emotions"]),
        ("He asks why.", ["speech"]),
        ("The camera zooms in.", ["camera"]),
        ("She smiles.", ["emotions"]),
        ("It glows.", ["actions"]),
        ("", ["actions"]),
        ("A man pours tea in a KITCHEN.", ["scene", "characters", "actions"]),
    ],
)
def test_a_sentence_goes_by_its_words(sentence: str, found: list[str]) -> None:
    assert attributes(sentence) == found


def test_what_is_quoted_is_speech_or_lettering_and_its_words_are_nobodys() -> None:
    assert attributes('He says "the camera zooms in on the kitchen".') == ["speech"]
    assert attributes('The text "smile" is there.') == ["objects"]


def test_words_inside_of_other_words_are_none() -> None:
    assert "actions" not in attributes("The carpet is happy.")
    assert "characters" not in attributes("Many a permanent thing smiles.")


@given(st.text(max_size=60))
def test_there_is_always_one_and_they_stand_in_their_order(sentence: str) -> None:
    found = attributes(sentence)
    assert found
    assert found == [name for name in ATTRIBUTES if name in found]

"""Texts on the screen as they were read, in quotation marks or as names within a sentence."""

import pytest

from asid.pipeline.captions.grounds import Legible
from asid.pipeline.captions.rules.lettering import find
from tests.kits.captionkit import at_words, case, line

READ = (
    Legible(1.0, 4.0, "Marguerite Oyelaran", 0.9),
    Legible(1.0, 4.0, "Harbour Master", 0.9),
    Legible(6.0, 9.0, "CARGO HALL 12", 0.9),
)


@pytest.mark.parametrize(
    "text",
    ["Marguerite Oyelaran", "MARGUERITE OYELARAN", "Oyelaran", "Marguerite Oyelaran Harbour Master", "Cargo Hall 12",
     "cargo hall"],
)  # fmt: skip
def test_what_was_read_may_be_quoted_whole_in_part_and_in_any_case(text):
    assert list(find(case(f'At 1s, a caption reads "{text}".', legible=READ))) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [("Margerite Oyelaran", "Marguerite Oyelaran"), ("Cargo Hall 17", "CARGO HALL 12"), ("Oyeleran", "Oyelaran")],
)
def test_another_spelling_is_pointed_at_with_the_reading_it_is_meant_for(text, meant):
    held = case(f'At 1s, a caption reads "{text}".', legible=READ)
    assert at_words(find, held) == [("text_spelling", f'"{text}"')]
    assert meant in next(iter(find(held))).why


def test_a_text_like_none_that_was_read_is_left_alone():
    assert list(find(case('At 1s, a sign reads "No entry".', legible=READ))) == []


def test_speech_is_not_held_against_the_screen():
    assert list(find(case('At 1s, a man says, "Margerite Oyeleran is our guest."', legible=READ))) == []


def test_a_name_within_a_sentence_is_held_to_the_reading():
    held = case("At 1s, the name of Oyeleran can be seen below her.", legible=READ)
    assert at_words(find, held) == [("text_spelling", "Oyeleran")]


def test_a_name_that_is_spoken_or_that_an_annotator_writes_so_is_left_alone():
    caption = "At 1s, the name of Oyeleran can be seen below her."
    assert list(find(case(caption, line(1, 2, "S1", "Welcome, Oyeleran."), legible=READ))) == []
    assert list(find(case(caption, legible=READ, accounts=("The host greets Oyeleran.",)))) == []


def test_the_first_word_of_a_sentence_is_no_name():
    assert list(find(case("Cargos pass. Harbours are busy.", legible=READ))) == []


@pytest.mark.parametrize(
    ("read", "text"), [("Café Zürich", "Cafe Zurich"), ("Cafe Zurich", "Café Zürich"), ("São João", "SAO JOAO")]
)
def test_accents_are_read_and_written_at_will(read, text):
    legible = (Legible(1.0, 4.0, read, 0.9),)
    assert list(find(case(f'At 1s, a sign reads "{text}".', legible=legible))) == []
    (flaw,) = find(case(f'At 1s, a sign reads "{text[:-1]}".', legible=legible))
    assert flaw.kind == "text_spelling"

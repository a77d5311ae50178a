"""A caption read once: blocks, times, sentences, and what stands before a quotation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.paragraph import Paragraph, mask
from asid.pipeline.captions.text import TextSpan

TEXT = 'Dusk falls. At 2s, a cat sits. It asks, "Why? Me?" At 7s, rain.'


def test_sentences_know_their_block_and_whether_they_open_it():
    found = [(one.text, one.block, one.first) for one in Paragraph(TEXT).sentences]
    assert found == [
        ("Dusk falls.", -1, False), ("a cat sits.", 0, True), ('It asks, "Why? Me?"', 0, False), ("rain.", 1, True),
    ]  # fmt: skip


def test_a_place_has_its_block_and_its_sentence():
    whole = Paragraph(TEXT)
    assert whole.block_at(0) == -1 and whole.block_at(TEXT.index("At 2s")) == 0 and whole.block_at(len(TEXT)) == 1
    sentence = whole.sentence_at(TEXT.index("Me?"))
    assert sentence is not None and sentence.text.startswith("It asks")
    assert whole.sentence_at(TEXT.index("2s")) is None and whole.sentence_at(len(TEXT)) is None


@pytest.mark.parametrize(("block", "time"), [(-1, (0.0, 9.0)), (0, (2.0, 7.0)), (1, (7.0, 9.0))])
def test_a_block_lasts_until_the_next(block, time):
    assert Paragraph(TEXT).time_of(block, 9.0) == time


def test_a_block_never_ends_before_it_begins():
    assert Paragraph("At 7s, rain. At 3s, sun.").time_of(0, 9.0) == (7.0, 7.0)
    assert Paragraph("At 7s, rain.").time_of(0, 5.0) == (7.0, 7.0)


def test_quoted_words_are_masked_at_the_same_places():
    masked = Paragraph(TEXT).masked
    assert len(masked) == len(TEXT) and '"xxxxxxx?"' in masked and "Why" not in masked
    assert mask("abc", [TextSpan(0, 3)]) == "axc" and mask("abc", []) == "abc"


def test_what_stands_before_a_quotation_begins_after_the_one_before():
    whole = Paragraph('At 2s, a man says, "One more time," and adds, "Now then, please."')
    first, second = whole.quoted
    assert whole.ahead(first)[1] == "a man says, " and whole.ahead(second)[1] == " and adds, "
    start, text = whole.ahead(second)
    assert whole.masked[start:].startswith(text)


@given(st.text(alphabet='At 0123s,.!?" \nabcé「」', max_size=120))
def test_sentences_lie_in_order_within_any_text(text):
    whole = Paragraph(text)
    at = 0
    for one in whole.sentences:
        assert at <= one.start < one.end <= len(text) and text[one.start : one.end].strip() == one.text
        at = one.end
    assert len(whole.masked) == len(text)

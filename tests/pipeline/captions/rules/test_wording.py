"""Quotations word for word: the quotation is pointed at, and the reason says what was said instead, and when."""

import pytest

from asid.pipeline.captions.citations import Difference
from asid.pipeline.captions.rules.wording import find, told
from asid.pipeline.rows import Cue, Subtitles
from tests.kits.captionkit import at_words, case, timed

SAID = timed("S1", ("Leave", 2.0, 2.4), ("the", 2.4, 2.5), ("green", 2.5, 3.0), ("suitcase", 3.0, 3.6))


def test_a_word_said_otherwise_points_at_its_quotation():
    held = case('At 2s, a woman says, "Leave the brown suitcase."', SAID)
    assert at_words(find, held) == [("quote_word", '"Leave the brown suitcase."')]
    assert [flaw.why for flaw in find(held)] == ['"brown" was said as "green" at 2.5 s']


def test_every_difference_of_one_quotation_is_told():
    held = case('At 2s, a woman says, "Leave a brown suitcase."', SAID)
    assert len(list(find(held))) in (1, 2)  # side by side they may be one run
    text = " ".join(flaw.why for flaw in find(held))
    assert "a brown" in text and "the green" in text


def test_what_nobody_said_is_not_in_the_transcript():
    (flaw,) = find(case('At 2s, a woman says, "Nobody ever comes to visit my garden."', SAID))
    assert flaw.kind == "quote_not_found" and "likeness 0." in flaw.why


@pytest.mark.parametrize("quote", ["Leave the green suitcase.", "LEAVE THE GREEN SUITCASE", "the green suitcase"])
def test_what_was_said_is_left_alone_in_any_case_and_in_part(quote):
    assert list(find(case(f'At 2s, a woman says, "{quote}"', SAID))) == []


def test_without_a_transcript_a_quotation_was_said_by_nobody():
    assert [kind for kind, _ in at_words(find, case('At 2s, a woman says, "Leave the green suitcase."'))] == [
        "quote_not_found"
    ]


def test_a_text_on_the_screen_is_no_speech():
    assert list(find(case('At 2s, a sign reads "Leave no luggage in the hall."', SAID))) == []


def test_subtitles_that_have_it_word_for_word_bear_it_out_and_others_do_not():
    def shown(text):
        cue = Cue(start=2.0, end=3.6, text=text)
        return (Subtitles(origin="file a.srt", language="en", lag=0.0, agreement=0.9, cues=(cue,)),)

    caption = 'At 2s, a woman says, "Leave the brown suitcase."'
    assert list(find(case(caption, SAID, subtitles=shown("Leave the brown suitcase.")))) == []
    assert len(list(find(case(caption, SAID, subtitles=shown("Leave the black suitcase."))))) == 1


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference("", "red", 4.04), '"red" is left out at 4.0 s'),
        (Difference("red", "", 0.0), '"red" is not said at 0.0 s'),
        (Difference("red", "blue", 12.96), '"red" was said as "blue" at 13.0 s'),
    ],
)
def test_a_difference_is_told_by_what_is_there(difference, words):
    assert told(difference) == words

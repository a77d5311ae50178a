"""Words that are said once may be quoted once."""

import pytest

from asid.pipeline.captions.rules.twice import find
from tests.kits.captionkit import at_words, case, line

ONCE = line(2.0, 4.0, "S1", "We sail at dawn tomorrow.")
AGAIN = line(6.0, 8.0, "S1", "We sail at dawn tomorrow.")
DOUBLE = 'At 2s, a man says, "We sail at dawn tomorrow." At 6s, he says, "We sail at dawn tomorrow!"'


def test_the_second_of_two_quotations_of_one_saying_is_pointed_at():
    assert at_words(find, case(DOUBLE, ONCE)) == [("quote_repeated", '"We sail at dawn tomorrow!"')]
    (flaw,) = find(case(DOUBLE, ONCE))
    assert "2.0 s" in flaw.why


def test_what_was_said_twice_may_be_quoted_twice():
    assert list(find(case(DOUBLE, ONCE, AGAIN))) == []


def test_what_was_said_again_some_seconds_later_may_be_quoted_again_in_one_block():
    later = AGAIN.model_copy(update={"start": 9.0, "end": 11.0})
    told = 'At 2s, a man says, "We sail at dawn tomorrow." He says again, "We sail at dawn tomorrow!" At 12s, rain.'
    assert list(find(case(told, ONCE, later))) == []


def test_two_halves_of_one_line_are_no_repetition():
    assert list(find(case('At 2s, a man says, "We sail," and adds, "at dawn tomorrow."', ONCE))) == []


@pytest.mark.parametrize(("words", "named"), [("at dawn", 0), ("at dawn tomorrow", 1)])
def test_lines_of_one_or_two_words_recur_in_any_talk(words, named):
    caption = f'At 2s, a man says, "We sail at dawn tomorrow." At 6s, he says, "{words}," and waits.'
    assert len(list(find(case(caption, ONCE)))) == named


def test_an_overlap_below_four_fifths_is_two_quotations():
    talk = line(2.0, 6.0, "S1", "We sail at dawn tomorrow with all our horses aboard.")
    caption = 'He says, "We sail at dawn tomorrow." She hears, "at dawn tomorrow with all our horses aboard."'
    assert list(find(case(caption, talk))) == []


def test_without_a_transcript_it_is_silent():
    assert list(find(case(DOUBLE))) == []

"""Lines of speech that a caption leaves out or cuts short, and those that it may."""

from asid.pipeline.captions.rules.lines import find, told
from tests.kits.captionkit import at_words, case, line

FIRST = line(1.0, 3.0, "S1", "Bring the long ladder over here.")
SECOND = line(8.0, 10.0, "S2", "It is far too heavy for me.")
BOTH = 'At 1s, a man says, "Bring the long ladder over here." At 8s, a boy says, "It is far too heavy for me."'


def test_a_caption_that_quotes_all_is_whole():
    held = case(BOTH, FIRST, SECOND)
    assert list(find(held)) == [] and told(held) == (2, 2)


def test_a_missing_line_stands_before_the_block_that_comes_after_it():
    caption = 'At 1s, a man says, "Bring the long ladder over here." At 12s, a boy walks off.'
    held = case(caption, FIRST, SECOND)
    (flaw,) = find(held)
    assert flaw.kind == "line_missing" and "8.0 s" in flaw.why and SECOND.text in flaw.why
    assert caption[flaw.start :].startswith("At 12s,") and flaw.start == flaw.end
    assert told(held) == (1, 2)


def test_a_missing_last_line_stands_at_the_end():
    caption = 'At 1s, a man says, "Bring the long ladder over here."'
    (flaw,) = find(case(caption, FIRST, SECOND))
    assert flaw.start == len(caption)


def test_a_quotation_that_stops_early_is_pointed_at_with_the_words_that_belong_to_it():
    held = case('At 1s, a man says, "Bring the long ladder." At 8s, "It is far too heavy for me."', FIRST, SECOND)
    assert at_words(find, held) == [("quote_short", '"Bring the long ladder."')]
    (flaw,) = find(held)
    assert '"over here"' in flaw.why


def test_a_quotation_with_a_hole_is_told_of_each_run_of_words_left_out():
    held = case('At 1s, a man says, "Bring the long," and then, "over here."', FIRST)
    assert [flaw.why.split(" at ")[0] for flaw in find(held)] == ['cut short: "ladder"']


def test_a_fragment_need_not_be_told_and_does_not_count():
    held = case("At 0s, a man waves.", line(1.0, 1.4, "S1", "Oh well."))
    assert list(find(held)) == [] and told(held) == (0, 0)


def test_halves_of_words_at_the_clips_edge_need_not_be_told():
    halved = FIRST.model_copy(update={"cut": True})
    caption = 'At 1s, a man says, "Bring the long ladder over."'
    assert list(find(case(caption, halved))) == []
    assert [flaw.kind for flaw in find(case(caption, FIRST))] == ["quote_short"]


def test_a_long_line_is_shortened_in_the_reason():
    (flaw,) = find(case("At 0s, it rains.", line(1.0, 9.0, "S1", "so it goes on and on " * 20)))
    assert len(flaw.why) < 220 and flaw.why.endswith('…"')


def test_without_a_transcript_nothing_is_missing():
    assert told(case(BOTH)) == (0, 0)

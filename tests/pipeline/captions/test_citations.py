"""Quotations laid over the transcript's words: which they cover, and where they differ."""

import pytest

from asid.pipeline.captions.citations import Difference
from tests.kits.captionkit import case, line, timed

SAID = timed("S1", ("Turn", 2.0, 2.2), ("the", 2.2, 2.3), ("old", 2.3, 2.6), ("handle", 2.6, 3.0), ("left,", 3.0, 3.4),
             ("not", 3.4, 3.6), ("right.", 3.6, 4.0))  # fmt: skip


def quoted(text: str, *talk, **known):
    (citation,) = case(f'At 2s, a man says, "{text}"', *(talk or (SAID,)), **known).citations
    return citation


def test_a_quotation_covers_the_words_that_it_has():
    one = quoted("the old handle")
    assert (one.found, one.first, one.last, one.differences) == (True, 1, 3, ())
    assert (one.place.start, one.place.end, one.place.speakers[0][0]) == (2.2, 3.0, "S1")


@pytest.mark.parametrize(
    ("text", "differences"),
    [
        ("Turn the new handle left, not right.", (Difference("new", "old", 2.3),)),
        ("Turn the handle left, not right.", (Difference("", "old", 2.3),)),
        ("Turn the old brass handle left, not right.", (Difference("brass", "", 2.6),)),
        ("Twist the old handle left, not right.", (Difference("Twist", "Turn", 2.0),)),
        ("Turn the old handle left, not down.", (Difference("down", "right", 3.6),)),
        ("Turn the, the old handle left, not right.", (Difference("the", "", 2.3),)),
    ],
)
def test_each_difference_has_its_words_and_time(text, differences):
    assert quoted(text).differences == differences


def test_a_stutter_of_the_speaker_need_not_be_quoted():
    assert quoted("We saw the river.", line(2, 4, "S1", "We saw the the river.")).differences == ()


def test_what_is_not_found_covers_nothing():
    one = quoted("Bring me two cups of jasmine tea.")
    assert (one.found, one.first, one.last, one.differences, one.borne) == (False, -1, -1, (), False)


def test_of_equal_lines_the_one_near_the_anchor_is_meant_and_then_the_next():
    talk = [line(start, start + 1, "S1", "Wait for me there.") for start in (1, 5, 9)]
    held = case('At 5s, she says, "Wait for me there." He waits. "Wait for me there," she says.', *talk)
    assert [round(one.place.start) for one in held.citations] == [5, 9]


def test_words_said_again_long_after_the_block_are_not_meant():
    talk = [line(start, start + 1, "S1", "Wait for me there.") for start in (5, 15)]
    held = case('At 5s, she says, "Wait for me there." And again, "Wait for me there." At 8s, it rains.', *talk)
    assert [round(one.place.start) for one in held.citations] == [5, 5]


def test_the_block_is_the_number_of_the_anchor_before():
    held = case('He says, "Turn the old handle left." At 3s, he says, "Not right."', SAID)
    assert [one.block for one in held.citations] == [-1, 0]


def test_a_read_text_that_is_also_said_is_cited_but_is_no_speech():
    held = case('At 2s, a sign reads "Turn the old handle left".', SAID)
    assert len(held.citations) == 1 and held.speech == []


def test_numbers_are_found_however_they_are_written():
    one = quoted("It costs 25 coins today.", line(1, 3, "S1", "It costs twenty-five coins today."))
    assert one.found and one.differences == ()


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("It cost me $20 that day.", "It cost me twenty dollars that day."),
        ("It cost five million dollars then.", "It cost $5 million then."),
        ("There were 5 million of them.", "There were five million of them."),
        ("There were a hundred of them.", "There were 100 of them."),
    ],
)
def test_sums_and_large_numbers_are_the_same_in_figures_and_in_words(said, quote):
    for one, other in ((said, quote), (quote, said)):
        found = quoted(other, line(1, 3, "S1", one))
        assert found.found and found.differences == ()


def test_another_sum_is_a_difference():
    said = line(1, 3, "S1", "The ticket for the evening boat cost me $20 that day.")
    one = quoted("The ticket for the evening boat cost me thirty dollars that day.", said)
    assert [(each.said, each.heard) for each in one.differences] == [("thirty", "20")]


def test_times_of_words_and_of_the_end():
    held = case("", SAID)
    assert (held.time(0), held.time(6), held.time(7)) == (2.0, 3.6, 4.0)
    assert case("", duration=7.0).time(0) == 7.0
    assert held.lines == [0] * 7


@pytest.mark.parametrize("hostile", ["", '"', '""', '"…"', "\u202e“\x00”", '"' * 999])
def test_any_text_is_taken(hostile):
    held = case(f"At 2s, he says, {hostile}", SAID)
    assert all(one.first <= one.last for one in held.citations)


MIXED = (line(1, 4, "S1", "Um, we, er, should leave now.", language="en"),
         line(5, 8, "S2", "Er kommt um acht Uhr zurück.", language="de"))  # fmt: skip


@pytest.mark.parametrize("main", ["de", "en", ""])
def test_each_line_is_read_in_its_own_language(main):
    """ "Um" and "er" hesitate in English, and are words of German."""
    told = 'At 1s, a man says, "We should leave now." At 5s, a boy says, „{}“'
    right = case(told.format("Er kommt um 8 Uhr zurück."), *MIXED, language=main)
    assert [one.differences for one in right.citations] == [(), ()]
    assert (right.citations[0].last, right.citations[1].first) == (3, 4)
    wrong = case(told.format("Er kommt acht Uhr zurück."), *MIXED, language=main)
    assert [one.heard for one in wrong.citations[1].differences] == ["um"]


def test_a_quotation_that_stops_within_a_number_is_cut_short_there():
    one = quoted("I counted a hundred and", line(2, 5, "S1", "I counted a hundred and five steps."))
    assert (one.differences, one.last) == ((), 1)
    other = quoted("I counted a hundred and six steps.", line(2, 5, "S1", "I counted a hundred and five steps."))
    assert [one.said for one in other.differences] == ["a hundred and six"]

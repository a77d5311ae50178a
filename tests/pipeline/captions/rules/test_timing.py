"""Quotations and texts told at another time than theirs, to two seconds."""

import pytest

from asid.pipeline.captions.grounds import Legible
from asid.pipeline.captions.rules.timing import find
from tests.kits.captionkit import at_words, case, line

SAID = line(8.0, 10.0, "S1", "The bridge is closed tonight.")
PLATE = (Legible(3.0, 6.0, "OLD MILL", 0.9),)


@pytest.mark.parametrize(("second", "wrong"), [(5, True), (6, False), (8, False), (10, False), (11, True)])
def test_what_opens_a_block_is_said_within_two_seconds_of_its_anchor(second, wrong):
    held = case(f'At {second}s, a man says, "The bridge is closed tonight."', SAID)
    expected = [("quote_time", '"The bridge is closed tonight."')] if wrong else []
    assert at_words(find, held) == expected
    assert all("said at 8.0 s" in flaw.why and f"told at {second} s" in flaw.why for flaw in find(held))


def test_what_follows_in_a_block_may_be_said_until_the_next_anchor():
    held = case('At 1s, a car stops at the gate. A man says, "The bridge is closed tonight." At 12s, it leaves.', SAID)
    assert list(find(held)) == []
    early = case('At 1s, a car stops at the gate. A man says, "The bridge is closed tonight." At 4s, it leaves.', SAID)
    assert [flaw.kind for flaw in find(early)] == ["quote_time"]


def test_before_the_first_anchor_no_time_is_told():
    assert list(find(case('A man says, "The bridge is closed tonight." At 1s, it rains.', SAID))) == []


def test_what_nobody_said_has_no_time_to_be_wrong_about():
    assert list(find(case('At 1s, a man says, "Give back my golden trumpet."', SAID))) == []


@pytest.mark.parametrize(("second", "wrong"), [(1, False), (7, False), (9, True), (15, True)])
def test_a_text_is_told_while_it_is_legible(second, wrong):
    held = case(f'At {second}s, a sign reads "Old Mill".', legible=PLATE)
    assert at_words(find, held) == ([("text_time", '"Old Mill"')] if wrong else [])


def test_a_text_read_twice_may_be_told_at_either_time():
    twice = (*PLATE, Legible(14.0, 16.0, "OLD MILL", 0.9))
    assert list(find(case('At 15s, a sign reads "Old Mill".', legible=twice))) == []


def test_of_a_text_that_was_not_read_or_is_short_nothing_is_said():
    assert list(find(case('At 15s, a sign reads "New Mill".', legible=PLATE))) == []
    assert list(find(case('At 15s, a sign reads "Old".', legible=(Legible(3.0, 4.0, "OLD", 0.9),)))) == []

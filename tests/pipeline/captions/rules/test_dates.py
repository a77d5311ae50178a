"""What an annotator told at one time must not be told at another in nearly the same words."""

import pytest

from asid.pipeline.captions.rules.dates import alike, events, find
from tests.kits.captionkit import at_words, case

ACCOUNT = "At 2s, a heron lands on the wooden jetty. At 14s, two children push a boat into the water."


@pytest.mark.parametrize(("second", "wrong"), [(12, False), (14, False), (16, False), (17, True)])
def test_a_sentence_may_be_two_seconds_off_and_no_more(second, wrong):
    caption = f"At 0s, it is a calm morning. At {second}s, two children push a boat into the water."
    flaws = at_words(find, case(caption, accounts=(ACCOUNT,)))
    assert flaws == ([("event_time", "two children push a boat into the water.")] if wrong else [])


def test_the_reason_names_both_times():
    (flaw,) = find(case("At 18s, a heron lands on the wooden jetty.", accounts=(ACCOUNT,)))
    assert "18 s" in flaw.why and "2 s" in flaw.why


def test_one_annotator_who_agrees_is_enough():
    other = "At 18s, a heron lands on the wooden jetty."
    assert list(find(case("At 18s, a heron lands on the wooden jetty.", accounts=(ACCOUNT, other)))) == []


def test_other_words_short_sentences_and_what_has_no_anchor_are_left_alone():
    for caption in (
        "At 18s, a grey bird flies in from the left.",
        "At 18s, it lands.",
        "A heron lands on the wooden jetty. At 18s, it leaves.",
    ):
        assert list(find(case(caption, accounts=(ACCOUNT,)))) == []


def test_without_accounts_it_is_silent():
    assert list(find(case("At 18s, a heron lands on the wooden jetty."))) == []


def test_what_opens_a_block_is_at_its_anchor_and_the_rest_lies_before_the_next():
    told = "Dawn breaks over the bay. At 2s, a heron lands on the jetty. It looks around for some fish. At 9s, rain."
    assert events(told, 20.0) == [
        ("a heron lands on the jetty.", 2.0, 2.0),
        ("It looks around for some fish.", 2.0, 9.0),
    ]


def test_likeness_is_of_letters_whatever_their_case():
    assert alike("A heron lands on the jetty.", "a heron LANDS on the jetty")
    assert not alike("A heron lands on the jetty.", "A heron flies off the jetty.")

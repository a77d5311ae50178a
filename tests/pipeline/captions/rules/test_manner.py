"""Who speaks, and how, are statements that an account must bear out."""

import pytest

from asid.pipeline.captions.rules.manner import find
from tests.kits.captionkit import at_words, case, line

SAID = line(2.0, 4.0, "S1", "The boats come in at noon.")
QUOTE = '"The boats come in at noon."'
ACCOUNT = ("At 2s, a fisherman leans on a rail and talks quietly to a friend.",)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (f"At 2s, a fisherman says, {QUOTE}", ""), (f"At 2s, a man says, {QUOTE}", ""),
        (f"At 2s, Mr Brown says, {QUOTE}", ""), (f"At 2s, a wizard says, {QUOTE}", "wizard"),
        (f"At 2s, a man whispers, {QUOTE}", ""), (f"At 2s, a man shouts, {QUOTE}", "shouts"),
        (f"At 2s, a man sings, {QUOTE}", "sings"), (f"At 2s, a man says quietly, {QUOTE}", ""),
        (f"At 2s, a man says bitterly, {QUOTE}", "bitterly"), (f"At 2s, a man suddenly says, {QUOTE}", ""),
        (f"At 2s, {QUOTE} says a wizard.", "wizard"), (f"At 2s, {QUOTE} says a man.", ""),
    ],
)  # fmt: skip
def test_what_no_account_bears_out_is_named(words, named):
    flaws = list(find(case(words, SAID, accounts=ACCOUNT)))
    assert [flaw.kind for flaw in flaws] == (["speech_manner"] if named else [])
    assert all(named in flaw.why for flaw in flaws)


def test_a_name_is_taken_as_it_is_whether_or_not_an_account_has_it():
    for accounts in (ACCOUNT, ("Ada Lovelace talks.",)):
        assert list(find(case(f"At 2s, Ada Lovelace says, {QUOTE}", SAID, accounts=accounts))) == []


def test_the_place_is_from_the_speaker_to_the_end_of_the_quotation():
    held = case(f"At 2s, a wizard says, {QUOTE} At 9s, it rains.", SAID, accounts=ACCOUNT)
    ((_, words),) = at_words(find, held)
    assert words == f"a wizard says, {QUOTE}"


def test_who_speaks_and_how_are_two_statements():
    flaws = list(find(case(f"At 2s, a wizard shouts, {QUOTE}", SAID, accounts=ACCOUNT)))
    assert len(flaws) == 2


def test_around_words_that_nobody_said_nothing_is_held():
    assert list(find(case('At 2s, a wizard shouts, "Give back my golden trumpet."', SAID, accounts=ACCOUNT))) == []


def test_a_word_of_the_same_root_bears_it_out():
    caption = f"At 2s, a man says cheerfully, {QUOTE}"
    assert list(find(case(caption, SAID, accounts=("A cheerful man talks.",)))) == []
    assert len(list(find(case(caption, SAID, accounts=("A man talks.",))))) == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (f"At 2s, Sally says, {QUOTE}", ""), (f"At 2s, a man from Italy says, {QUOTE}", ""),
        (f"At 2s, {QUOTE} says Kelly.", ""), (f"At 2s, a man says in reply, {QUOTE}", ""),
        (f"At 2s, Sadly, a man says, {QUOTE}", "Sadly"), (f"Bitterly a man says, {QUOTE}", "Bitterly"),
        (f"The next line belongs to a wizard: {QUOTE}", "wizard"),
        (f"The next line, {QUOTE}, is spoken by a fisherman.", ""),
    ],
)  # fmt: skip
def test_a_name_that_ends_as_adverbs_do_is_no_manner(words, named):
    flaws = list(find(case(words, SAID, accounts=ACCOUNT)))
    assert [flaw.kind for flaw in flaws] == (["speech_manner"] if named else [])
    assert all(named in flaw.why for flaw in flaws)

"""Findings of an audit and what was mended, one to one."""

import pytest

from asid.pipeline.captions.findings import changeless, filled, mended

BEFORE = "At 1s, a man opens a red door. At 6s, a dog runs to the left and a bell rings."


def test_one_fix_clears_one_error():
    after = "At 1s, a woman opens a green door. At 6s, a dog runs to the left and a bell rings."
    wrong = [("a man", "it is a woman"), ("red door", "it is green")]
    assert mended(wrong, ["said woman", "said green"], BEFORE, after) == (0, 1)
    assert mended(wrong, ["the door is green now"], BEFORE, after) == (1,), "the fix speaks of the second"
    assert mended(wrong, [], BEFORE, after) == ()
    assert mended(wrong, ["one", "two", "three"], BEFORE, after) == (0, 1)


def test_what_still_stands_is_not_mended_whatever_is_claimed():
    after = "At 1s, a man opens a green door. At 6s, a dog runs to the left and a bell rings."
    wrong = [("a man", "it is a woman"), ("red door", "it is green")]
    assert mended(wrong, ["the man is a woman", "the door is green"], BEFORE, after) == (1,)
    assert mended(wrong, ["the man is a woman", "the door is green"], BEFORE, BEFORE) == ()


def test_words_that_moved_to_another_block_no_longer_stand_where_they_stood():
    after = "At 1s, a man opens a red door and a bell rings. At 6s, a dog runs to the left."
    assert mended([("a bell rings", "it rings at 1 s")], ["the bell moved"], BEFORE, after) == (0,)


def test_one_of_two_places_mended_is_a_mend_and_none_is_not():
    twice = "At 1s, a man waits. At 6s, a man leaves."
    assert mended([("a man", "")], ["x"], twice, "At 1s, a man waits. At 6s, a woman leaves.") == (0,)
    assert mended([("a man", "")], ["x"], twice, "At 1s, a man waits. At 6s, a man leaves.") == ()


def test_a_word_beside_the_faulty_ones_may_mend_them():
    right = BEFORE.replace("runs to the left", "runs quickly to the left")
    assert mended([("a dog runs", "it runs quickly")], ["it runs quickly"], BEFORE, right) == (0,)
    elsewhere = BEFORE.replace("a bell rings", "a loud bell rings")
    assert mended([("a dog runs", "it runs quickly")], ["it runs quickly"], BEFORE, elsewhere) == ()
    longer = BEFORE.replace("rings.", "rings twice.")
    assert mended([("a bell rings", "twice")], ["it rings twice"], BEFORE, longer) == (0,)


def test_an_error_that_quotes_no_words_of_the_caption_rests_on_the_claim():
    assert mended([("the colours", "too vague")], ["named the colours"], BEFORE, BEFORE + " It is red.") == (0,)
    assert mended([("", "too vague")], [], BEFORE, BEFORE) == ()


def test_what_was_missing_is_filled_where_the_caption_tells_it():
    after = "At 1s, a man opens a red door. At 6s, a dog runs to the left and a bell rings near a tall fountain."
    absent = ["At 6s, a tall fountain is seen", "At 9s, two children wave from a balcony"]
    assert filled(absent, ["the fountain", "the children"], BEFORE, after) == (0,)
    assert filled(absent, [], BEFORE, after) == ()
    assert filled(absent, ["the fountain", "the children"], BEFORE, BEFORE) == ()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("the word 'paper map' should be 'paper map'", ""), ("'a dog' must be written as \"a dog\".", ""),
        ("Write “two men” instead of “two men”.", ""), ("a red hat", "It should be 'a red hat'."),
        ("Replace 'he's' with 'he's'.", ""), ("Change 'sits' to 'sits'", ""),
    ],
)  # fmt: skip
def test_a_finding_that_asks_for_what_stands_there_changes_nothing(words, why):
    assert changeless(words, why)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("the word 'paper map' should be 'paper chart'", ""), ("'lisbon' should be 'Lisbon'", ""),
        ("'the man' is told twice: 'the man'", ""), ("a red hat", "It should be 'a blue hat'."),
        ("a red hat", "The clip shows 'a red hat', which should be left."), ("a hat", "It is a cap."), ("", ""),
        ("'it' should be 'it' only once it is clear who 'she' is", "x"),
    ],
)  # fmt: skip
def test_any_other_finding_stays(words, why):
    assert not changeless(words, why)

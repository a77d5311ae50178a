"""Words as they are spoken: numbers, contractions, hesitation and accents made comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.spoken import alike, spoken


def texts(*parts: str) -> list[str]:
    return [token.text for token in spoken(parts, "en")]


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ("Forty-two", ["42"]), ("three hundred and seven", ["307"]), ("two thousand twelve", ["2012"]),
        ("six million two hundred thousand", ["6200000"]), ("nineteen ninety", ["19", "90"]),
        ("five six seven", ["5", "6", "7"]), ("twenty-first", ["21th"]), ("the 3rd", ["the", "3th"]),
        ("hundred", ["hundred"]), ("a hundred", ["100"]), ("5 million", ["5000000"]),
        ("2 million 300 thousand", ["2300000"]),
        ("a man", ["a", "man"]), ("007", ["007"]), ("in 2000", ["in", "2000"]),
        ("12 hundred", ["1200"]), ("a hundred and 5", ["105"]), 
        ("one hundred and first", ["101th"]), ("bread and butter", ["bread", "and", "butter"]),
        ("one and two", ["1", "and", "2"]),
    ],
)  # fmt: skip
def test_number_words_become_digits(said, tokens):
    assert texts(said) == tokens


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ("I'm", ["i", "am"]), ("won't", ["will", "not"]), ("They’ve", ["they", "have"]), ("cannot", ["can", "not"]),
        ("Uh, well… um", ["well"]), ("Wh- what", ["wh", "what"]), ("Café", ["cafe"]), ("colour", ["color"]),
        ("realise", ["realize"]), ("50%", ["50", "percent"]), ("…!", []), ("", []),
    ],
)  # fmt: skip
def test_contractions_hesitation_and_spellings_are_levelled(said, tokens):
    assert texts(said) == tokens


def test_a_word_broken_off_at_the_end_of_its_text_is_not_spoken():
    assert texts("Wh-", "what") == ["what"]


def test_a_token_knows_its_text_and_how_it_was_written():
    tokens = spoken(["I'm", "twenty-one,"])
    assert [(one.text, one.shown, one.word) for one in tokens] == [
        ("i", "I'm", 0),
        ("am", "", 0),
        ("21", "twenty one", 1),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$20", "twenty dollars"), ("$5 million", "five million dollars"), ("100", "a hundred"),
        ("2.5 million", "two point five million"), ("3.5", "three point five"), ("it's", "it is"), ("it's", "it has"),
        ("he'd", "he would"), ("he'd", "he had"), ("air port", "airport"), ("1984", "nineteen eighty-four"),
        ("gonna", "going to"), ("per cent", "%"), ("Zoë", "Zoe"),
        ("9:30", "half past nine"), ("9:30", "nine thirty"), ("4:45", "a quarter to five"), ("12:50", "ten to one"),
        ("7:05", "five past seven"), ("7:05", "seven oh five"), ("info@example.com", "info at example dot com"),
        ("example.com/help", "example dot com slash help"), ("his/her", "his or her"), ("talkin'", "talking"),
        ("sooo", "so"), ("cooool", "cool"), ("May 3", "May the third"), ("to—", "to"), ("no [inaudible] way", "no way"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_thing_are_alike(one, other):
    assert alike(spoken([one]), spoken([other])) and alike(spoken([other]), spoken([one]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("twenty", "thirty"),
        ("it's", "it was"),
        ("can", "can't"),
        ("red", "read"),
        ("$20", "thirty dollars"),
        ("", "no"),
        ("9:30", "half past eight"),
        ("9:30", "nine"),
        ("9:30", "nine fifteen"),
        ("4:45", "a quarter past five"),
        ("info@example.com", "info at example dot org"),
        ("cabin'", "cab in go"),
        ("sooo", "see"),
        ("May 3", "May the fourth"),
        ("no [maybe] way", "no way"),
    ],
)
def test_two_things_are_not(one, other):
    assert not alike(spoken([one]), spoken([other]))


def test_numbers_of_other_languages_are_known_up_to_twelve():
    assert alike(spoken(["11"]), spoken(["onze"]), "fr") and not alike(spoken(["11"]), spoken(["douze"]), "fr")
    assert alike(spoken(["2"]), spoken(["zwo"]), "de") and alike(spoken(["57"]), spoken(["cincuenta y siete"]), "es")
    assert not alike(spoken(["11"]), spoken(["onze"]))
    assert not alike(spoken(["፩"]), spoken(["ቤት"]), "am")  # a numeral, but none that int() reads


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_texts_have_tokens_of_ascending_texts_and_are_like_themselves(parts):
    tokens = spoken(parts)
    assert [one.word for one in tokens] == sorted(one.word for one in tokens)
    assert all(one.text for one in tokens) and alike(tokens, tokens)


@given(st.integers(0, 999_999))
def test_every_number_up_to_a_million_is_read_back(number):
    assert texts(in_words(number)) == [str(number)]


ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
DECADES = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int) -> str:
    """A number as English says it."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return DECADES[number // 10 - 2] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(number % 100)}" if number % 100 else "")
    rest = number % 1000
    return f"{in_words(number // 1000)} thousand" + (f" {'and ' * (rest < 100)}{in_words(rest)}" if rest else "")

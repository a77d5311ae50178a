"""Numbers, money, times, decades and units, written and said: what is the same is no difference, what is another is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whisper_normalizer.english import EnglishTextNormalizer

from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import Grounds
from asid.pipeline.captions.spoken import alike, spoken
from asid.pipeline.rows import Utterance, Word
from tests.pipeline.captions.test_spoken import in_words

SAME = [
    ("$20", "twenty dollars"), ("$20", "20 dollars"), ("20 bucks", "twenty bucks"), ("€20", "twenty euros"),
    ("20 €", "twenty euros"), ("£5", "five pounds"), ("$1", "one dollar"), ("$1", "a dollar"),
    ("$3.50", "three dollars fifty"), ("$3.50", "three dollars and fifty cents"), ("$3.50", "three fifty"),
    ("$3.50", "three dollars fifty cents"), ("$3.50", "3 dollars 50"), ("$0.99", "ninety-nine cents"),
    ("99¢", "ninety-nine cents"), ("$1,000", "a thousand dollars"), ("$1,200", "twelve hundred dollars"),
    ("$5 million", "five million dollars"), ("$2.5 million", "two point five million dollars"),
    ("$5m", "five million dollars"), ("$1.5 billion", "one and a half billion dollars"),
    ("the 1990s", "the nineteen nineties"), ("the 90s", "the nineties"), ("the '90s", "the nineties"),
    ("the 1980's", "the nineteen eighties"), ("her 20s", "her twenties"), ("the 2000s", "the two thousands"),
    ("the 1800s", "the eighteen hundreds"), ("1984", "nineteen eighty-four"), ("2012", "two thousand twelve"),
    ("2012", "two thousand and twelve"), ("2012", "twenty twelve"), ("1905", "nineteen oh five"),
    ("1900", "nineteen hundred"), ("2005", "two thousand five"), ("50%", "fifty percent"), ("50 %", "fifty per cent"),
    ("50%", "50 percent"), ("2.5%", "two point five percent"), ("50 pct", "fifty percent"),
    ("0.5", "zero point five"), ("0.5", "point five"), (".5", "point five"), ("3.14", "three point one four"),
    ("2.5 million", "two and a half million"), ("3:30", "three thirty"), ("3:30 pm", "three thirty pm"),
    ("3:30 p.m.", "three thirty PM"), ("3:05", "three oh five"), ("3:00", "three o'clock"), ("3:00", "three"),
    ("10:15", "ten fifteen"), ("3 pm", "three p m"), ("3 o'clock", "three o'clock"), ("the 21st", "the twenty-first"),
    ("21st century", "twenty first century"), ("the 3rd", "the third"), ("July 4", "July fourth"),
    ("May 5th", "May fifth"), ("the 100th", "the hundredth"), ("the 100th", "the one hundredth"), ("1/2", "one half"),
    ("½ a cup", "half a cup"), ("2½", "two and a half"), ("3/4", "three quarters"), ("2 1/2", "two and a half"),
    ("10 km", "ten kilometers"), ("10km", "ten kilometres"), ("5 kg", "five kilograms"),
    ("60 mph", "sixty miles per hour"), ("5 ft", "five feet"), ("20°C", "twenty degrees Celsius"),
    ("20°", "twenty degrees"), ("5 lbs", "five pounds"), ("No. 5", "number five"), ("#5", "number five"),
    ("1,000,000", "one million"), ("10,000", "ten thousand"), ("2 x 4", "two by four"), ("24/7", "twenty-four seven"),
    ("911", "nine one one"), ("5-10", "five to ten"), ("1st", "first"), ("2nd", "second"), ("3x", "three times"),
    ("100 m", "one hundred meters"), ("5G", "five G"), ("Route 66", "Route sixty-six"), ("A4", "A four"),
    ("1.5 hours", "one and a half hours"), ("two dozen", "2 dozen"), ("-5", "minus five"), ("1 in 10", "one in ten"),
    ("100 grand", "a hundred grand"), ("$50k", "fifty thousand dollars"),
]  # fmt: skip

OTHER = [
    ("$20", "twenty euros"), ("$20", "twenty pounds"), ("€20", "twenty dollars"), ("$20", "thirty dollars"),
    ("$20", "twenty cents"), ("20 dollars", "20 euros"), ("$3.50", "three dollars sixty"),
    ("$3.50", "thirty-five dollars"), ("$3.50", "three hundred fifty dollars"),
    ("$3.50", "three hundred and fifty dollars"), ("$350", "three fifty cents"),
    ("the 1990s", "the nineteen eighties"), ("the 1990s", "nineteen ninety"), ("the 90s", "the ninety"),
    ("the 90s", "the eighties"), ("50%", "fifty"), ("50%", "fifteen percent"), ("50%", "fifty dollars"),
    ("2.5", "twenty-five"), ("2.5", "two five"), ("2.5", "two point six"), ("3:30", "three thirteen"),
    ("3:30", "four thirty"), ("3:30 pm", "three thirty am"), ("3:30", "three hundred thirty"),
    ("21st", "twenty-second"), ("21st", "twenty-one"), ("the 3rd", "the three"), ("10 km", "ten miles"),
    ("5 kg", "five grams"), ("20 degrees Celsius", "20 degrees Fahrenheit"), ("100", "one thousand"),
    ("1,000", "ten thousand"), ("half", "one"), ("2012", "two thousand thirteen"), ("1905", "nineteen fifty"),
    ("1.5", "fifteen"), ("point five", "five"), ("$5 million", "five billion dollars"),
    ("$5 million", "five million euros"), ("60 mph", "sixty kilometers per hour"), ("20", "twenty dollars"),
    ("5 lbs", "five kilos"), ("16", "sixty"), ("3:05", "three fifty"), ("3:05", "three five"),
]  # fmt: skip

FRAME = "They said it was {} when we came here."
SIGNS = {"$": "dollars", "€": "euros", "£": "pounds"}


def line(text: str) -> Utterance:
    texts = text.split()
    words = tuple(
        Word(start=1 + at / 4, end=1.2 + at / 4, text=word, score=0.9, speaker="S1") for at, word in enumerate(texts)
    )
    return Utterance(start=1.0, end=words[-1].end, speaker="S1", text=text, words=words, overlap=False)


def objections(quote: str, said: str, language: str = "en") -> list[str]:
    known = Grounds(10.0, utterances=(line(said),), language=language)
    return [f"{one.kind}: {one.why}" for one in examine(f'At 1s, a man says, "{quote}"', known)]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_said_may_be_written_in_its_signs(one: str, other: str) -> None:
    for quoted, said in ((one, other), (other, one)):
        assert objections(FRAME.format(quoted), FRAME.format(said)) == []
        assert objections(quoted, said) == []  # as a line of its own, where little else is alike


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_number_currency_or_unit_is_another_word(one: str, other: str) -> None:
    for quoted, said in ((one, other), (other, one)):
        (first, *_) = objections(FRAME.format(quoted), FRAME.format(said))
        assert first.startswith("quote_"), first


def test_another_currency_is_named_by_its_word() -> None:
    assert objections(FRAME.format("$20"), FRAME.format("twenty euros")) == [
        'quote_word: "dollars" was said as "euros" at 2.2 s'
    ]


def test_the_sign_of_a_price_need_not_be_said() -> None:
    assert objections(FRAME.format("$20"), FRAME.format("twenty")) == []
    assert objections(FRAME.format("twenty"), FRAME.format("$20")) == []
    assert objections(FRAME.format("twenty dollars"), FRAME.format("twenty")) != []


@pytest.mark.parametrize(
    "said",
    ["I have twenty. One of them is red.", "We saw five. Hundreds came later.", "There were a hundred. And two left."],
)
def test_no_number_goes_on_in_the_next_sentence(said: str) -> None:
    assert objections(said.replace("twenty", "20").replace("five", "5").replace("a hundred", "100"), said) == []


def test_no_number_goes_on_in_the_next_line() -> None:
    told = 'At 1s, a man says, "We need twenty." Then he says, "One is enough."'
    lines = (line("We need twenty"), line("one is enough").model_copy(update={"start": 5.0}))
    assert examine(told, Grounds(10.0, utterances=lines, language="en")) == []


@pytest.mark.parametrize(
    ("quoted", "said", "language"),
    [
        ("Das kostet 20 € im Monat.", "Das kostet zwanzig Euro im Monat.", "de"),
        ("Das kostet 3 € im Monat.", "Das kostet drei Euro im Monat.", "de"),
        ("Das sind 12 % von allem.", "Das sind zwölf Prozent von allem.", "de"),
        ("Das sind 1.000 Leute hier.", "Das sind 1000 Leute hier.", "de"),
        ("Cela fait 10 % de plus.", "Cela fait dix pour cent de plus.", "fr"),
        ("Cela fait 3,5 points de plus.", "Cela fait 3,5 points de plus.", "fr"),
        ("Ez a szám 5 % vagy talán annál is több.", "Ez a szám öt százalék vagy talán annál is több.", "hu"),
    ],
)
def test_other_languages_have_their_own_names_of_signs(quoted: str, said: str, language: str) -> None:
    assert objections(quoted, said, language) == [] and objections(said, quoted, language) == []


@pytest.mark.parametrize(
    ("quoted", "said", "language"),
    [
        ("Das kostet 4 € im Monat.", "Das kostet drei Euro im Monat.", "de"),
        ("Das kostet 3 € im Monat.", "Das kostet drei Dollar im Monat.", "de"),
        ("Das sind 12 Euro von allem.", "Das sind zwölf Prozent von allem.", "de"),
        ("Das sind 1,5 Liter am Tag.", "Das sind 15 Liter am Tag.", "de"),
    ],
)
def test_and_another_number_or_sign_is_another_there_too(quoted: str, said: str, language: str) -> None:
    assert objections(quoted, said, language) != [] and objections(said, quoted, language) != []


# --- against a normaliser that others wrote ----------------------------------------------------------------------

normalised = EnglishTextNormalizer()
whole = st.integers(2, 999_999)
small = st.integers(11, 99)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """One thing as it is written and as it is said."""
    number, cents = draw(whole), draw(small)
    sign, coin = draw(st.sampled_from([*SIGNS.items()]))
    decade, unit = draw(st.integers(2, 9)), draw(st.integers(1, 9))
    ways = [
        (f"{sign}{number}", f"{in_words(number)} {coin}"), (f"{sign}{number:,}", f"{in_words(number)} {coin}"),
        (f"${number}.{cents}", f"{in_words(number)} dollars and {in_words(cents)} cents"),
        (f"{number}%", f"{in_words(number)} percent"),
        (f"{unit}.{decade}", f"{in_words(unit)} point {in_words(decade)}"),
        (f"{sign}{unit}.{decade} million", f"{in_words(unit)} point {in_words(decade)} million {coin}"),
        (f"the 19{decade}0s", f"the nineteen {in_words(decade * 10)[:-1]}ies"),
        (f"19{cents}", f"nineteen {in_words(cents)}"), (f"the {cents}th", f"the {in_words(cents)}th"),
        (f"{unit}.5 million", f"{in_words(unit)} and a half million"),
    ]  # fmt: skip
    return draw(st.sampled_from(ways))


def same(one: str, other: str) -> bool:
    return alike(spoken([one], "en"), spoken([other], "en"), "en")


@given(written())
def test_what_others_hold_to_be_the_same_is_the_same(pair: tuple[str, str]) -> None:
    figures, words = pair
    if normalised(figures) == normalised(words):
        assert same(figures, words) and same(words, figures)


@given(written(), written())
def test_what_others_hold_to_be_two_things_is_not_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    if len({normalised(text).replace(" ", "") for text in one}) == 1:
        for text in other:
            if normalised(text).replace(" ", "") != normalised(one[0]).replace(" ", ""):
                assert not same(one[0], text) or not same(one[1], text)


# --- hesitation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "quoted", "language"),
    [
        ("Um, we could, er, leave now.", "We could leave now.", "en"),
        ("Ähm, wir könnten, äh, jetzt gehen.", "Wir könnten jetzt gehen.", "de"),
        ("Euh, on peut, hum, hmm, partir.", "On peut, hum, partir.", "fr"),
        ("Uhm, we could, hmm, leave now.", "We could leave now.", ""),
        ("Øh, vi kan, øhm, gå nu.", "Vi kan gå nu.", "da"),
    ],
)
def test_sounds_of_hesitation_need_not_be_quoted(said: str, quoted: str, language: str) -> None:
    assert objections(quoted, said, language) == [] and objections(said, quoted, language) == []


@pytest.mark.parametrize(
    ("said", "quoted", "language", "missing"),
    [
        ("Dann geht er nach Hause.", "Dann geht nach Hause.", "de", "er"),
        ("Das geht um neun Uhr los.", "Das geht neun Uhr los.", "de", "um"),
        ("Zo staat er een huis daar.", "Zo staat een huis daar.", "nl", "er"),
        ("Eu vi um cachorro na rua.", "Eu vi cachorro na rua.", "pt", "um"),
        ("Hvor er du nu henne?", "Hvor du nu henne?", "da", "er"),
        ("Das geht um neun Uhr los.", "Das geht neun Uhr los.", "", "um"),
        ("To err is only human here.", "To is only human here.", "en", "err"),
        ("It is 5 mm long and thin.", "It is 5 long and thin.", "en", "millimeters"),
    ],
)
def test_what_hesitates_elsewhere_is_a_word_where_it_is_one(
    said: str, quoted: str, language: str, missing: str
) -> None:
    assert any(f'"{missing}" is left out' in one for one in objections(quoted, said, language))
    assert objections(said, said, language) == []

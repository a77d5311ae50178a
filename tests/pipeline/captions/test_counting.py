"""Numbers of other languages, against how grammars and dictionaries write them."""

import pytest

from asid.pipeline.captions.counting import SAY, words
from asid.pipeline.captions.spoken import alike, spoken

SAID = {
    "de": {13: "dreizehn", 16: "sechzehn", 21: "einundzwanzig", 30: "dreißig", 57: "siebenundfünfzig"},
    "nl": {14: "veertien", 22: "tweeëntwintig", 33: "drieëndertig", 48: "achtenveertig", 80: "tachtig"},
    "it": {17: "diciassette", 21: "ventuno", 23: "ventitré", 28: "ventotto", 81: "ottantuno", 95: "novantacinque"},
    "es": {16: "dieciséis", 21: "veintiún", 22: "veintidós", 31: "treinta y una", 40: "cuarenta"},
    "pt": {14: "quatorze", 17: "dezassete", 20: "vinte", 42: "quarenta e duas", 50: "cinquenta", 88: "oitenta e oito"},
    "fr": {17: "dix-sept", 21: "vingt et un", 70: "soixante-dix", 71: "soixante et onze", 80: "quatre-vingts",
           81: "quatre-vingt-un", 97: "quatre-vingt-dix-sept", 92: "nonante-deux"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "number", "said"), [(k, n, s) for k, all_ in SAID.items() for n, s in all_.items()]
)
def test_words_and_digits_are_the_same_number(language, number, said):
    one, other = (spoken([f"ana {text} bo"], language) for text in (said, str(number)))
    assert [token.text for token in one] == [token.text for token in other]
    assert not alike(spoken([said], language), spoken([str(number + 1)], language), language)


@pytest.mark.parametrize("language", list(SAY))
def test_each_number_from_13_to_99_has_words_of_its_own(language):
    assert sorted(set(words(language).values())) == list(range(13, 100))


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "ein Hund und zwei Katzen"), ("es", "una y dos"), ("fr", "un chat et une dent"), ("xx", "dreizehn")],
)
def test_what_may_be_an_article_stays_a_word(language, said):
    assert not any(token.text.isdigit() and int(token.text) > 12 for token in spoken([said], language))

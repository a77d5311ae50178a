"""Words as they are spoken, whatever their spelling: "twenty-one" and "21", "don't" and "do not" are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from asid.pipeline.captions.text import WORD, squash

UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
TENS = {
    word: value * 10
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
        ],
        start=1,
    )
} | {word[:-1] + "ieth": value for word, value in TENS.items()}
# Zero to twelve and twenty, thirty, … in other languages, the spellings of one number joined by "/".
ELSEWHERE = {
    "de": "null ein/eins/eine/einen/einem/einer zwei/zwo drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "fr": "zéro un/une deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "cero un/uno/una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "it": "zero un/uno/una due tre quattro cinque sei sette otto nove dieci undici dodici",
    "pt": "zero um/uma dois/duas três quatro cinco seis sete oito nove dez onze doze",
}
# Sounds of hesitation, of the languages that the recogniser is mostly used for.
FILLERS = frozenset(
    [
        "uh",
        "uhh",
        "uhm",
        "um",
        "umm",
        "er",
        "erm",
        "err",
        "ah",
        "ahh",
        "hm",
        "hmm",
        "mm",
        "mmm",
        "mhm",
        "eh",
        "ehm",
        "äh",
        "ähm",
        "öh",
        "euh",
        "euhm",
        "uhuh",
        "mmhmm",
    ]
)
# Of these, the words that other languages have.
MEANT = {
    "de": frozenset(["er", "um"]), "nl": frozenset(["er"]), "da": frozenset(["er"]), "no": frozenset(["er"]),
    "pt": frozenset(["um"]), "hu": frozenset(["eh", "hm"]), "fr": frozenset(["ah", "eh"]), "af": frozenset(["er"]),
}  # fmt: skip
SAME = {
    "cannot": "can not", "can't": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us",
    "gonna": "going to", "wanna": "want to", "gotta": "got to", "gimme": "give me", "lemme": "let me",
    "kinda": "kind of", "sorta": "sort of", "outta": "out of", "dunno": "do not know", "y'all": "you all",
    "ok": "okay", "alright": "all right", "mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor",
    "vs": "versus", "cause": "because", "cuz": "because", "em": "them", "til": "until", "till": "until",
    "&": "and", "%": "percent", "yeah": "yes", "yep": "yes", "yup": "yes", "o'clock": "oclock",
    "grey": "gray", "centre": "center", "theatre": "theater", "metre": "meter",
}  # fmt: skip
ENDS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am"}
CLITICS = {"'s": ("is", "has", "us"), "'d": ("would", "had", "did")}
PIECE = re.compile(rf"{WORD.pattern}|[&%]")
MONEY = re.compile(r"[$€£¥]")
COINS = frozenset(["dollar", "dollars", "cent", "cents", "euro", "euros", "pound", "pounds", "yen", "and"])


@dataclass(frozen=True, slots=True)
class Token:
    """One spoken word. `text`: comparable; `shown`: as written, "" for all but the first word of a contraction;
    `word`: the number of the word or text that it comes from; `money`: written with a currency sign."""

    text: str
    shown: str
    word: int
    money: bool = False
    broken: bool = False  # "wh-": broken off


def spoken(texts: Iterable[str], language: str = "") -> list[Token]:
    """The words of some texts in order, without sounds of hesitation; numbers in digits, contractions in full.
    `language`: ISO 639-1, "" when unknown, since what hesitates in one language is a word of another."""
    fillers = FILLERS - MEANT.get(language, frozenset())
    plain: list[Token] = []
    for number, text in enumerate(texts):
        flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").replace("ʼ", "'")
        money = bool(MONEY.search(flat))
        pieces = list(PIECE.finditer(flat))
        for at, match in enumerate(pieces):
            shown = match[0]
            broken = flat[match.end() : match.end() + 1] in ("-", "–", "—") and at == len(pieces) - 1 and len(shown) < 4
            for place, part in enumerate(_in_full(_flat(shown))):
                plain.append(Token(part, shown if place == 0 else "", number, money, broken))
    return _numbers([one for one in plain if one.text not in fillers and not one.broken and squash(one.text)])


def _flat(word: str) -> str:
    """Without case, and without the accents of Latin letters, which recognisers leave out at will."""
    parts = unicodedata.normalize("NFD", word.casefold())
    kept, latin = [], False
    for char in parts:
        if unicodedata.category(char) == "Mn" and latin:
            continue
        latin = char.isalpha() and unicodedata.name(char, "").startswith("LATIN")
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _in_full(word: str) -> list[str]:
    if word in SAME:
        return SAME[word].split()
    for end, full in ENDS.items():
        if word.endswith(end) and len(word) > len(end):
            return [word[: -len(end)], full]
    for end in CLITICS:
        if word.endswith(end) and len(word) > 2:
            return [_british(word[:-2]), end]
    return [_british(word)]


def _british(word: str) -> str:
    """American spelling, by rules that treat both sides alike."""
    if len(word) > 5:
        word = re.sub(r"our(?=$|s$|ed$|ing$|ite|able|ful)", "or", word)
        word = re.sub(r"is(?=e$|es$|ed$|ing$|ation)", "iz", word)
    return word


def _numbers(tokens: Sequence[Token]) -> list[Token]:
    """Number words in digits: each run that makes one number becomes one token."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        value, length, ordinal = _number(tokens, at)
        if not length:
            token = tokens[at]
            if match := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", token.text):
                token = replace(token, text=f"{int(match[1])}th")
            found.append(token)
            at += 1
            continue
        shown = " ".join(token.shown for token in tokens[at : at + length] if token.shown)
        text = f"{value}th" if ordinal else str(value)
        found.append(replace(tokens[at], text=text, shown=shown))
        at += length
    return found


def _number(tokens: Sequence[Token], at: int) -> tuple[int, int, bool]:
    """Value and count of the number words that begin at a token, and whether they end in an ordinal; a count of 0 where
    no number begins."""
    total = part = 0
    length, room, ordinal, seen = 0, 10**12, False, at
    while seen < len(tokens):
        word = tokens[seen].text
        figure = int(word) if word.isdecimal() and len(word) < 10 else -1
        if not length and (figure > 0 or word in ("a", "an")):  # "5 million", "a hundred": only with their scale
            if seen + 1 == len(tokens) or tokens[seen + 1].text not in SCALES:
                break
            part, room = max(1, figure), 1
        elif 0 <= figure < room and str(figure) == word and length:
            part += figure
            room = 1
        elif word in UNITS and UNITS[word] < room:
            part += UNITS[word]
            room = 1
        elif word in TENS and TENS[word] < room:
            part += TENS[word]
            room = 10
        elif word in ORDINALS and ORDINALS[word] < room:
            return total + part + ORDINALS[word], seen + 1 - at, True
        elif word in SCALES and length and part and (SCALES[word] == 100) <= (part < 100):
            if word == "hundred":
                part *= 100
                room = 100
            else:
                total += part * SCALES[word]
                part, room = 0, 1000
        elif word == "and" and length and tokens[seen - 1].text in SCALES and _starts_number(tokens, seen + 1):
            seen += 1
            continue
        else:
            break
        seen += 1
        length = seen - at
    return total + part, length, ordinal


def _starts_number(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and (tokens[at].text in UNITS or tokens[at].text in TENS)


# --- comparing ---------------------------------------------------------------------------------------------------


def alike(one: Sequence[Token], other: Sequence[Token], language: str = "") -> bool:
    """Whether two runs of words are the same, said or written in two ways."""
    if _letters(one) == _letters(other) or _raw(one) == _raw(other):
        return True
    if any(token.money for token in (*one, *other)):
        plain = [[token for token in run if token.text not in COINS] for run in (one, other)]
        if _letters(plain[0]) == _letters(plain[1]):
            return True
    if _letters([t for t in one if t.text != "point"]) == _letters([t for t in other if t.text != "point"]):
        return True
    if language not in ("", "en") and one and other and _digits(one) != _digits(other):
        return _number_elsewhere(one, other, language)
    return bool(_readings(one) & _readings(other))


def _number_elsewhere(one: Sequence[Token], other: Sequence[Token], language: str) -> bool:
    """Whether digits and words of another language are the same number. Of languages whose words are not known here,
    and of larger numbers, it cannot be said that they are not."""
    digits, words = (one, other) if _digits(one) else (other, one)
    value = int("".join(token.text for token in digits)[:9])
    known = [_flat(way) for way in ELSEWHERE.get(language, "").split()]
    if value >= len(known):
        return True
    return _letters(words) in {squash(way) for way in known[value].split("/")}


def _letters(tokens: Sequence[Token]) -> str:
    return "".join(squash(token.text) for token in tokens)


def _raw(tokens: Sequence[Token]) -> str:
    return "".join(squash(token.shown) for token in tokens)


def _digits(tokens: Sequence[Token]) -> bool:
    return all(token.text.isdecimal() for token in tokens)  # not isdigit: int() reads no Ethiopic numerals


def _readings(tokens: Sequence[Token]) -> set[str]:
    """All that "it's" and "he'd" can stand for."""
    found = {""}
    for token in tokens[:12]:
        ways = (*CLITICS.get(token.text, ()), squash(token.text)) if token.text in CLITICS else (squash(token.text),)
        found = {done + way for done in found for way in ways}
    return found

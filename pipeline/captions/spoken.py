"""Words as they are spoken, whatever their spelling: "twenty-one" and "21", "don't" and "do not" are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from asid.pipeline.captions import counting
from asid.pipeline.captions.text import squash
from asid.pipeline.captions.written import (
    COINS,
    GLUED_SCALES,
    NAMES,
    SCALES,
    UNIT_WORDS,
    Token,
    clock,
    fraction,
    hundredths,
    numeral,
    pieces,
    signed,
    straight,
    unit,
)

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
DECADES = {word[:-1] + "ies": f"{value}s" for word, value in TENS.items()}
MONTHS = frozenset(["january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
                    "november", "december"])  # fmt: skip
ZEROS = frozenset(["oh", "o"])  # between numbers: "nineteen oh five"
# Zero to twelve and twenty, thirty, … in other languages, the spellings of one number joined by "/".
ELSEWHERE = {
    "de": "null ein/eins/eine/einen/einem/einer zwei/zwo drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "fr": "zéro un/une deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "cero un/uno/una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "it": "zero un/uno/una due tre quattro cinque sei sette otto nove dieci undici dodici",
    "pt": "zero um/uma dois/duas três quatro cinco seis sete oito nove dez onze doze",
}
# Sounds of hesitation, which nobody has to quote: those that are a word in no common language, and by language those
# that are none in it. "Er" and "um" hesitate in English, and are words of German.
SOUNDS = "uh uhh uhm umm uhuh hmm mmm mhm mmhmm erm ehm ahh ähm öhm euhm"
HESITATION = {
    "en": "um er ah eh hm mm", "de": "äh öh hm mm", "nl": "eh euh hm mm", "fr": "euh heu hm mm", "es": "eh hm mm",
    "it": "eh hm mm", "pt": "eh hm mm", "da": "øh øhm hm mm", "no": "øh øhm hm mm", "sv": "öh äh hm mm",
    "fi": "öö hm mm", "pl": "yyy eee hm mm",
}  # fmt: skip
SAME = {
    "cannot": "can not", "can't": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us",
    "gonna": "going to", "wanna": "want to", "gotta": "got to", "gimme": "give me", "lemme": "let me",
    "kinda": "kind of", "sorta": "sort of", "outta": "out of", "dunno": "do not know", "y'all": "you all",
    "ok": "okay", "alright": "all right", "mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor",
    "vs": "versus", "cause": "because", "cuz": "because", "em": "them", "til": "until", "till": "until",
    "yeah": "yes", "yep": "yes", "yup": "yes", "o'clock": "oclock",
    "grey": "gray",
}  # fmt: skip
ENDS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am"}
COUNTED = 4  # words of a number below 100 at most: "quatre-vingt-dix-neuf"
DAY = re.compile(r"(\d{1,2})(?:th)?")
LONG = re.compile(r"([^\W\d_])\1{2,}")
ENDED = re.compile(r"[.!?…][\"”’)]*(?:\s|$)")
MOST_READINGS = 4096
CLITICS = {"'s": ("is", "has", "us", "es"), "'d": ("would", "had", "did")}


def hesitation(language: str) -> frozenset[str]:
    """The sounds that hesitate in a language (ISO 639-1), "" when it is unknown."""
    return frozenset(f"{SOUNDS} {HESITATION.get(language, '')}".split())


def spoken(texts: Iterable[str], language: str = "") -> list[Token]:
    """The words of some texts in order, without sounds of hesitation; numbers in digits, contractions in full, signs by
    their names. `language`: ISO 639-1, "" when unknown, since what hesitates in one language is a word of another."""
    fillers = hesitation(language)
    sentences: list[list[Token]] = [[]]  # a number does not go on from one to the next
    for number, text in enumerate(texts):
        flat = straight(text)
        for match in pieces(flat, language):
            sentences[-1] += _read(match, flat, number, language, fillers, sentences[-1])
            if ENDED.match(flat, match.end()):
                sentences.append([])
    return [token for sentence in sentences for token in _numbers(_counted(sentence, counting.words(language)))]


def _read(
    match: re.Match[str], flat: str, word: int, language: str, fillers: frozenset[str], before: Sequence[Token]
) -> list[Token]:
    """The tokens of one piece of a text."""
    kind = match.lastgroup
    if match["plain"] is not None:
        shown = match[0]
        rest = flat[match.end() :]
        broken = len(shown) < 4 and rest[:1] in tuple("-–—") and not squash(rest)  # "wh-"
        follows = bool(before) and _is_number(before[-1]) and shown.lower() in UNIT_WORDS
        if (shown.casefold() in fillers and not follows) or not squash(shown) or (broken and rest[0] == "-"):
            return []
        if broken:
            return [Token(_flat(shown), shown, word, ("",))]  # before a dash it may be whole
        parts = _in_full(_flat(shown))
        also = _loose(parts[0], rest) if len(parts) == 1 else ()
        return [Token(part, shown if at == 0 else "", word, also) for at, part in enumerate(parts)]
    if match["hour"]:
        return clock(match, word)
    if match["over"]:
        return fraction(match, word)
    if match["number"]:
        return numeral(match, word, language)
    if match["scale"]:
        name = {"C": "celsius", "F": "fahrenheit"}[match["scale"]]
        return [signed("°", word, language), Token(name, name, word, (match["scale"].lower(),))]
    if match["sign"]:
        return [signed(match["sign"], word, language)]
    if kind in ("dot", "slash"):  # of an address
        return [Token(kind, kind, word, ("", "point") if kind == "dot" else ("", "or", "and", "per"))]
    said = {"until": ("to", ("", "through")), "minus": ("minus", ("", "negative")), "foot": ("foot", ("feet", "")),
            "no": ("number", ("no",))}[kind or ""]  # fmt: skip
    return [Token(said[0], said[0], word, said[1])]


def _loose(word: str, rest: str) -> tuple[str, ...]:
    """What a word stands for that is spelt as it sounds: "talkin'" is talking, "sooo" is so."""
    found = [f"{word}g"] if word.endswith("in") and len(word) > 3 and re.match(r"'(?!\w)", rest) else []
    if LONG.search(word):
        found += [LONG.sub(r"\1", word), LONG.sub(r"\1\1", word)]
    return tuple(found)


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
        word = re.sub(r"(?<=met|lit)re(?=s?$)|(?<=cent|heat)re(?=s?$)", "er", word)
    return word


def _is_number(token: Token) -> bool:
    return re.fullmatch(r"[0-9]+(?:\.[0-9]+)*", token.text) is not None


def _counted(tokens: Sequence[Token], known: Mapping[tuple[str, ...], int]) -> Sequence[Token]:
    """Number words of another language in digits, the longest first."""
    found: list[Token] = []
    at = 0
    while at < len(tokens) and known:
        sizes = (size for size in range(min(COUNTED, len(tokens) - at), 0, -1))
        size = next((size for size in sizes if tuple(one.text for one in tokens[at : at + size]) in known), 0)
        run = tokens[at : at + (size or 1)]
        if size:
            text = str(known[tuple(one.text for one in run)])
            found.append(Token(text, " ".join(one.shown for one in run if one.shown), run[0].word))
        else:
            found.append(run[0])
        at += len(run)
    return found if known else tokens


def _numbers(tokens: Sequence[Token]) -> list[Token]:
    """Number words in digits: each run that makes one number becomes one token. A sign of money goes behind its
    number."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.sign in COINS and at + 1 < len(tokens) and _is_number(tokens[at + 1]) and tokens[at + 1].digits:
            price, length = _price(tokens, at)
            found += price
            at += length
            continue
        number = _number(tokens, at)
        if number is not None:
            found.append(number.token)
            at += number.length
            continue
        if token.text in UNIT_WORDS and found and _is_number(found[-1]) and found[-1].digits:
            found += unit(token.text, token.word)
        elif token.text in DECADES:
            found.append(replace(token, text=DECADES[token.text]))
        else:
            found.append(token)
        at += 1
    return _dated(_zeros(found))


def _dated(tokens: Sequence[Token]) -> list[Token]:
    """Days behind a month: "May 3", "May 3rd" and "May the third"."""
    found = list(tokens)
    for at in range(1, len(found)):
        if found[at - 1].text in MONTHS:
            if found[at].text == "the" and at + 1 < len(found) and DAY.fullmatch(found[at + 1].text):
                found[at] = replace(found[at], also=("",))
            elif day := DAY.fullmatch(found[at].text):
                found[at] = replace(found[at], also=(*found[at].also, f"{day[1]}th"))
    return found


def _zeros(tokens: Sequence[Token]) -> list[Token]:
    """The noughts that are said "oh", between a number and a digit."""
    found = list(tokens)
    for at in range(1, len(found) - 1):
        after = found[at + 1].text
        if found[at].text in ZEROS and _is_number(found[at - 1]) and len(after) == 1 and after.isdecimal():
            found[at] = replace(found[at], text="0")
    return found


def _price(tokens: Sequence[Token], at: int) -> tuple[list[Token], int]:
    """A number behind a sign of money, with what is said for the sign behind it, and how many tokens it takes."""
    sign, figure = tokens[at], tokens[at + 1]
    glued = at + 2 < len(tokens) and tokens[at + 2].text in GLUED_SCALES and tokens[at + 2].word == figure.word
    scaled = (
        [figure, replace(tokens[at + 2], text=GLUED_SCALES[tokens[at + 2].text])] if glued else [*tokens[at + 1 :][:9]]
    )
    number = _number(scaled, 0)
    if number is not None:
        return [number.token, replace(sign, word=number.last)], 1 + number.length
    whole, _, rest = figure.text.partition(".")
    if len(rest) != 2:
        also = (*figure.also, "a") if figure.text == "1" else figure.also
        return [replace(figure, also=also), sign], 2
    found = [Token(whole, whole, figure.word, digits=True), sign] if int(whole) else []
    if int(rest):
        joint = [Token("and", "", figure.word, ("",))] if found else []
        found += [*joint, *hundredths(sign.sign, rest, figure.word)]
    return [replace(token, word=figure.word) for token in found], 2


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that several tokens make. `last`: the number of the text in which it ends."""

    token: Token
    length: int
    last: int


def _number(tokens: Sequence[Token], at: int) -> _Number | None:
    """The number that begins at a token, if it is more than a figure that stands for itself."""
    value, length, ordinal = _whole(tokens, at)
    text = str(value)
    seen = at + length
    if ordinal:
        return _made(tokens, at, length, f"{text}th")
    figure = tokens[at] if not length and _is_number(tokens[at]) else None
    if figure is not None:
        text, seen = figure.text, at + 1
    half: tuple[str, ...] = ()
    decimals = "" if "." in text else _decimals(tokens, seen)
    if decimals and (length or figure or tokens[at].text == "point"):
        text, seen = f"{int(text)}.{decimals}", seen + 1 + len(decimals)
    elif (
        (length or figure)
        and float(text) < 100
        and "." not in text
        and [token.text for token in tokens[seen : seen + 3]] == ["and", "a", "half"]
    ):
        half, text, seen = (f"{text} and a half",), f"{text}.5", seen + 3
    elif tokens[at].text == "half" and _scale(tokens, at + 2) and tokens[at + 1].text in ("a", "an"):
        text, seen = "0.5", at + 2
    if seen == at:
        return None
    if scale := _scale(tokens, seen):
        while scale and (figure is not None or "." in text):
            text, seen = f"{(Decimal(text) * scale).normalize():f}", seen + 1
            scale = _scale(tokens, seen)
    elif seen < len(tokens) and tokens[seen].text in ("hundreds", "thousands") and "." not in text:
        return _made(tokens, at, seen + 1 - at, f"{int(text) * SCALES[tokens[seen].text[:-1]]}s")
    return None if figure is not None and seen == at + 1 else _made(tokens, at, seen - at, text, half)


def _made(tokens: Sequence[Token], at: int, length: int, text: str, also: tuple[str, ...] = ()) -> _Number:
    run = tokens[at : at + length]
    shown = " ".join(token.shown for token in run if token.shown)
    return _Number(Token(text, shown, run[0].word, also), length, run[-1].word)


def _scale(tokens: Sequence[Token], at: int) -> int:
    return SCALES.get(tokens[at].text, 0) if at < len(tokens) else 0


def _decimals(tokens: Sequence[Token], at: int) -> str:
    """The digits after a "point", each said by itself."""
    digits = ""
    if at < len(tokens) and tokens[at].text == "point":
        for token in tokens[at + 1 :]:
            value = UNITS.get(token.text, 10)
            digit = token.text if token.digits and len(token.text) == 1 else str(value) if value < 10 else ""
            if not digit and token.text in ZEROS and digits:
                digit = "0"
            if not digit:
                break
            digits += digit
    return digits


def _whole(tokens: Sequence[Token], at: int) -> tuple[int, int, bool]:
    """Value and count of the number words that begin at a token, and whether they end in an ordinal; a count of 0 where
    no number begins."""
    total = part = 0
    length, room, seen = 0, 10**12, at
    while seen < len(tokens):
        word = tokens[seen].text
        figure = int(word) if word.isdecimal() and len(word) < 10 else -1
        if not length and (figure > 0 or word in ("a", "an")):  # "5 million", "a hundred": only with their scale
            if not _scale(tokens, seen + 1):
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
        elif word.endswith("th") and word[:-2] in SCALES:
            return total + max(1, part) * SCALES[word[:-2]], seen + 1 - at, True
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
    return total + part, length, False


def _starts_number(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and (
        tokens[at].text.isdecimal() or any(tokens[at].text in words for words in (UNITS, TENS, ORDINALS))
    )


# --- comparing ---------------------------------------------------------------------------------------------------


def alike(one: Sequence[Token], other: Sequence[Token], language: str = "") -> bool:
    """Whether two runs of words are the same, said or written in two ways."""
    if (raw := _raw(one)) and raw == _raw(other):
        return True
    if any(mine.same(theirs) for mine in _readings(one) for theirs in _readings(other)):
        return True
    return language not in ("", "en") and one != () != other and _elsewhere(one, other, language)


def ways(tokens: Sequence[Token]) -> set[str]:
    """All that some words can stand for, each without its spaces."""
    return {reading.text for reading in _readings(tokens)} - {""}


def _elsewhere(one: Sequence[Token], other: Sequence[Token], language: str) -> bool:
    """Whether digits and words of another language are the same number. Of languages whose words are not known here,
    and of larger numbers, it cannot be said that they are not."""
    if _figures(one) == _figures(other):
        return False
    figures, words = (one, other) if _figures(one) else (other, one)
    known = [_flat(way) for way in ELSEWHERE.get(language, "").split()]
    names = {name for called in NAMES.get(language, {}).values() for way in called for name in way.split()}
    number = "".join(token.text for token in figures if _is_number(token))
    said = [token for token in words if language not in NAMES or token.text not in names]
    if not number.isdecimal() or int(number) >= len(known):
        return True
    return _letters(said) in {squash(way) for way in known[int(number)].split("/")}


def _figures(tokens: Sequence[Token]) -> bool:
    """Whether there are only numbers in digits, and signs."""
    return any(map(_is_number, tokens)) and all(_is_number(token) or token.sign for token in tokens)


def _letters(tokens: Sequence[Token]) -> str:
    return "".join(squash(token.text) for token in tokens)


def _raw(tokens: Sequence[Token]) -> str:
    return "".join(token.shown if token.digits else squash(token.shown) for token in tokens)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Words in one string, without the spaces between. `edges`: where in it a number begins or ends; `solid`: from
    where to where it is a number that was said in words, and so has no edge inside."""

    text: str = ""
    edges: frozenset[int] = frozenset()
    solid: tuple[tuple[int, int], ...] = ()

    def plus(self, word: str, digits: bool) -> _Reading:
        start = len(self.text)
        number = word[:1].isdecimal()
        text = self.text + (word if number else squash(word))
        if not number:
            return replace(self, text=text)
        solid = self.solid if digits else (*self.solid, (start, len(text)))
        return _Reading(text, self.edges | {start, len(text)}, solid)

    def same(self, other: _Reading) -> bool:
        """Whether both are the same words: "1984" may be said as 19 and 84, "three hundred thirty" is no 3:30."""
        return self.text == other.text and not self._parts(other) and not other._parts(self)

    def _parts(self, other: _Reading) -> bool:
        return any(start < edge < end for start, end in other.solid for edge in self.edges)


def _readings(tokens: Sequence[Token]) -> list[_Reading]:
    """All that some words can stand for: "it's" and "he'd", a sign, a number in digits."""
    found = [_Reading()]
    for token in tokens[:12]:
        ways = {token.text: token.digits} | dict.fromkeys((*token.also, *CLITICS.get(token.text, ())), True)
        grown = []
        for done in found:
            for way, digits in ways.items():
                now = done
                for word in way.split():
                    now = now.plus(word, digits)
                grown.append(now)
        found = grown[:MOST_READINGS]
    return found

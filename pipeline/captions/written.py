"""Numbers, signs and units as they are written, each with the words that it can stand for: "$20", "1990s", "3:05"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from asid.pipeline.captions.text import WORD

SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
GLUED_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}  # after money


@dataclass(frozen=True, slots=True)
class Token:
    """One spoken word. `text`: comparable; `shown`: as written, "" for all but the first word of a contraction; `word`:
    the number of the word or text that it comes from; `also`: what else may be said for it, "" for nothing at all;
    `digits`: written in digits, so that it may be said number by number; `sign`: the sign that it stands for."""

    text: str
    shown: str
    word: int
    also: tuple[str, ...] = ()
    digits: bool = False
    sign: str = ""

    @property
    def silent(self) -> bool:
        """Whether it need not be said: nobody says the sign of "$20" where the price is clear."""
        return "" in self.also


@dataclass(frozen=True, slots=True)
class Coin:
    """A currency by its sign: its word, the word of its hundredth part, what people call it."""

    name: str
    part: str
    others: tuple[str, ...] = ()


COINS = {
    "$": Coin("dollars", "cents", ("dollar", "bucks", "buck")), "€": Coin("euros", "cents", ("euro",)),
    "£": Coin("pounds", "pence", ("pound", "quid")), "¥": Coin("yen", "sen", ("yuan",)),
    "₹": Coin("rupees", "paise", ("rupee",)),
}  # fmt: skip
PARTS = {"cents": ("cent",), "pence": ("penny", "p"), "sen": (), "paise": ("paisa",)}
# Other signs: the word that is said for each, and what else may be.
SIGNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "%": ("percent", ()), "¢": ("cents", ("cent",)), "°": ("degrees", ("degree", "")), "&": ("and", ()),
    "#": ("number", ("hashtag", "")), "+": ("plus", ("and", "")), "@": ("at", ("",)),
}  # fmt: skip
# What the signs are called in other languages. Of those that are not listed it cannot be said what is said for a sign.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {"%": ("prozent",), "$": ("dollar",), "€": ("euro",)},
    "nl": {"%": ("procent",), "$": ("dollar",), "€": ("euro",)},
    "fr": {"%": ("pour cent", "pourcent", "pourcents"), "$": ("dollar", "dollars"), "€": ("euro", "euros")},
    "es": {"%": ("por ciento",), "$": ("dolar", "dolares"), "€": ("euro", "euros")},
    "it": {"%": ("per cento", "percento"), "$": ("dollaro", "dollari"), "€": ("euro",)},
    "pt": {"%": ("por cento",), "$": ("dolar", "dolares"), "€": ("euro", "euros")},
}
# Units behind a number. Written in short they are the long word; the rest may be said as well.
UNIT_WORDS = {
    "km": "kilometers", "kms": "kilometers", "cm": "centimeters", "mm": "millimeters", "m": "meters", "mi": "miles",
    "kg": "kilograms", "kgs": "kilograms", "g": "grams", "mg": "milligrams", "lb": "pounds", "lbs": "pounds",
    "oz": "ounces", "ft": "feet", "l": "liters", "ml": "milliliters", "mph": "miles per hour", "h": "hours",
    "kmh": "kilometers per hour", "kph": "kilometers per hour", "hr": "hours", "hrs": "hours", "min": "minutes",
    "mins": "minutes", "sec": "seconds", "secs": "seconds", "yr": "years", "yrs": "years", "hz": "hertz",
    "khz": "kilohertz", "mhz": "megahertz", "ghz": "gigahertz", "kb": "kilobytes", "mb": "megabytes",
    "gb": "gigabytes", "tb": "terabytes", "kw": "kilowatts", "pct": "percent", "x": "times",
}  # fmt: skip
UNIT_OTHERS = {
    "feet": ("foot",), "m": ("million", "minutes", "minute"), "kg": ("kilos", "kilo"), "kgs": ("kilos", "kilo"),
    "per": ("an", "a"), "x": ("by", ""), "gb": ("gigs", "gig"), "mb": ("megs",), "km": ("k", "kays"),
}  # fmt: skip
PARTED = ("", "", "halves half", "thirds third", "quarters quarter fourths fourth", "5ths fifths 5th",
          "6ths sixths 6th", "7ths sevenths 7th", "8ths eighths 8th", "9ths ninths 9th",
          "10ths tenths 10th")  # fmt: skip
VULGAR = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
# Where a comma stands before decimals, and a full stop between thousands.
COMMA = "de nl fr es it pt da no nb nn sv fi pl cs sk sl hr sr bg hu ro ru uk tr el id vi"
ENGLISH_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)+|(?<![\w.])\.[0-9]+|[0-9]+"
COMMA_NUMBER = r"[0-9]{1,3}(?:\.[0-9]{3})+(?![0-9])(?:,[0-9]+)?|[0-9]+,[0-9]+|[0-9]+(?:\.[0-9]+)+|[0-9]+"
PIECES = {
    number: re.compile(
        rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?![0-9:])|"
        rf"(?:(?P<whole>[0-9]+)\s)?(?<![0-9/⁄])(?P<over>[0-9]{{1,3}})[/⁄](?P<under>[0-9]{{1,3}})(?![0-9/⁄])|"
        rf"(?P<number>{number})(?:(?P<glued>[A-Za-z]+)|'(?P<decade>s)\b)?|"
        rf"(?<=[0-9])(?P<until>[-–—])(?=[0-9])|(?<![\w.])(?P<minus>[-−])(?=[0-9])|"
        rf"°(?P<scale>[CF])\b|(?P<sign>[{''.join(COINS)}{''.join(SIGNS)}])|(?<=[0-9])(?P<foot>')(?=[0-9])|"
        rf"(?<=[^\W_])(?P<dot>\.)(?=[^\W\d_]{{2}})|(?<=[^\W\d_])(?P<slash>/)(?=[^\W\d_])|"
        rf"\b(?P<no>No\.)(?=\s?[0-9]|\s*$)|(?P<plain>{WORD.pattern})"
    )
    for number in (ENGLISH_NUMBER, COMMA_NUMBER)
}  # fmt: skip


def has_comma(language: str) -> bool:
    """Whether a comma stands before the decimals of a language."""
    return language in COMMA.split()


# What a writer says of the sound, in brackets between the words.
ASIDES = re.compile(
    r"[\[(]\s?(?:inaudible|unintelligible|indistinct|crosstalk|pauses?|bleep(?:ed)?)\s?[\])]", re.IGNORECASE
)


def straight(text: str) -> str:
    """A text with plain apostrophes, full signs and fractions in digits, apart from what stands before them. What is
    said of the sound is left out."""
    flat = ASIDES.sub(" ", unicodedata.normalize("NFKC", VULGAR.sub(" ", text)))
    return re.sub(r"(?i)\bkm/h\b", "kmh", re.sub("[’‘ʼ]", "'", flat))


def pieces(text: str, language: str) -> Iterator[re.Match[str]]:
    """What is written in a straight text, one by one."""
    return PIECES[COMMA_NUMBER if has_comma(language) else ENGLISH_NUMBER].finditer(text)


def signed(sign: str, word: int, language: str) -> Token:
    """The word that a sign stands for."""
    coin = COINS.get(sign)
    text, also = (coin.name, (*coin.others, "")) if coin else SIGNS[sign]
    return Token(text, text, word, (*NAMES.get(language, {}).get(sign, ()), *also), sign=sign)


def hundredths(sign: str, number: str, word: int) -> list[Token]:
    """The cents of a price: "$3.50" is "three fifty", "three dollars fifty" and "three dollars and fifty cents"."""
    part = COINS[sign].part
    figure = Token(str(int(number)), number, word, (number, " ".join(number)), digits=True)
    return [figure, Token(part, part, word, (*PARTS[part], ""))]


def numeral(match: re.Match[str], word: int, language: str) -> list[Token]:
    """The number of a piece, with what is glued to it. A number with other letters ("5G") is one word."""
    number, glued = match["number"], (match["glued"] or match["decade"] or "").lower()
    if has_comma(language) and not re.fullmatch(r"[0-9]+(?:\.[0-9]{1,2}|\.[0-9]{4,})", number):
        number = number.replace(".", "").replace(",", ".")
    number = number.replace(",", "")
    if number.startswith("."):
        number = f"0{number}"
    shown = match[0]
    if not glued:
        whole, _, rest = number.partition(".")
        also = (f"{whole} {rest}",) if len(rest) == 2 else ()
        return [Token(number, shown, word, also, digits=True)]
    if glued in ("st", "nd", "rd", "th") and number.isdecimal():
        return [Token(f"{int(number)}th", shown, word, digits=True)]
    if glued == "s":
        return [Token(f"{number}s", shown, word, (f"{number} seconds", f"{number} second"), digits=True)]
    if glued == "k" and number.isdecimal():
        return [Token(str(int(number) * 1000), shown, word, (f"{number} k", f"{number} grand"), digits=True)]
    if glued in UNIT_WORDS or glued in GLUED_SCALES:
        return [Token(number, match["number"], word, digits=True), Token(glued, match["glued"], word)]
    return [Token(f"{number}{glued}", shown, word)]


def clock(match: re.Match[str], word: int) -> list[Token]:
    """A time of day: "3:30" is "three thirty" and "half past three", "3:00" may be "three o'clock" and "three"."""
    hour, minute = int(match["hour"]), int(match["minute"])
    if minute == 0:
        return [Token(str(hour), match["hour"], word, digits=True),
                Token("oclock", "o'clock", word, ("", "hundred"))]  # fmt: skip
    past = (
        [f"{way} {hour}" for way in _minutes(minute) for way in (f"{way} past", f"{way} after")] if minute <= 30 else []
    )
    to = [
        f"{way} {hour % 12 + 1}" for way in _minutes(60 - minute) for way in (f"{way} to", f"{way} of", f"{way} till")
    ]
    also = (
        f"{hour} {match['minute']}",
        *past,
        *(to if minute >= 30 else ()),
        *([f"half {hour}"] if minute == 30 else ()),
    )
    return [Token(f"{hour}:{match['minute']}", match[0], word, also, digits=True)]


def _minutes(count: int) -> list[str]:
    """What people call minutes past or to an hour."""
    named = {15: ["quarter", "a quarter"], 30: ["half"]}
    return [*named.get(count, []), str(count), f"{count} minutes"]


def fraction(match: re.Match[str], word: int) -> list[Token]:
    """ "3/4" may be three quarters, a date or a beat; "2 1/2" is two and a half."""
    over, under = int(match["over"]), int(match["under"])
    if match["whole"] and (over, under) == (1, 2):
        return [Token(f"{match['whole']}.5", match[0], word, digits=True)]
    parted = tuple(PARTED[under].split()) if under < len(PARTED) else (f"{under}th", f"{under}ths")
    first = Token(str(over), str(over), word, ("a", "", "and a") if over == 1 else (), digits=True)
    found = [first, Token(str(under), str(under), word, parted, digits=True)]
    if match["whole"]:
        found = [Token(match["whole"], match["whole"], word, digits=True), Token("and", "and", word), *found]
    return found


def unit(short: str, word: int) -> list[Token]:
    """The words of a unit that is written in short."""
    found = []
    for at, text in enumerate(UNIT_WORDS[short].split()):
        others = UNIT_OTHERS.get(short, ()) if at == 0 else ()
        one = text[:-1] if text.endswith("s") else text
        also = (one, *others, *UNIT_OTHERS.get(text, ()), *((short,) if at == 0 else ()))
        found.append(Token(text, text, word, also))
    return found

"""Numbers from 13 to 99 as other languages say them: what is smaller is an article here and there, and stays a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

Ways = Iterator[str]  # the ways to say one number, its words apart by spaces


@cache
def words(language: str) -> dict[tuple[str, ...], int]:
    """What is said, word by word and without accents, -> the number. Empty for a language that is not known here."""
    say = SAY.get(language)
    return {tuple(way.split()): number for number in range(13, 100) for way in say(number)} if say else {}


def _german(number: int) -> Ways:
    tens = ["zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
    teens = ["dreizehn", "vierzehn", "funfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"]
    ones = ["ein", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun"]
    yield _ones_first(number, tens, teens, ones, "und")


def _dutch(number: int) -> Ways:
    tens = ["twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig"]
    teens = ["dertien", "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien"]
    ones = ["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"]
    yield _ones_first(number, tens, teens, ones, "en")


def _ones_first(number: int, tens: Sequence[str], teens: Sequence[str], ones: Sequence[str], joint: str) -> str:
    ten, one = divmod(number, 10)
    return teens[one - 3] if ten == 1 else (f"{ones[one - 1]}{joint}" if one else "") + tens[ten - 2]


def _italian(number: int) -> Ways:
    ten, one = divmod(number, 10)
    tens = ["venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"]
    teens = ["tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove"]
    ones = ["", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
    if ten == 1:
        yield teens[one - 3]
        return
    yield (tens[ten - 2][:-1] if one in (1, 8) else tens[ten - 2]) + ones[one]
    if one == 1:
        yield f"{tens[ten - 2][:-1]}un"


def _spanish(number: int) -> Ways:
    ten, one = divmod(number, 10)
    tens = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
    teens = ["trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve"]
    ones = ["", "uno un una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
    if ten == 1:
        yield teens[one - 3]
    elif ten == 2:
        yield from ([f"veinti{way}" for way in ones[one].split()] if one else ["veinte"])
    else:
        yield from ([f"{tens[ten - 3]} y {way}" for way in ones[one].split()] if one else [tens[ten - 3]])


def _portuguese(number: int) -> Ways:
    ten, one = divmod(number, 10)
    tens = ["vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"]
    teens = ["treze", "catorze quatorze", "quinze", "dezesseis dezasseis", "dezessete dezassete", "dezoito",
             "dezenove dezanove"]  # fmt: skip
    ones = ["", "um uma", "dois duas", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove"]
    if ten == 1:
        yield from teens[one - 3].split()
    else:
        yield from ([f"{tens[ten - 2]} e {way}" for way in ones[one].split()] if one else [tens[ten - 2]])


def _french(number: int) -> Ways:
    ten, one = divmod(number, 10)
    below = ["", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
             "treize", "quatorze", "quinze", "seize", "dix sept", "dix huit", "dix neuf"]  # fmt: skip
    tens = ["vingt", "trente", "quarante", "cinquante", "soixante", "septante", "huitante", "nonante"]
    if number < 20:
        yield below[number]
    elif number >= 80:
        yield f"quatre vingt {below[number - 80]}".strip()
        if number in (80, 81):
            yield {80: "quatre vingts", 81: "quatre vingt une"}[number]
    elif number >= 70:
        yield f"soixante {'et ' if number == 71 else ''}{below[number - 60]}"
    if number >= 20:  # from 70 on so in Belgium and Switzerland
        head = tens[ten - 2]
        yield from ([f"{head} et un", f"{head} et une"] if one == 1 else [f"{head} {below[one]}".strip()])


SAY: dict[str, Callable[[int], Ways]] = {
    "de": _german, "nl": _dutch, "it": _italian, "es": _spanish, "pt": _portuguese, "fr": _french
}  # fmt: skip

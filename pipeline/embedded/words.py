"""Small English: numbers, lists, places in the picture, and texts of others between quotation marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = (
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip
LANGUAGES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani", "ba": "Bashkir",
    "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bo": "Tibetan", "br": "Breton", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fo": "Faroese",
    "fr": "French", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "haw": "Hawaiian", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "ht": "Haitian Creole", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "ja": "Japanese", "jw": "Javanese", "ka": "Georgian", "kk": "Kazakh",
    "km": "Khmer", "kn": "Kannada", "ko": "Korean", "la": "Latin", "lb": "Luxembourgish", "ln": "Lingala", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy", "mi": "Maori", "mk": "Macedonian", "ml": "Malayalam",
    "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "mt": "Maltese", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "nn": "Norwegian Nynorsk", "no": "Norwegian", "oc": "Occitan", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit", "sd": "Sindhi", "si": "Sinhala",
    "sk": "Slovak", "sl": "Slovenian", "sn": "Shona", "so": "Somali", "sq": "Albanian", "sr": "Serbian",
    "su": "Sundanese", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai",
    "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "yi": "Yiddish", "yo": "Yoruba", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip
LONGEST_QUOTE = 1500  # characters


def number(count: int) -> str:
    """Write a small number as a word."""
    return NUMBERS[count] if 0 < count < len(NUMBERS) else str(count)


def ordinal(place: int) -> str:
    """Write a place in a row, counted from 0: "first", "21st"."""
    if place < len(ORDINALS):
        return ORDINALS[place]
    last = 0 if place % 100 in (11, 12, 13) else place % 10
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def listing(items: Sequence[str], last: str = "and") -> str:
    """Join items as a sentence does."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def quoted(text: str) -> str:
    """Somebody else's words between double quotes, on one line, without marks that would end the quotation."""
    plain = re.sub(r"[\"“”„‟«»＂「」『』]", "'", text)
    plain = " ".join("".join(char if char.isprintable() else " " for char in plain).split())
    if len(plain) > LONGEST_QUOTE:
        plain = plain[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
    return f'"{plain}"'


def capital(text: str) -> str:
    """Write the first letter large."""
    return text[:1].upper() + text[1:]


def stop(sentence: str) -> str:
    """With its full stop; a quotation at the end may bring one along."""
    bare = sentence.rstrip()
    return bare if re.search(r"[.!?…。！？][\"']?$", bare) else bare + "."


def across(x: float) -> str:
    """Where in the picture, of a centre at 0..1 of its width."""
    return "on the left" if x < 0.38 else "on the right" if x > 0.62 else "in the centre"


def spot(x: float, y: float) -> str:
    """Where in the picture, in both directions."""
    height = "top" if y < 0.33 else "bottom" if y > 0.67 else ""
    if not height:
        return across(x)
    side = "" if 0.36 <= x <= 0.64 else " left" if x < 0.5 else " right"
    return f"at the {height}{side}"


def languages(code: str) -> str:
    """Name a language by its ISO 639-1 code."""
    return LANGUAGES.get(code, f"a language with the code {code}")

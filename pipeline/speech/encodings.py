"""Text out of bytes that do not say how they are encoded. What is not told for certain is not guessed at: letters of
another alphabet would be read by a model as words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection
from itertools import pairwise

SAMPLE = 64 << 10  # bytes of lines that hold more than ASCII, by which an encoding is told
NEAR = 0.6  # of the best candidate's confidence: what comes so near might be meant as well
ASKED = 0.5  # the same for a candidate of a language that is expected
LEAST = 0.03  # confidence
UPSIDE = 0.3  # of the confidence of candidates that give nonsense
ERAS = (("MODERN_WEB", "LEGACY_ISO"), ("DOS", "LEGACY_MAC"))  # of chardet, the likelier ones first
ODD_WORDS = 0.05  # of the words that hold more than ASCII
CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
SIGNS = re.compile(r"[^\W\d_][¤¦§©¬®°±²³µ¶¹¼½¾÷×†‡‰€™¨¯¸ˇ˘˙˛˝‚„‹›ªº¢£¥]+[^\W\d_]|[─-◿\ufffd\ue000-\uf8ff]")


def decoded(data: bytes, languages: Collection[str] = ()) -> str:
    """The text of `data`. `languages`: ISO 639-1 codes of those that it may be in. Raises ValueError."""
    if not data:
        return ""
    text = _marked(data) or _unicode(data) or _told(data, languages)
    if len(CONTROLS.findall(text)) > 0.01 * len(text):
        raise ValueError("it is no text")
    return text


def _marked(data: bytes) -> str:
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return data.decode(name, "replace")
    zeros = (data[0::2].count(0), data[1::2].count(0))
    if max(zeros) > 0.2 * len(data) / 2 and min(zeros) < 0.02 * len(data):
        return data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le", "replace")
    return ""


def _unicode(data: bytes) -> str:
    """UTF-8, also where a few bytes of it are damaged. Bytes of Japanese mail are ASCII too: they have an escape."""
    if b"\x1b$" in data or b"\x1b(" in data:
        return ""
    text = data.decode("utf-8-sig", "replace")
    damaged = text.count("\ufffd")
    if damaged and sum(sign > "\x7f" for sign in text) < 20 * damaged:
        return ""
    return text


def _told(data: bytes, languages: Collection[str]) -> str:
    import chardet

    sample = _sample(data)
    for first, second in ERAS:
        era = chardet.EncodingEra[first] | chardet.EncodingEra[second]
        found = chardet.detect_all(sample, encoding_era=era, ignore_threshold=True)
        candidates, nonsense = [], 0.0
        for one in found:
            text = _decode(sample, one["encoding"])
            if text and not is_odd(text):
                candidates.append((one["confidence"], one.get("language") or "", text, one["encoding"]))
            elif text:
                nonsense = max(nonsense, one["confidence"])
        candidates = [one for one in candidates if one[0] >= max(LEAST, UPSIDE * nonsense)]
        if not candidates:
            continue
        asked = [one for one in candidates if one[1] in languages and one[0] >= ASKED * candidates[0][0]]
        candidates = asked or candidates
        near = [one for one in candidates if one[0] >= NEAR * candidates[0][0]]
        whole = _decode(data, near[0][3])
        if whole and len({text for _, _, text, _ in near}) == 1:
            return whole
        break
    raise ValueError("its encoding is not told and cannot be found out: save it as UTF-8")


def _sample(data: bytes) -> bytes:
    lines = data if b"\x1b" in data else b"\n".join(line for line in data.split(b"\n") if not line.isascii())
    return lines[: lines.rfind(b"\n", 0, SAMPLE)] if len(lines) > SAMPLE and b"\n" in lines[:SAMPLE] else lines[:SAMPLE]


def _decode(data: bytes, encoding: str | None) -> str:
    try:
        return data.decode(encoding) if encoding else ""
    except (UnicodeDecodeError, LookupError):
        return ""


def is_odd(text: str) -> bool:
    """Whether letters stand together as no language writes them: signs amid a word, a capital after a small letter,
    two alphabets in one word, control characters."""
    if re.search("[\x80-\x9f]", text):
        return True
    words = [word for word in text.split() if not word.isascii()]
    return sum(map(_is_odd_word, words)) > ODD_WORDS * len(words)


def _is_odd_word(word: str) -> bool:
    if SIGNS.search(word):
        return True
    if any(a.islower() and b.isupper() and not (a + b).isascii() for a, b in pairwise(word)):
        return True
    alphabets = {unicodedata.name(sign, "?").split()[0] for sign in word if sign.isalpha()}
    return len(alphabets & {"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI"}) > 1

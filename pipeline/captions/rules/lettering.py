"""Texts on the screen, spelt otherwise than they were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Legible
from asid.pipeline.captions.text import CLOSERS, WORD, Flaw, before, outside, starts_sentence, unaccented

LEAST = 4  # letters of a word that bears out or denies another: "and" is in any sentence
LIKE = 60.0  # of 100: a quoted text this like one that was read is meant for it
LIKE_NAME = 80.0  # of 100: of a name that stands without quotation marks


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name legible text that is spelt otherwise than it was read."""
    read = case.grounds.legible
    words = {unaccented(match[0]) for text in read for match in WORD.finditer(text.text)}
    wholes = {unaccented(text.text) for text in read}
    said = {token.text for token in case.heard}
    heard = unaccented(" ".join(token.text for token in case.heard))
    for quotation in case.paragraph.quoted:
        spelled = unaccented(quotation.text)
        if quotation.claims == "speech" or len(spelled) < LEAST or _borne(quotation.text, wholes, words):
            continue
        if quotation.claims == "nothing" and spelled in heard:
            continue
        if closest := _closest(quotation.text, read):
            yield Flaw(quotation.start, quotation.end, "text_spelling", _why(closest))
    yield from _names(case, read, words, said)


def _borne(text: str, wholes: set[str], words: set[str]) -> bool:
    """Whether a quoted text is one that was read, or made of whole words of such texts."""
    spelled = unaccented(text)
    if spelled in wholes:
        return True
    parts = [unaccented(match[0]) for match in WORD.finditer(text)]
    return all(part in words for part in parts) or _made_of(spelled, wholes)


def _made_of(spelled: str, wholes: set[str]) -> bool:
    """Whether a spelling is several readings, one after the other: a name and a role below it."""
    reach = {0}
    for at in range(len(spelled)):
        if at in reach:
            reach |= {at + len(whole) for whole in wholes if whole and spelled.startswith(whole, at)}
    return len(spelled) in reach


def _closest(text: str, read: Sequence[Legible]) -> Legible | None:
    """The reading that a text is meant for: the most like, as a whole or by its own words within a longer one."""
    spelled = unaccented(text)
    scored = [(max(fuzz.ratio(spelled, unaccented(one.text)), _within(text, one.text)), one) for one in read]
    score, best = max(scored, key=lambda pair: pair[0])
    return best if score >= LIKE else None


def _within(text: str, reading: str) -> float:
    """How like the text is to the run of as many whole words of the reading that is most like it."""
    wanted = [unaccented(match[0]) for match in WORD.finditer(text)]
    given = [unaccented(match[0]) for match in WORD.finditer(reading)]
    size = len(wanted)
    runs = ["".join(given[at : at + size]) for at in range(len(given) - size + 1)]
    return max((fuzz.ratio("".join(wanted), run) for run in runs if len(run) >= LEAST), default=0.0)


def _names(case: CaptionCase, read: Sequence[Legible], words: set[str], said: set[str]) -> Iterator[Flaw]:
    """Capitalised words within a sentence, or in capitals, that are nearly a word that was read."""
    known = {word for word in words if len(word) > LEAST}
    accounts = {unaccented(match[0]) for account in case.grounds.accounts for match in WORD.finditer(account)}
    for match in outside([_word(match) for match in WORD.finditer(case.caption)], case.paragraph.quoted):
        shown = case.caption[match.start : match.end]
        spelled = unaccented(shown)
        if len(spelled) <= LEAST or spelled in words or spelled in said or not shown[0].isupper():
            continue
        if starts_sentence(case.caption, match.start) or before(case.caption, match.start) in CLOSERS:
            continue
        near = [word for word in known if fuzz.ratio(word, spelled) >= LIKE_NAME and word not in (spelled + "s",)]
        if near and spelled not in accounts:
            text = next(one for one in read if near[0] in {unaccented(part[0]) for part in WORD.finditer(one.text)})
            yield Flaw(match.start, match.end, "text_spelling", _why(text))


def _word(match: object) -> Flaw:
    start, end = match.span()  # type: ignore[attr-defined]
    return Flaw(start, end, "text_spelling", "")


def _why(text: Legible) -> str:
    return f'spelt otherwise than read at {text.start:.1f} s: "{text.text}"'

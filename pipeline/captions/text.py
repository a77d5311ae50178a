"""What the checks share: flaws and their mending, snippets, words, comparable spellings, sentence starts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Style = Literal["integer", "decimal"]  # of the times in anchors: whole seconds, or one decimal at most
FOUND = 0.7  # least similarity to count as said; of three-word quotations from elsewhere, 99 in 100 stay below 0.62
SNIPPET = 80  # characters
SENTENCE_END = ".!?…。！？｡"
CLAUSE_END = SENTENCE_END + ",;:—–，；：、"
CLOSERS = "\"'”’»›」』)]）】"
# A word of a script with spaces, or one character of a script without them.
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[^\W{_UNSPACED}]+(?:['’][^\W\d_{_UNSPACED}]+)*|[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A range of characters; `end` is the one after the last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Flaw(TextSpan):
    """Something wrong at a place. `mended` is what stands there once it is mended; None when that is not certain, so
    that only a model or a person can tell."""

    kind: str
    why: str
    mended: str | None = None


SomeSpan = TypeVar("SomeSpan", bound=TextSpan)


def outside(items: Iterable[SomeSpan], spans: Sequence[TextSpan]) -> list[SomeSpan]:
    """The items, in order of place, that do not reach into one of `spans` (in order, not overlapping)."""
    kept, at = [], 0
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        while at < len(spans) and spans[at].end <= item.start:
            at += 1
        if at == len(spans) or spans[at].start >= max(item.end, item.start + 1):
            kept.append(item)
    return kept


def words(text: str) -> int:
    """Count the words of a text."""
    return sum(1 for _ in WORD.finditer(text))


def squash(text: str) -> str:
    """Only what is spelled: letters, digits and the marks on them, without case, width, spaces and punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in plain if char.isalnum() or unicodedata.category(char)[0] == "M")


def unaccented(text: str) -> str:
    """What is spelled, without the accents of Latin letters, which readers of screens leave out at will."""
    kept, latin = [], False
    for char in unicodedata.normalize("NFD", squash(text)):
        if unicodedata.category(char) == "Mn" and latin:
            continue
        latin = unicodedata.name(char, "").startswith("LATIN")
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def snippet(text: str) -> str:
    """A short piece for people and tables: one line, no invisible characters, always valid UTF-8."""
    short = text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…"
    return "".join(char if char.isprintable() or char == " " else ascii(char)[1:-1] for char in short)


def before(text: str, place: int) -> str:
    """The last character before `place` that is not a space; "" at the start. A line break counts as an end."""
    at = place - 1
    while at >= 0 and text[at].isspace():
        if text[at] == "\n":
            return "\n"
        at -= 1
    return text[at] if at >= 0 else ""


def starts_sentence(text: str, place: int) -> bool:
    """Whether a sentence surely starts at `place`. After a quotation that ends in a full stop it may, or may not."""
    last = before(text, place)
    return last in ("", "\n") or last in SENTENCE_END


def starts_clause(text: str, place: int) -> bool:
    """Whether a clause or a sentence begins at a place."""
    return starts_sentence(text, place) or before(text, place) in CLAUSE_END + CLOSERS


def apply(text: str, flaws: Sequence[Flaw]) -> tuple[str, list[Flaw]]:
    """The text with its certain mends made, and the flaws mended; of overlapping ones the first."""
    parts, done, at = [], [], 0
    for flaw in sorted(flaws, key=lambda flaw: (flaw.start, flaw.end)):
        if flaw.mended is not None and flaw.start >= at and text[flaw.start : flaw.end] != flaw.mended:
            parts += [text[at : flaw.start], flaw.mended]
            at = flaw.end
            done.append(flaw)
    return "".join([*parts, text[at:]]), done

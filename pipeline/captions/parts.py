"""Attribute captions against the caption that they were drawn from, and against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from asid.pipeline.captions.paragraph import ENDED, Paragraph
from asid.pipeline.captions.rules.dates import DRIFT, alike, events
from asid.pipeline.captions.spoken import spoken
from asid.pipeline.captions.text import WORD, snippet, squash
from asid.pipeline.rows import Problem

# Nouns for people that say more than that there is somebody.
ROLES = frozenset(
    [
        "teacher",
        "artist",
        "doctor",
        "nurse",
        "engineer",
        "painter",
        "driver",
        "pilot",
        "soldier",
        "officer",
        "policeman",
        "chef",
        "cook",
        "waiter",
        "farmer",
        "musician",
        "singer",
        "dancer",
        "actor",
        "actress",
        "presenter",
        "journalist",
        "reporter",
        "scientist",
        "student",
        "professor",
        "athlete",
        "player",
        "coach",
        "referee",
        "king",
        "queen",
        "prince",
        "princess",
        "president",
        "minister",
        "mother",
        "father",
        "son",
        "daughter",
        "sister",
        "brother",
        "wife",
        "husband",
    ]
)
# Words of a caption that say it tells something of an attribute.
TELLS = {
    "speech": r"\b(?:says?|asks?|replies|answers|speaks?|talks?|sings?|shouts?|whispers?)\b",
    "camera": r"\b(?:camera|pans?|tilts?|zooms?|close-up|shots?|cuts to|dissolves|tracking|handheld)\b",
    "characters": r"\b(?:m[ae]n|wom[ae]n|boys?|girls?|child(?:ren)?|people|person|dogs?|cats?)\b",
    "emotions": r"\b(?:smil\w+|laugh\w*|cr(?:y|ies|ying)|angr\w+|happ\w+|sad\w*|calm\w*|tense|joy\w*|afraid)\b",
}


def find(parts: Mapping[str, str], caption: str, *, empty: bool = True) -> list[Problem]:
    """What attribute captions hold that the caption does not, what they lost, and where they disagree with each other.
    `empty`: an attribute without a caption is a fault where the caption tells something of it."""
    whole = Paragraph(caption)
    found = [problem for name, part in parts.items() if part for problem in _added(name, part, whole)]
    found += _fragments(parts)
    found += _lost(parts, whole)
    found += _apart(parts)
    if empty:
        found += _empty(parts, whole)
    return found


def _added(name: str, part: str, whole: Paragraph) -> Iterator[Problem]:
    mine = Paragraph(part)
    quoted = squash(" ".join(quotation.text for quotation in whole.quoted))
    letters = squash(whole.text)
    for quotation in mine.quoted:
        if squash(quotation.text) not in (quoted if quotation.claims == "speech" else letters):
            yield _problem("part_quote", name, quotation.text, "the caption does not quote this")
    known = _numbers(whole)
    for number in sorted(_numbers(mine) - known):
        yield _problem("part_number", name, number, "the caption has no such number")
    words = {squash(match[0]) for match in WORD.finditer(whole.text)}
    for match in WORD.finditer(mine.masked):
        word = squash(match[0])
        begins = mine.sentence_at(match.start())
        opening = begins is not None and match.start() == begins.start
        if word in words or word.rstrip("s") in words or len(word) < 3:
            continue
        if (match[0][0].isupper() and not opening and not _after_anchor(mine, match.start())) or word in ROLES:
            yield _problem("part_name", name, match[0], "the caption names nobody and nothing so")


def _after_anchor(paragraph: Paragraph, place: int) -> bool:
    return any(anchor.start <= place < anchor.end + 2 for anchor in paragraph.anchors)


def _numbers(paragraph: Paragraph) -> set[str]:
    """All numbers outside anchors and quotations, in digits, but for one, which is a pronoun too."""
    text = list(paragraph.masked)
    for anchor in paragraph.anchors:
        text[anchor.start : anchor.end] = " " * (anchor.end - anchor.start)
    tokens = spoken(["".join(text)])
    found = {match[0] for token in tokens if (match := re.match(r"\d+(?:\.\d+)?", token.text))}
    return found - {"1"}


def _fragments(parts: Mapping[str, str]) -> Iterator[Problem]:
    """Captions in which no sentence ends: keywords, as a list of them has."""
    for name, part in parts.items():
        if part.strip() and not ENDED.search(Paragraph(part).masked):
            yield _problem(
                "part_fragment", name, part, "words and no sentence: it is to be read as an account of its own"
            )


def _lost(parts: Mapping[str, str], whole: Paragraph) -> Iterator[Problem]:
    told = squash(" ".join(parts.values()))
    for quotation in whole.quoted:
        if quotation.claims == "speech" and squash(quotation.text) not in told:
            yield _problem("part_lost", "speech", quotation.text, "the caption's quotation stands in none of the eight")


def _apart(parts: Mapping[str, str]) -> Iterator[Problem]:
    """The same told at seconds further apart than a reader would overlook, once in each of two captions: what one of
    them tells more often happens more often."""
    dated = [(name, event) for name, part in parts.items() if part for event in _single(events(part, float("inf")))]
    for at, (name, (text, start, end)) in enumerate(dated):
        for other, (same, begin, until) in dated[at + 1 :]:
            if other != name and alike(text, same) and (begin > end + DRIFT or start > until + DRIFT):
                why = f"told at {begin:g} s here, and at {start:g} s under {name}"
                yield _problem("event_seconds", other, same, why)


def _single(told: Sequence[tuple[str, float, float]]) -> Iterator[tuple[str, float, float]]:
    """The events of a caption that it tells once."""
    for at, event in enumerate(told):
        if not any(alike(event[0], other[0]) for place, other in enumerate(told) if place != at):
            yield event


def _empty(parts: Mapping[str, str], whole: Paragraph) -> Iterator[Problem]:
    for name, pattern in TELLS.items():
        match = re.search(pattern, whole.masked, re.IGNORECASE)
        if match and not parts.get(name, "").strip():
            yield _problem("part_empty", name, match[0], "the caption tells something of it")


def _problem(kind: str, name: str, words: str, why: str) -> Problem:
    return Problem(kind=kind, snippet=snippet(words), why=f"{name}: {why}")

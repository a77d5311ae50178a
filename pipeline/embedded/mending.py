"""Captions rewritten no further than needed: faults mended, facts worked in, sentences that repeat taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from asid.pipeline.embedded.checks import Fault, mended
from asid.pipeline.embedded.claims import Passage, matched, sentences, squash
from asid.pipeline.embedded.story import small
from asid.pipeline.embedded.words import capital, stop
from asid.pipeline.rows import Fact

LEAD = re.compile(r"^(?:Then |Meanwhile, |At that moment, )")
MOST_WORDS = 60  # of a sentence, quotations aside


def mend(parts: list[Passage], faults: Sequence[Fault]) -> tuple[list[Fault], list[tuple[float, str]]]:
    """Mends them in place; returns those that could be, and sentences taken out because they belong to another time. A
    fault without a certain mend loses its snippet."""
    done: list[Fault] = []
    moves: list[tuple[float, str]] = []
    for fault in faults:
        part = parts[fault.passage]
        old = part.sentences[fault.sentence]
        if fault.to is not None:
            if old:
                moves.append((fault.to, old))
            part.sentences[fault.sentence] = ""
            done.append(fault)
        elif (new := mended(old, fault)) != old:
            part.sentences[fault.sentence] = new
            done.append(fault)
    for part in parts:
        opened = bool(part.sentences and part.sentences[0])
        part.sentences = [sentence for sentence in part.sentences if sentence]
        if part.sentences and not opened and part.anchor is not None:
            part.sentences[0] = small(LEAD.sub("", part.sentences[0]))
    return done, moves


def add(parts: list[Passage], time: float, sentence: str) -> None:
    """Into the block whose time covers it, as a sentence of its own; the anchors stay."""
    text = stop(sentence.strip())
    if not parts:
        parts.append(Passage(None, "", [], time))
    at = max((number for number, part in enumerate(parts) if part.start <= time + 0.5), default=0)
    part = parts[at]
    if any(squash(text) in squash(told) for told in part.sentences):
        return
    begins = part.anchor is not None and not part.sentences
    part.sentences.append(text if begins else capital(text))


def insert(parts: list[Passage], second: int, found: Sequence[str]) -> None:
    """Sentences at a second of their own: a new block unless there is one."""
    for part in parts:
        if part.anchor == second:
            part.sentences += [capital(stop(sentence)) for sentence in found]
            return
    at = sum(1 for part in parts if part.anchor is None or part.start < second)
    until = parts[at].start if at < len(parts) else float(second)
    parts.insert(at, Passage(Decimal(second), "", [stop(found[0]), *map(capital, map(stop, found[1:]))], until))


def repeated(parts: Sequence[Passage], facts: Sequence[Fact]) -> list[tuple[int, int]]:
    """Passage and sentence number of what was told before, word for word. What happens twice may be told twice: there
    the evidence has a fact of its own for each time."""
    seen: dict[str, set[int]] = {}
    found = []
    for number, part in enumerate(parts):
        for place, sentence in enumerate(part.sentences):
            spelled = squash(sentence)
            grounds = {id(fact) for fact, _ in matched(sentence, [fact for fact in facts if part.holds(fact)])}
            if spelled in seen and len(sentence.split()) >= 4 and not grounds - seen[spelled]:
                found.append((number, place))
            seen.setdefault(spelled, set()).update(grounds)
    return found


def without_repeats(parts: list[Passage], facts: Sequence[Fact]) -> list[str]:
    """Takes them out, but not a block's last sentence; returns what went."""
    gone = []
    for number, place in reversed(repeated(parts, facts)):
        if len(parts[number].sentences) > 1:
            gone.append(parts[number].sentences.pop(place))
            first = parts[number].sentences[0]
            if place == 0 and parts[number].anchor is None:
                parts[number].sentences[0] = capital(first)
    return gone[::-1]


def split_long(sentence: str) -> list[str]:
    """At its semicolons, else at ", and ", outside quotations; as it was when there are none."""
    for joint in ("; ", ", and ", " while "):
        pieces = _outside(sentence, joint)
        if len(pieces) > 1:
            return [stop(pieces[0]), *(capital(stop(piece)) for piece in pieces[1:])]
    return [sentence]


def _outside(sentence: str, joint: str) -> list[str]:
    from asid.pipeline.captions import quotes as quotations

    spans = quotations.find(sentence)
    pieces, at = [], 0
    start = sentence.find(joint)
    while start >= 0:
        if not any(span.start < start < span.end for span in spans):
            pieces.append(sentence[at:start])
            at = start + len(joint)
        start = sentence.find(joint, start + len(joint))
    return [*pieces, sentence[at:]]


def resplit(part: Passage, place: int) -> bool:
    """Part a sentence that is too long, in its place. Says whether it could be parted into whole sentences."""
    new = split_long(part.sentences[place])
    part.sentences[place : place + 1] = new
    return len(new) > 1 and all(sentences(piece) for piece in new)

"""What in a caption contradicts the evidence, and what would be right. Deterministic: a statement is compared with the
facts of its own moment; numbers, sides, orders and quotations are where captions go wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from asid.pipeline.captions import quotes as quotations
from asid.pipeline.captions.text import FOUND
from asid.pipeline.embedded import claims, colours
from asid.pipeline.embedded.claims import Evidence, Passage, squash
from asid.pipeline.embedded.words import NUMBERS, ORDINALS, capital, quoted, stop
from asid.pipeline.rows import Fact

# Words of one group exclude each other.
GROUPS: tuple[frozenset[str], ...] = (
    frozenset(NUMBERS),
    frozenset(ORDINALS),
    frozenset({"left", "right", "centre"}),
    frozenset({"top", "bottom"}),
    frozenset({"up", "down"}),
    frozenset({"in", "out"}),
    frozenset({"above", "below"}),
    frozenset({"louder", "quieter"}),
    frozenset({"larger", "smaller"}),
    frozenset({"quickly", "slowly"}),
    frozenset({"bright", "dark", "black"}),
    frozenset({"loudly", "quietly"}),
    frozenset({"pans", "tilts", "zooms", "shakes", "holds"}),
    frozenset({"cuts", "fades", "dissolves"}),
    frozenset(colours.NAMES),
)
LIKE = 72  # of 100: a statement this like a fact is about the same thing
# Of 100: a quotation this like a line of speech is meant for it. Of lines of other clips none of another pattern comes
# nearer than 58 to any line of a clip; a line with a quarter of its words wrong stays above in 95 of 100.
MEANT = 60
NOW = 1.5  # s between a block's anchor and a line that is said at that moment
APART = 2.5  # s between a quotation's block and its words that is a mistake


@dataclass(frozen=True)
class Fault:
    """An error in sentence `sentence` of passage `passage`. `mended`: what belongs in the snippet's place, "" when
    nothing does. `to`: where the sentence belongs, in seconds, when only its moment is wrong."""

    passage: int
    sentence: int
    snippet: str
    why: str
    mended: str = ""
    to: float | None = None


def faults(parts: Sequence[Passage], evidence: Evidence, attribute: str = "") -> list[Fault]:
    """All of them, in order; with `attribute`, statements are held against that attribute's facts alone."""
    facts = [fact for fact in evidence.facts if attribute in ("", fact.attribute)]
    untold = {id(fact) for fact in evidence.facts if not claims.covered(fact, parts)}
    found: list[Fault] = []
    for number, part in enumerate(parts):
        for place, sentence in enumerate(part.sentences):
            misquoted = list(_quotations(number, place, sentence, part, evidence, untold))
            found += misquoted
            if not misquoted:
                found += _statements(number, place, sentence, part, facts, evidence, untold)
    return found


def anchor_faults(parts: Sequence[Passage], duration: float) -> Iterator[tuple[str, str]]:
    """Snippet and reason of anchors outside the clip or out of order."""
    last = -1.0
    for part in parts:
        if part.anchor is None:
            continue
        snippet = part.lead or f"At {part.anchor}s,"
        if part.start > duration:
            yield snippet, f"the clip ends at {duration:.1f} s"
        elif part.start <= last:
            yield snippet, f"the block before begins at {last:g} s already"
        last = max(last, part.start)


# --- quotations --------------------------------------------------------------------------------------------------


def _quotations(
    number: int, place: int, sentence: str, part: Passage, evidence: Evidence, untold: set[int]
) -> Iterator[Fault]:
    shown = [(squash(quote), fact) for fact in evidence.facts for quote in claims.quotes(fact.text)
             if fact.attribute != "speech"]  # fmt: skip
    for quote in quotations.find(sentence):
        spelled = squash(quote.text)
        if not spelled or any(fuzz.ratio(spelled, other) >= 90 for other, _ in shown):
            continue
        if quote.claims == "screen" or (quote.claims == "nothing" and not evidence.utterances):
            yield from _misread(number, place, quote.text, part, shown, evidence)
            continue
        spot = evidence.transcript.locate(quote.text, near=part.start)
        if spot.score >= FOUND:
            if part.anchor is not None and not _in_time(part, place, spot.start, spot.end):
                why = f"{quoted(quote.text)} is said at {spot.start:.1f} s"
                yield Fault(number, place, sentence, why, sentence, to=spot.start)
            continue
        lines = [fact for fact in _lines(evidence) if id(fact) in untold and part.holds(fact)]
        meant = max(lines, key=lambda line: (_like(line, quote.text), -abs(line.start - part.start)), default=None)
        if meant is not None and _like(meant, quote.text) >= MEANT:
            yield Fault(number, place, f'"{quote.text}"', _instead(meant), quoted(_words(meant)))
            continue
        why = f"{quoted(quote.text)}: nothing like it is in the recognised speech"
        now = [line for line in lines if abs(line.start - part.start) < NOW]
        yield Fault(number, place, sentence, "; ".join([why, *map(_instead, now[:1])]))


def _in_time(part: Passage, place: int, start: float, end: float) -> bool:
    """Whether speech may be told there: the first sentence of a block at its anchor, others until the next."""
    if place == 0:
        return start - APART <= part.start <= end + APART
    return part.near(start, start, APART)


def _lines(evidence: Evidence) -> Iterator[Fact]:
    return (fact for fact in evidence.facts if fact.attribute == "speech" and claims.quotes(fact.text))


def _words(line: Fact) -> str:
    """What is said, of the fact that somebody says it."""
    return claims.quotes(line.text)[0]


def _like(line: Fact, text: str) -> float:
    return fuzz.ratio(squash(_words(line)), squash(text))


def _instead(line: Fact) -> str:
    return f"what is said at {line.start:.1f} s is {quoted(_words(line))}"


def _misread(
    number: int, place: int, text: str, part: Passage, shown: Sequence[tuple[str, Fact]], evidence: Evidence
) -> Iterator[Fault]:
    """A text on the screen that was read otherwise there; one that was not read at all is a fault only when everything
    known was detected."""
    near = [(fuzz.ratio(squash(text), other), fact, other) for other, fact in shown if part.near(fact.start, fact.end)]
    score, best, spelled = max(near, key=lambda one: one[0], default=(0.0, None, ""))
    if best is not None and score >= 60:
        right = next(quote for quote in claims.quotes(best.text) if squash(quote) == spelled)
        yield Fault(number, place, f'"{text}"', f"the text on screen reads {quoted(right)}", quoted(right))
    elif evidence.closed:
        yield Fault(number, place, f'"{text}"', "no such text was read on the screen")


# --- statements --------------------------------------------------------------------------------------------------


def _statements(
    number: int, place: int, sentence: str, part: Passage, facts: Sequence[Fact], evidence: Evidence,
    untold: set[int],
) -> Iterator[Fault]:  # fmt: skip
    near = [fact for fact in facts if part.near(fact.start, fact.end)]
    near.sort(key=lambda fact: (id(fact) not in untold, abs(fact.start - part.start)))
    everything = [fact for fact in evidence.facts if part.near(fact.start, fact.end)]
    taken = [span for _, span in claims.matched(sentence, everything)]
    for start, end in claims.loose(sentence, taken):
        snippet = sentence[start:end]
        said = [fact for fact in near if claims.where(fact, sentence) is None]
        rival = contradicted(snippet, said)
        if rival is not None:
            yield Fault(number, place, snippet, f"what was found there is: {rival.text}", rival.text)
        elif evidence.closed and not any(claims.covers(snippet, fact) for fact in everything):
            yield Fault(number, place, snippet, "nothing that was found in the clip bears it out")


def contradicted(statement: str, facts: Iterable[Fact]) -> Fact | None:
    """The first fact that says nearly the same and differs in a word that excludes the other."""
    plain, given = _plain(statement), squash(" ".join(claims.quotes(statement)))
    for fact in facts:
        if fuzz.ratio(given, squash(" ".join(claims.quotes(fact.text)))) < 90:
            continue
        other = _plain(fact.text)
        if fuzz.ratio(" ".join(plain), " ".join(other)) >= LIKE and differ(plain, other):
            return fact
    return None


def _plain(text: str) -> list[str]:
    masked = text
    for quote in reversed(quotations.find(text)):
        masked = f"{masked[: quote.start]} quote {masked[quote.end :]}"
    return re.findall(r"[\w'-]+", masked.lower())


def differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether they put words of one group, or different numerals, in each other's place."""
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "replace":
            continue
        for mine in one[a:b]:
            for theirs in other[c:d]:
                numerals = mine[:1].isdigit() and theirs[:1].isdigit()
                if mine != theirs and (numerals or any(mine in group and theirs in group for group in GROUPS)):
                    return True
    return False


# --- mending -----------------------------------------------------------------------------------------------------


def mended(sentence: str, fault: Fault) -> str:
    """The sentence with the snippet replaced, or without it; "" when nothing remains."""
    at = sentence.find(fault.snippet)
    if at < 0:
        return sentence
    if not fault.mended:
        return whole_again(claims.cut_out(sentence, at, at + len(fault.snippet)), sentence)
    new = sentence[:at] + fault.mended + sentence[at + len(fault.snippet) :]
    return whole_again(new, sentence)


def whole_again(new: str, old: str) -> str:
    """With the full stop, and the capital if the old sentence had one."""
    if not squash(new):
        return ""
    new = stop(new)
    return capital(new) if old[:1].isupper() else new

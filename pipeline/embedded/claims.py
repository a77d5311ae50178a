"""A caption taken apart: blocks, their sentences, and in these what a fact says and what none says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from rapidfuzz import fuzz

from asid.pipeline.captions import quotes as quotations
from asid.pipeline.captions.anchors import Section, compose, parse
from asid.pipeline.captions.speech import SpokenWords
from asid.pipeline.captions.text import squash as spelled_out
from asid.pipeline.embedded.sound import lines
from asid.pipeline.rows import Fact, Utterance

NEAR = 2.0  # s that a moment may lie off: the residual deviation that the paper found
SAID = 85  # of 100, likeness of a quotation to the words it repeats
JOINT = r"(?:[,;]? ?(?:where|while|and|meanwhile|then|at that moment)\b,?|[,;])"
SENTENCE = re.compile(r"[.!?…。！？]+[\"'”’)]*(?=\s+[\"“'‘(]?[A-ZÀ-Þ0-9]|\s*$)")
LEADING = re.compile(r"^(?:\s*(?:meanwhile|then|at that moment|and|while|where)\b,?\s*|[\s,;.]+)+", re.IGNORECASE)
TRAILING = re.compile(r"(?:[\s,;]+(?:and|while|where)|[\s,;.])+$", re.IGNORECASE)


squash = lru_cache(8192)(spelled_out)  # every fact is compared with every sentence


@dataclass(frozen=True)
class Evidence:
    """What an embedded composer knows of a clip. `closed`: every candidate is made of facts, so that what none of them
    bears out was not found by anything."""

    duration: float
    facts: tuple[Fact, ...]
    utterances: tuple[Utterance, ...]
    closed: bool

    @cached_property
    def transcript(self) -> SpokenWords:
        """The words that are said in the clip."""
        return SpokenWords(self.utterances)


@dataclass
class Passage:
    """A block of a caption that is being worked on: from its anchor to `until`, the next one."""

    anchor: Decimal | None
    lead: str
    sentences: list[str]
    until: float

    @property
    def start(self) -> float:
        """Where it begins, in s; 0 without an anchor."""
        return float(self.anchor or 0)

    @property
    def text(self) -> str:
        """Its sentences in one text."""
        return " ".join(self.sentences)

    def near(self, start: float, end: float, slack: float = NEAR) -> bool:
        """Whether a span of time touches it, give or take `slack` s."""
        return self.start - slack <= end and start <= max(self.until, self.start) + slack

    def holds(self, fact: Fact) -> bool:
        """Whether the fact begins in this block, give or take."""
        return self.near(fact.start, fact.start)


def read(facts: dict[str, Any]) -> Evidence:
    """The evidence of a request; the transcript's lines are facts as well."""
    candidates = facts.get("candidates", [])
    utterances = tuple(Utterance.model_validate(item) for item in facts.get("utterances", []))
    found = [Fact.model_validate(fact) for candidate in candidates for fact in candidate["facts"]]
    found += [line for line in lines(utterances) if not any(same_line(line, fact) for fact in found)]
    once: dict[tuple[str, int], Fact] = {}
    for fact in sorted(found, key=lambda fact: (fact.start, fact.end)):
        once.setdefault((squash(fact.text), round(fact.start)), fact)
    closed = bool(candidates) and all(candidate["facts"] or not candidate["caption"] for candidate in candidates)
    duration = facts.get("duration") or max((fact.end for fact in once.values()), default=0.0)
    return Evidence(float(duration), tuple(once.values()), utterances, closed)


def same_line(line: Fact, fact: Fact) -> bool:
    """Whether two facts are of the same words, said at the same time."""
    return fact.attribute == "speech" and abs(line.start - fact.start) < 1 and squash(line.text) == squash(fact.text)


# --- taking apart, putting together ------------------------------------------------------------------------------


def passages(caption: str, duration: float) -> list[Passage]:
    """Take a caption apart at its anchors; `duration` in s."""
    blocks = parse(caption)
    ends = [*(float(block.anchor or 0) for block in blocks[1:]), duration][: len(blocks)]
    return [
        Passage(block.anchor, block.lead, sentences(block.text), end) for block, end in zip(blocks, ends, strict=True)
    ]


def whole(parts: Iterable[Passage]) -> str:
    """Put passages together to a caption."""
    return compose(Section(part.anchor, part.text, lead=part.lead) for part in parts)


def sentences(text: str) -> list[str]:
    """Split where a sentence ends outside quotation marks, or with the quotation."""
    masked = list(text)
    for quote in quotations.find(text):
        for place in range(quote.start + 1, quote.end - 1):
            if place < quote.end - 2 or masked[place] not in ".!?…":
                first = place == quote.start + 1 and masked[place].isupper()  # a sentence may begin with a quotation
                masked[place] = "X" if first else "x"
    found, at = [], 0
    for match in SENTENCE.finditer("".join(masked)):
        found.append(text[at : match.end()].strip())
        at = match.end()
    return [sentence for sentence in [*found, text[at:].strip()] if sentence]


@lru_cache(8192)
def quotes(text: str, claims: str = "") -> tuple[str, ...]:
    """Give what a text quotes; with `claims`, only what it says to be that."""
    return tuple(quote.text for quote in quotations.find(text) if not claims or quote.claims == claims)


# --- facts in a text ---------------------------------------------------------------------------------------------


def where(fact: Fact, sentence: str) -> tuple[int, int] | None:
    """The characters of the sentence that say the fact in its own words."""
    if squash(fact.text) not in squash(sentence):
        return None
    pattern = r"\s+".join(re.escape(word) for word in fact.text.split())
    match = re.search(rf"(?<!\w){pattern}(?!\w)", sentence, re.IGNORECASE)
    return match.span() if match else None


def covers(text: str, fact: Fact) -> bool:
    """Whether a text says a fact: its words, or, of a fact that quotes, everything that it quotes."""
    spelled = squash(text)
    if squash(fact.text) in spelled:
        return True
    wanted = [squash(quote) for quote in quotes(fact.text)]
    if not wanted or fact.attribute not in ("speech", "objects"):
        return False
    given = squash(" ".join(quotes(text))) if fact.attribute == "speech" else spelled
    return all(len(given) >= 0.8 * len(one) and fuzz.partial_ratio(one, given) >= SAID for one in wanted)


def covered(fact: Fact, parts: Sequence[Passage]) -> bool:
    """Whether the passages at a fact's time tell it."""
    near = [part.text for part in parts if part.holds(fact)]
    return covers(" ".join(near), fact)


def matched(sentence: str, facts: Iterable[Fact]) -> list[tuple[Fact, tuple[int, int]]]:
    """Facts that a sentence says, by place, none over another; of two at one place the longer one."""
    spans = [(fact, span) for fact in facts if (span := where(fact, sentence))]
    kept: list[tuple[Fact, tuple[int, int]]] = []
    for fact, span in sorted(spans, key=lambda one: (one[1][0] - one[1][1], one[1][0])):
        if all(span[1] <= other[0] or span[0] >= other[1] for _, other in kept):
            kept.append((fact, span))
    return sorted(kept, key=lambda one: one[1])


def loose(sentence: str, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What remains of a sentence beside the taken parts, without the words that only join."""
    at = 0
    for start, end in [*taken, (len(sentence), len(sentence))]:
        rest = sentence[at:start]
        head = match.end() if (match := LEADING.match(rest)) else 0
        tail = match.start() if (match := TRAILING.search(rest)) else len(rest)
        if head < tail and len(squash(rest[head:tail])) > 2:
            yield at + head, at + tail
        at = end


def cut_out(sentence: str, start: int, end: int) -> str:
    """The sentence without a part, and without the joint that held it; "" when nothing remains."""
    head, tail = sentence[:start], sentence[end:]
    if squash(head):
        head = re.sub(rf"{JOINT}\s*$", "", head, flags=re.IGNORECASE).rstrip()
    else:
        tail = re.sub(rf"^\s*{JOINT}\s*", "", tail, flags=re.IGNORECASE)
        head = ""
    if not squash(LEADING.sub("", head) + tail):
        return ""
    left = head + tail if tail[:1] in ",;.!?" else f"{head} {tail}".strip()
    return left if head else left.lstrip(" ,;.")

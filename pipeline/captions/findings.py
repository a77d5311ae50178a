"""Which findings of an audit a mended caption has done away with: each fix clears one finding, and none whose faulty
words still stand where they stood, between the same two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from asid.pipeline.captions.anchors import parse
from asid.pipeline.captions.text import WORD, squash

LEAST = 4  # letters of a word by which something that was missing is known again
NEIGHBOURS = 1  # words on either side of faulty ones, by a change of which these may be mended
TOLD = 0.5  # share of its words that the caption has once it is told

_MARK = r"[\"“”'‘’«»]"
_WORDS = r"(?P<words>[^\"“”«»\n]{1,200}?)"
_WISHES = r"(?:should|must|needs?\sto)\s(?:be|read|say)"
_JOINT = rf"(?:{_WISHES}|instead\sof|rather\sthan|with|by|to)"
_BETWEEN = r"(?:[a-z]+\s){0,2}?"
AS_IT_IS = re.compile(
    rf"(?<!\w){_MARK}{_WORDS}{_MARK}\s{_BETWEEN}{_JOINT}\s{_BETWEEN}{_MARK}(?P=words){_MARK}\W*$", re.IGNORECASE
)
WISHED = re.compile(rf"\b{_WISHES}\s{_MARK}{_WORDS}{_MARK}\W*$", re.IGNORECASE)


def changeless(words: str, why: str = "") -> bool:
    """Whether a finding asks for what stands there already: "'a map' should be 'a map'". `words`: the faulty ones, or
    all that the finding says."""
    for text in (words, why):
        if (found := AS_IT_IS.search(text)) and text.count(found["words"]) == 2:
            return True
    wished = WISHED.search(why)
    return wished is not None and wished["words"].strip() == words.strip()


def mended(wrong: Sequence[tuple[str, str]], fixes: Sequence[str], before: str, after: str) -> tuple[int, ...]:
    """Numbers, from 0, of the errors (faulty words, reason) that are mended, each by a fix of its own."""
    gone = [number for number, (words, _) in enumerate(wrong) if not _stands(words, before, after)]
    return _each_once(gone, [f"{words} {why}" for words, why in wrong], fixes)


def filled(absent: Sequence[str], fills: Sequence[str], before: str, after: str) -> tuple[int, ...]:
    """Numbers of what was missing and is told now, each by a filling of its own."""
    if squash(before) == squash(after):
        return ()
    there = {squash(match[0]) for match in WORD.finditer(after)}
    told = [number for number, what in enumerate(absent) if _told(what, there)]
    return _each_once(told, absent, fills)


def _each_once(numbers: Sequence[int], texts: Sequence[str], claims: Sequence[str]) -> tuple[int, ...]:
    """As many of the findings as there are claims, those first that claims speak of."""
    ranked = sorted(
        ((fuzz.token_set_ratio(texts[number], claim), -number, -at) for number in numbers for at, claim in
         enumerate(claims)),
        reverse=True,
    )  # fmt: skip
    taken: dict[int, int] = {}
    for _, number, at in ranked:
        if -number not in taken and -at not in taken.values():
            taken[-number] = -at
    return tuple(sorted(taken))


def _stands(words: str, before: str, after: str) -> bool:
    """Whether the words are still where they were, between the same neighbours, in each block in which they stood: what
    was wrong may be mended by a word beside them. Words that never stood there say nothing."""
    wanted = _spelled(words)
    if not wanted:
        return False
    old, new = _blocks(before), _blocks(after)
    places = [(anchor, run) for anchor, text in old for run in _among(wanted, text)]
    return bool(places) and all(any(anchor == one and _has(text, run) for one, text in new) for anchor, run in places)


def _blocks(caption: str) -> list[tuple[str, list[str]]]:
    """Anchor and words of each block, between marks of its two ends."""
    found = []
    for block in parse(caption):
        text = caption[block.start_char : block.end_char]
        found.append((f"{block.anchor}", ["<", *_spelled(text), ">"]))
    return found


def _spelled(text: str) -> list[str]:
    return [squash(match[0]) for match in WORD.finditer(text)]


def _among(wanted: Sequence[str], text: Sequence[str]) -> list[list[str]]:
    """Each place of the words, with their neighbours."""
    size = len(wanted)
    starts = [at for at in range(len(text) - size + 1) if list(text[at : at + size]) == list(wanted)]
    return [list(text[max(0, at - NEIGHBOURS) : at + size + NEIGHBOURS]) for at in starts]


def _has(text: Sequence[str], run: Sequence[str]) -> bool:
    return any(list(text[at : at + len(run)]) == list(run) for at in range(len(text) - len(run) + 1))


def _told(what: str, there: set[str]) -> bool:
    wanted = {squash(match[0]) for match in WORD.finditer(what) if len(match[0]) >= LEAST}
    return not wanted or len(wanted & there) >= TOLD * len(wanted)

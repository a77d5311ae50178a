"""Which findings of an audit a mended caption has done away with: each fix clears one finding, and none whose faulty
words still stand where they stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz

from asid.pipeline.captions.anchors import parse
from asid.pipeline.captions.text import WORD, squash

LEAST = 4  # letters of a word by which something that was missing is known again
TOLD = 0.5  # share of its words that the caption has once it is told


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
    """Whether the words are still in each block in which they were, as often. Words that never stood there say
    nothing."""
    spelled = squash(words)
    if not spelled:
        return False
    old, new = _places(spelled, before), _places(spelled, after)
    return bool(old) and not old - new


def _places(spelled: str, caption: str) -> Counter[str]:
    """How often the words stand in the block of each anchor, which findings may quote as well."""
    found: Counter[str] = Counter()
    for block in parse(caption):
        count = squash(caption[block.start_char : block.end_char]).count(spelled)
        if count:
            found[f"{block.anchor}"] += count
    return found


def _told(what: str, there: set[str]) -> bool:
    wanted = {squash(match[0]) for match in WORD.finditer(what) if len(match[0]) >= LEAST}
    return not wanted or len(wanted & there) >= TOLD * len(wanted)

"""Blocks of a caption under refinement: which ones findings name, and the others put back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asid.pipeline.captions import quotes
from asid.pipeline.captions.anchors import Section, parse
from asid.pipeline.captions.text import WORD, snippet, squash
from asid.pipeline.rows import Problem

SECONDS = re.compile(r"(?<![\w.])(\d{1,4}(?:\.\d+)?)\s?(?:s|sec|seconds?)\b|\bsecond\s(\d{1,4})\b", re.IGNORECASE)
LEAST = 4  # letters of a word by which a finding and a block are matched


@dataclass(frozen=True, slots=True)
class NamedBlocks:
    """What a finding speaks of: the words it takes from the caption or wants in it, and its reason."""

    words: str
    why: str = ""


def named(caption: str, findings: Iterable[NamedBlocks]) -> set[int]:
    """Numbers of the blocks that findings name: by the caption's own words, by a second that a block covers, else by
    the block with which they share most words."""
    blocks = parse(caption)
    if len(blocks) < 2:
        return set(range(len(blocks)))
    return {number for finding in findings for number in _places(blocks, finding)}


def _places(blocks: Sequence[Section], finding: NamedBlocks) -> set[int]:
    spelled = squash(finding.words)
    pieces = [spelled, *(squash(quotation.text) for quotation in quotes.find(finding.words))]
    found = {
        number
        for number, block in enumerate(blocks)
        for piece in pieces
        if len(piece) >= LEAST and piece in squash(block.text)
    }
    for match in SECONDS.finditer(f"{finding.words} {finding.why}"):
        found.add(_covering(blocks, float(match[1] or match[2])))
    return found or _closest(blocks, f"{finding.words} {finding.why}")


def _covering(blocks: Sequence[Section], time: float) -> int:
    before = [number for number, block in enumerate(blocks) if float(block.anchor or 0) <= time]
    return before[-1] if before else 0


def _closest(blocks: Sequence[Section], text: str) -> set[int]:
    wanted = _words(text)
    shared = [len(wanted & _words(block.text)) for block in blocks]
    most = max(shared, default=0)
    return {number for number, count in enumerate(shared) if count == most} if most else set()


def _words(text: str) -> set[str]:
    return {squash(match[0]) for match in WORD.finditer(text) if len(match[0]) >= LEAST}


def changed(before: str, after: str, allowed: set[int]) -> list[Problem]:
    """One problem for each block that was changed though no finding names it."""
    old, new = parse(before), parse(after)
    if len(old) != len(new):
        return []
    return [
        Problem(kind="block_unnamed", snippet=snippet(after[two.start_char : two.end_char].strip()), why=_why(one))
        for number, (one, two) in enumerate(zip(old, new, strict=True))
        if number not in allowed and _raw(before, one) != _raw(after, two)
    ]


def _why(block: Section) -> str:
    where = "the beginning" if block.anchor is None else f"the block at {block.anchor:f}s"
    return f"no finding names {where}: it stays letter for letter"


def _raw(caption: str, block: Section) -> str:
    return caption[block.start_char : block.end_char].rstrip()


def restored(before: str, after: str, allowed: set[int]) -> str:
    """The caption as it was, with the changed text of the blocks that findings name."""
    old, new = parse(before), parse(after)
    if len(old) != len(new):
        return after
    kept = [
        _raw(after, two) if number in allowed else _raw(before, one)
        for number, (one, two) in enumerate(zip(old, new, strict=True))
    ]
    return " ".join(part for part in kept if part)

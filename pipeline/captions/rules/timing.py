"""Quoted speech and quoted texts told at another time than theirs."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase, Citation
from asid.pipeline.captions.text import Flaw, squash

DRIFT = 2.0  # s that a reader would notice (ASID's residual deviation)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name quotations that stand at another time than they were said."""
    opened: set[int] = set()
    for citation in case.speech:
        if citation.found and citation.block >= 0:
            if why := _misplaced(case, citation, citation.block not in opened):
                yield Flaw(citation.quotation.start, citation.quotation.end, "quote_time", why)
            opened.add(citation.block)
    yield from _texts(case)


def _misplaced(case: CaptionCase, citation: Citation, first: bool) -> str:
    """Why a quotation cannot stand in its block; "" when it can. What opens a block begins at its anchor; what follows
    may begin at any time until the next one."""
    begin, end = case.paragraph.time_of(citation.block, case.grounds.duration)
    start = citation.place.start
    sentence = case.paragraph.sentence_at(citation.quotation.start)
    if first and sentence is not None and sentence.first and sentence.block == citation.block:
        fits = abs(start - begin) <= DRIFT
    else:
        fits = begin - DRIFT <= start <= end + DRIFT or begin - DRIFT <= citation.place.end <= begin + DRIFT
    return "" if fits else f"said at {start:.1f} s, told at {begin:g} s"


def _texts(case: CaptionCase) -> Iterator[Flaw]:
    """A text that was read on the screen, letter for letter, at no time near its block."""
    for quotation in case.paragraph.quoted:
        spelled = squash(quotation.text)
        if quotation.claims != "screen" or len(spelled) < 4:
            continue
        block = case.paragraph.block_at(quotation.start)
        read = [text for text in case.grounds.legible if squash(text.text) == spelled]
        if block < 0 or not read:
            continue
        begin, end = case.paragraph.time_of(block, case.grounds.duration)
        if not any(begin - DRIFT <= text.end and text.start <= end + DRIFT for text in read):
            why = f"legible from {read[0].start:.1f} s to {read[0].end:.1f} s, told at {begin:g} s"
            yield Flaw(quotation.start, quotation.end, "text_time", why)

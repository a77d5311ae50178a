"""Quotations word for word: what nobody says, and each word that was said otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase, Difference
from asid.pipeline.captions.text import Flaw, squash


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name words of quotations that were not said, or are missing, with their time. What was read on the screen, letter
    for letter, is not held to be speech."""
    read = {squash(one.text) for one in case.grounds.legible}
    for citation in case.speech:
        start, end = citation.quotation.start, citation.quotation.end
        if citation.borne:
            continue
        if not citation.found and squash(citation.quotation.text) not in read:
            why = f"not in the transcript (likeness {citation.place.score:.2f})"
            yield Flaw(start, end, "quote_not_found", why)
        for difference in citation.differences:
            yield Flaw(start, end, "quote_word", told(difference))


def told(difference: Difference) -> str:
    """Say how a quotation differs from what was said."""
    said, heard, at = difference.said, difference.heard, f"at {difference.time:.1f} s"
    if not said:
        return f'"{heard}" is left out {at}'
    if not heard:
        return f'"{said}" is not said {at}'
    return f'"{said}" was said as "{heard}" {at}'

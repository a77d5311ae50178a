"""Words that are said once and quoted again."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.text import Flaw

LEAST = 3  # words: shorter lines recur in any talk


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name quotations that are told more often than they were said."""
    seen: dict[int, float] = {}
    for citation in case.speech:
        if not citation.found:
            continue
        places = range(citation.first, citation.last + 1)
        again = [at for at in places if at in seen]
        if len(again) >= LEAST and len(again) >= 0.8 * len(places):
            why = f"said once, at {case.time(citation.first):.1f} s, and quoted before"
            yield Flaw(citation.quotation.start, citation.quotation.end, "quote_repeated", why)
        seen |= dict.fromkeys(places, 0.0)

"""A caption read once for all rules: its quotations, anchors, blocks and sentences."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from asid.pipeline.captions import anchors, quotes
from asid.pipeline.captions.anchors import Anchor
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.text import TextSpan

TITLES = r"(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)(?<!\bProf)(?<!\bCapt)(?<!\bSgt)"  # before a name
ENDED = re.compile(rf"(?:{TITLES}\.|[!?…。！？])[.!?…。！？]*[\"'”’)»]*(?=\s+[\"“'‘(«]?[A-ZÀ-Þ0-9]|\s*$)")


@dataclass(frozen=True, slots=True)
class CaptionSentence(TextSpan):
    """`block`: the number of the anchor it follows, from 0; -1 before the first. `first`: it follows it at once."""

    text: str
    block: int
    first: bool


class Paragraph:
    """One caption, with the places of what stands in it."""

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def quoted(self) -> list[Quotation]:
        return quotes.find(self.text)

    @cached_property
    def anchors(self) -> list[Anchor]:
        return anchors.find(self.text, self.quoted)

    @cached_property
    def _starts(self) -> list[int]:
        return [anchor.start for anchor in self.anchors]

    def block_at(self, place: int) -> int:
        """The number of the last anchor that begins at or before a character; -1 when none does."""
        return bisect_right(self._starts, place) - 1

    def time_of(self, block: int, duration: float) -> tuple[float, float]:
        """When a block begins and when the next one does, in seconds; the whole clip before the first anchor."""
        if block < 0:
            return 0.0, duration
        begin = float(self.anchors[block].time)
        end = float(self.anchors[block + 1].time) if block + 1 < len(self.anchors) else max(duration, begin)
        return begin, max(begin, end)

    @cached_property
    def masked(self) -> str:
        """The caption with quoted characters made into "x", but for the sign that ends a quotation: same length."""
        return mask(self.text, self.quoted)

    @cached_property
    def sentences(self) -> list[CaptionSentence]:
        edges = sorted({0, *self._starts, *(anchor.end for anchor in self.anchors), len(self.text)})
        ends = [match.end() for match in ENDED.finditer(self.masked)]
        found: list[CaptionSentence] = []
        firsts = {anchor.end for anchor in self.anchors}
        begins = set(self._starts)
        for start, end in itertools.pairwise(edges):
            if start in begins and end in firsts:
                continue  # the anchor itself
            at, first = start, start in firsts
            for cut in [*ends[bisect_right(ends, start) : bisect_left(ends, end)], end]:
                text = self.text[at:cut]
                if text.strip():
                    lead = len(text) - len(text.lstrip())
                    found.append(CaptionSentence(at + lead, cut, text.strip(), self.block_at(at), first))
                    first = False
                at = cut
        return found

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    @cached_property
    def _quote_starts(self) -> list[int]:
        return [quotation.start for quotation in self.quoted]

    def ahead(self, quotation: Quotation) -> tuple[int, str]:
        """What stands before a quotation in its sentence, from the quotation before it on: where it begins, and the
        masked text."""
        sentence = self.sentence_at(quotation.start)
        start = sentence.start if sentence else 0
        before = bisect_left(self._quote_starts, quotation.start) - 1
        if before >= 0:
            start = max(start, self.quoted[before].end)
        return start, self.masked[start : quotation.start]

    def sentence_at(self, place: int) -> CaptionSentence | None:
        """The sentence that a character stands in."""
        at = bisect_right(self._sentence_starts, place) - 1
        return self.sentences[at] if at >= 0 and place < self.sentences[at].end else None


def mask(text: str, spans: Sequence[TextSpan]) -> str:
    """The text with what stands within the marks of `spans` made into "x", but for a sign that ends a sentence."""
    masked = list(text)
    for span in spans:
        for place in range(span.start + 1, span.end - 1):
            if place < span.end - 2 or masked[place] not in ".!?…":
                masked[place] = "x"
    return "".join(masked)

"""Repetition collapse: a model that fell into a loop. Found in one pass, whatever the period of the loop."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from asid.pipeline.captions import anchors
from asid.pipeline.captions.spoken import ORDINALS, UNITS
from asid.pipeline.captions.text import CLOSERS, SENTENCE_END, Flaw, TextSpan, outside, snippet

Token = tuple[int, int, str]  # start, end, the text without case

GRAM = 3  # tokens that must recur for a loop to be suspected
TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")
SAME = re.compile(r"([^\W\d_])\1{11,}|([^\w\s]|_)\2{15,}")
DIGITS = re.compile(r"(?<!\d)(\d)\1{15,}+(?!\d*s\b)")  # a number that ran away; a trillion has twelve zeros
COUNT = re.compile(r"(\d{1,6})(?:st|nd|rd|th)?|" + "|".join((*UNITS, *ORDINALS)))
COUNTED = 8  # numbers that follow upon one another with nothing or little in between; half as many whole sentences
GLUED = 30  # characters without a space or sign among which a loop is sought letter by letter
MONOTONY = 6  # anchors in a row at which the same is told
ANCHOR = "\x00"  # stands for any anchor, so that "At 5s, he walks. At 6s, he walks." is seen as a loop


@dataclass(frozen=True, slots=True)
class Loop:
    """Items `start` to `end` repeat with `period`; the last repeat may be cut short."""

    start: int
    end: int
    period: int

    @property
    def copies(self) -> int:
        """How often the phrase stands there."""
        return (self.end - self.start) // self.period


def loops(items: Sequence[Hashable]) -> Iterator[Loop]:
    """Stretches where each item equals the one a period before, at least GRAM items long. Each item is looked at once:
    the period is the distance to where the same three items last stood, and is kept while it holds."""
    last: dict[tuple[Hashable, ...], int] = {}
    period = begin = 0
    for place in range(len(items)):
        if period and items[place] != items[place - period]:
            yield Loop(begin, place, period)
            period = 0
        if place >= GRAM - 1:
            gram = tuple(items[place - GRAM + 1 : place + 1])
            if not period and gram in last:
                period = place - last[gram]
                begin = place - GRAM + 1 - period
            last[gram] = place
    if period:
        yield Loop(begin, len(items), period)


def rate(text: str) -> float:
    """Share of runs of four words that stood in the text before: 0 when nothing recurs."""
    tokens = [token.casefold() for token in re.findall(r"\w+", text)]
    grams = [tuple(tokens[at : at + 4]) for at in range(len(tokens) - 3)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def flaws(caption: str, quoted: Sequence[TextSpan]) -> list[Flaw]:
    """Loops outside quotations. One that repeats to the letter is mended: the first copy stays, whole copies go, and a
    broken-off copy at the very end. One that counts its anchors up is reported only, as monotony: it may be so."""
    tokens = [(match.start(), match.end(), match[0].casefold()) for match in TOKEN.finditer(caption)]
    found = [*_token_loops(tokens), *map(_same, SAME.finditer(caption)), *_glued_loops(tokens)]
    found += [Flaw(*match.span(), "repetition", "one digit over and over") for match in DIGITS.finditer(caption)]
    found = _uncut(found, quoted)
    found += outside(_counting_loops(caption, tokens, quoted), found)
    return found + outside(outside(_counts(tokens), quoted), found)


def _uncut(flaws: Sequence[Flaw], quoted: Sequence[TextSpan]) -> list[Flaw]:
    """The flaws that are not a quotation's own, in order, none over another. Where mending one would cut a quotation in
    two, it stays unmended."""
    starts = [span.start for span in quoted]

    def around(place: int) -> TextSpan | None:
        """The quotation that a cut at `place` would go through."""
        at = bisect_left(starts, place) - 1
        return quoted[at] if at >= 0 and quoted[at].start < place < quoted[at].end else None

    kept: list[Flaw] = []
    for flaw in sorted(flaws, key=lambda flaw: (flaw.start, -flaw.end)):
        opening, closing = around(flaw.start), around(flaw.end)
        if opening is not None and opening == closing:
            continue  # said, or written on the screen, that way
        if not kept or flaw.start >= kept[-1].end:
            kept.append(flaw if opening is closing is None else replace(flaw, mended=None))
    return kept


def _token_loops(tokens: Sequence[Token]) -> Iterator[Flaw]:
    for loop in loops([token for _, _, token in tokens]):
        whole = [token for _, _, token in tokens[loop.start : loop.start + loop.period]]
        if loop.copies < _enough(whole, loop, tokens):
            continue
        kept = tokens[loop.start + loop.period - 1][1]
        end = tokens[_last(loop, len(tokens)) - 1][1]
        yield Flaw(kept, end, "repetition", f"{loop.copies} times in a row: {snippet(' '.join(whole))}", "")


def _last(loop: Loop, size: int) -> int:
    """Where the copies end: at the end of the text with the one that was broken off, else without it."""
    return loop.end if loop.end == size else loop.start + loop.copies * loop.period


def _enough(copy: Sequence[str], loop: Loop, tokens: Sequence[Token]) -> int:
    """How many copies in a row nobody writes on purpose."""
    if loop.period == 1:
        return 6
    if loop.period < 4:
        return 5
    full_stop = copy[-1].rstrip(CLOSERS)[-1:]
    sentence = full_stop != "" and full_stop in SENTENCE_END
    sentence = sentence and (loop.start == 0 or not tokens[loop.start - 1][2][-1].isalnum())
    if loop.period >= 12 or sentence:
        return 2
    return 5 if loop.period == 4 else 3


def _same(match: re.Match[str]) -> Flaw:
    return Flaw(match.start() + 1, match.end(), "repetition", "one character over and over", "")


def _glued_loops(tokens: Sequence[Token]) -> Iterator[Flaw]:
    """Loops within one unbroken run of letters: "hahahaha…", or a script without spaces."""
    for start, end, token in tokens:
        if end - start < GLUED or len(token) != end - start:
            continue
        for loop in loops(token):
            if loop.period > 1 and loop.copies >= 4 and loop.end - loop.start >= GLUED // 2:
                last = _last(loop, len(token))
                why = f"{loop.copies} times in a row: {snippet(token[loop.start : loop.start + loop.period])}"
                yield Flaw(start + loop.start + loop.period, start + last, "repetition", why, "")


def _counting_loops(caption: str, tokens: Sequence[Token], quoted: Sequence[TextSpan]) -> Iterator[Flaw]:
    """The same told at one anchor after the other."""
    spans = iter(anchors.find(caption, quoted))
    span = next(spans, None)
    masked: list[Token] = []
    for token in tokens:
        while span is not None and span.end <= token[0]:
            span = next(spans, None)
        if span is None or token[0] < span.start:
            masked.append(token)
        elif not masked or masked[-1] != (span.start, span.end, ANCHOR):
            masked.append((span.start, span.end, ANCHOR))
    for loop in loops([token for _, _, token in masked]):
        copy = [token for _, _, token in masked[loop.start : loop.start + loop.period]]
        if ANCHOR in copy and loop.copies >= MONOTONY and len(copy) >= 5:
            start, end = masked[loop.start][0], masked[loop.end - 1][1]
            yield Flaw(start, end, "monotony", f"the same is told at {loop.copies} anchors in a row")


def _counts(tokens: Sequence[Token]) -> Iterator[Flaw]:
    """A count that does not end: the same words with one number after the other."""
    numbers = [_counted(token) for _, _, token in tokens]
    masked = [ANCHOR if number is not None else token for number, (_, _, token) in zip(numbers, tokens, strict=True)]
    for loop in loops(masked):
        run = [number for number in numbers[loop.start : loop.end] if number is not None]
        enough = COUNTED if loop.period <= 4 else COUNTED // 2
        ups = sum(later - sooner == 1 for sooner, later in pairwise(run))
        if loop.copies >= enough and ups >= loop.copies - 2:
            start, end = tokens[loop.start][0], tokens[loop.end - 1][1]
            yield Flaw(start, end, "repetition", f"it counts on and on, from {run[0]} to {run[-1]}")


def _counted(token: str) -> int | None:
    match = COUNT.fullmatch(token)
    if match is None:
        return None
    return int(match[1]) if match[1] else UNITS.get(token, ORDINALS.get(token))

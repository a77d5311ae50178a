"""Anchors, "At 12s,", and the blocks of a caption that they open.

The form is strict: "At", whole seconds or one decimal, "s", a comma ("at 12s" within a sentence needs none). What
models write instead is recognised as well, so that it can be named, and set right where there is only one way to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from asid.pipeline.captions import quotes
from asid.pipeline.captions.text import Flaw, Style, TextSpan, outside, starts_clause, starts_sentence

_UNIT = r"(?:[ \u00a0]?|-)(?:s|secs?|seconds?)(?!\w)"
_NUMBER = r"[-−–]?[ ]?\d{1,18}(?:[.,]\d{1,18})?"
_CLOCK = r"\d{1,3}:[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,3})?(?![:\d])"
_TO = r"(?:[ ]{0,2}[-–—~〜][ ]{0,2}|[ ]{1,2}(?:to|until|till|through)[ ]{1,2})"
_RANGE = (
    rf"(?P<a>{_NUMBER})(?P<u>{_UNIT})?{_TO}(?P<b>{_NUMBER}){_UNIT}|"
    rf"(?P<c>{_CLOCK})s?{_TO}(?P<d>{_CLOCK})s?"
)
_TIME = rf"(?:{_RANGE}|(?P<n>{_NUMBER}){_UNIT}|(?P<t>{_CLOCK})s?(?!\s?[ap]\.?m\b))"
_STOP = r"(?P<stop>[ ]{0,2}[,，、:：](?!\d)|[ ]{1,2}[-–—](?=\s))?"
_HEDGE = r"(?P<hedge>(?:the|exactly|around|about|approximately|roughly|t[ ]?=)[ ]?)?"
_BETWEEN = rf"between[ ]{{1,2}}(?P<a>{_NUMBER})(?:{_UNIT})?[ ]and[ ](?P<b>{_NUMBER}){_UNIT}"
LED = re.compile(
    rf"(?<!\w)(?P<lead>at|around|from|by|near)\s{{1,4}}{_HEDGE}{_TIME}(?P<mark>[ ]mark\b)?{_STOP}", re.IGNORECASE
)
BETWEEN = re.compile(rf"(?<!\w){_BETWEEN}{_STOP}", re.IGNORECASE)
BRACKETED = re.compile(
    rf"(?P<open>[\[(（【])[ ]{{0,2}}(?P<lead>at[ ]{{1,2}})?{_TIME}[ ]{{0,2}}[\])）】]{_STOP}", re.IGNORECASE
)
STAMPED = re.compile(rf"^[ \t]{{0,4}}(?:[-*•][ ])?(?P<stamp>{_TIME}[ ]{{0,2}}(?:[:：]|[-–—|](?=\s)))", re.MULTILINE)
GOOD = re.compile(r"(?:At (?:0|[1-9][0-9]*)(?:\.[0-9])?s,|at (?:0|[1-9][0-9]*)(?:\.[0-9])?s,?)")
JOINS = re.compile(r"\s+(?:into|in|of|and|or|to|until|through|mark)\b", re.IGNORECASE)
DECADE = re.compile(r"at (?:1[6-9]|20)\d0s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Anchor(TextSpan):
    """One time in a caption, with its comma. `until`: the end of a range. `sure`: only its form can be amiss. `clock`:
    written as 1:05. `stopped`: a comma, or what stands for one, ends it."""

    text: str
    time: Decimal  # s
    until: Decimal | None
    sure: bool
    clock: bool
    stopped: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What a caption tells from one anchor to the next. The text before the first anchor has none. `lead`: the anchor
    as it is written, "" for the standard form."""

    anchor: Decimal | None  # s
    text: str
    start_char: int = 0
    end_char: int = 0
    lead: str = ""


def at(time: Decimal | float) -> str:
    """An anchor in the standard form, with one decimal at most."""
    return f"At {_spelled(Decimal(str(time)), 'decimal')}s,"


def parse(caption: str) -> list[Section]:
    """The blocks of a caption in the order in which they stand, whatever their times. Times within quotation marks are
    somebody's words, not anchors. Any text has blocks; one without anchors has one, without letters none."""
    found = find(caption)
    edges = [*(anchor.start for anchor in found), len(caption)]
    head = caption[: edges[0]].strip()
    blocks = [Section(None, head, 0, edges[0])] if head else []
    for anchor, end in zip(found, edges[1:], strict=True):
        blocks.append(Section(anchor.time, caption[anchor.end : end].strip(), anchor.start, end, anchor.text))
    return blocks


def compose(blocks: Iterable[Section]) -> str:
    """The caption of these blocks, in their order. An anchor keeps its spelling as long as it still says its time."""
    parts: list[str] = []
    for block in blocks:
        if block.anchor is not None:
            kept = block.lead if [anchor.time for anchor in find(f"{block.lead} ")] == [block.anchor] else ""
            parts.append(kept or at(block.anchor))
        parts.append(block.text)
    return " ".join(part for part in parts if part)


def times(caption: str) -> tuple[Decimal, ...]:
    """The times of its anchors, in the order in which they stand."""
    return tuple(anchor.time for anchor in find(caption))


def same_blocks(before: str, after: str) -> bool:
    """Whether both have the same anchors in the same order, however they are spelled."""
    return [(anchor.time, anchor.until) for anchor in find(before)] == [
        (anchor.time, anchor.until) for anchor in find(after)
    ]


def find(caption: str, quoted: Sequence[TextSpan] | None = None) -> list[Anchor]:
    """Every anchor, well formed or not, outside quotation marks (`quoted`, where they are known already)."""
    found: list[Anchor] = []
    for anchor in sorted(_candidates(caption), key=lambda anchor: (anchor.start, -anchor.end)):
        if not found or anchor.start >= found[-1].end:
            found.append(anchor)
    return outside(found, quotes.find(caption) if quoted is None else quoted)


def _candidates(caption: str) -> Iterator[Anchor]:
    for match in LED.finditer(caption):
        lead, clock = match["lead"].lower(), match["t"] is not None
        if DECADE.fullmatch(match[0]) or ((clock or lead != "at") and not _leads(caption, match, lead)):
            continue
        sure = lead == "at" and (match["hedge"] or "").strip().lower() in ("", "the", "exactly")
        yield _anchor(match, match.span(), sure)
    for match in BETWEEN.finditer(caption):
        if starts_clause(caption, match.start()):
            yield _anchor(match, match.span(), False)
    for match in BRACKETED.finditer(caption):
        square = match["open"] in "[【" and (match["t"] or match["c"] or match["n"] or match["a"])
        if match["lead"] or square or starts_clause(caption, match.start()):
            yield _anchor(match, match.span(), True)
    for match in STAMPED.finditer(caption):
        yield _anchor(match, match.span("stamp"), True)


def _leads(caption: str, match: re.Match[str], lead: str) -> bool:
    """Whether "from 3s to 5s" or "around 5s" says when, not how long: with two units it does, or in a new clause."""
    ranged = match["c"] is not None or (lead == "from" and match["u"] is not None)
    return ranged or starts_clause(caption, match.start())


def _anchor(match: re.Match[str], span: tuple[int, int], sure: bool) -> Anchor:
    groups = match.groupdict()
    first = next(value for value in (groups.get(name) for name in "acnt") if value)
    second = groups.get("b") or groups.get("d")
    text = match.string[slice(*span)]
    clock = groups.get("c") is not None or groups.get("t") is not None
    until = None if second is None else _seconds(second)
    stopped = bool(groups.get("stop")) or "stamp" in groups
    return Anchor(*span, text, _seconds(first), until, sure and until is None, clock, stopped)


def _seconds(written: str) -> Decimal:
    """Seconds of "12", "12,5", "- 3", "1:05" or "1:02:03", in digits of any script."""
    total = Decimal(0)
    for part in written.replace(",", ".").replace("−", "-").replace("–", "-").replace(" ", "").split(":"):
        total = total * 60 + Decimal(part)
    return total


def _spelled(time: Decimal, style: Style) -> str:
    step = Decimal("1") if style == "integer" else Decimal("0.1")
    return f"{time.quantize(step, ROUND_HALF_UP):f}".removesuffix(".0")


# --- what is wrong with them -------------------------------------------------------------------------------------


def flaws(caption: str, duration: float, style: Style, quoted: Sequence[TextSpan]) -> list[Flaw]:
    """What is wrong with the anchors of a caption for a clip of `duration` seconds, and what is certain to mend it."""
    found = find(caption, quoted)
    wrong = [flaw for anchor in found if (flaw := _form(caption, anchor, duration, style))]
    slack = Decimal("0.5") if style == "integer" else Decimal("0.05")  # a rounded time may lie that far beyond the end
    last = Decimal(str(duration)) + slack
    for anchor in found:
        ends = (anchor.time,) if anchor.until is None else (anchor.time, anchor.until)
        if any(time < 0 or time > last for time in ends):
            wrong.append(_flaw(anchor, "anchor_range", f"the clip goes from 0 s to {duration:.2f} s"))
    for sooner, later in pairwise(found):
        if later.time < sooner.time:
            wrong.append(_flaw(later, "anchor_order", f"stands after {_spelled(sooner.time, 'decimal')}s"))
        elif later.time == sooner.time:
            wrong.append(_duplicate(caption, sooner, later))
    ends_at = [*(anchor.start for anchor in found), len(caption)][1:]
    for anchor, end in zip(found, ends_at, strict=False):
        opens = anchor.until is None and (anchor.stopped or anchor.text[0] == "A")  # "he waves at 5s." needs no more
        if opens and not any(char.isalnum() for char in caption[anchor.end : end]):
            wrong.append(_flaw(anchor, "anchor_empty", "nothing is told of this moment"))
    return wrong


def _flaw(anchor: Anchor, kind: str, why: str, mended: str | None = None) -> Flaw:
    return Flaw(anchor.start, anchor.end, kind, why, mended)


def _form(caption: str, anchor: Anchor, duration: float, style: Style) -> Flaw | None:
    if anchor.until is not None:
        return _flaw(anchor, "anchor_span", "an anchor is one moment, not a range")
    sentence = starts_sentence(caption, anchor.start)
    glued = caption[anchor.start - 1 : anchor.start].strip(" \n([{（\"'“‘—–-/") != "" and anchor.start > 0
    tight = anchor.text.endswith(",") and caption[anchor.end : anchor.end + 1].isalnum()
    good = GOOD.fullmatch(anchor.text) and not glued and not tight and not (sentence and anchor.text[0] == "a")
    whole = anchor.time == anchor.time.to_integral_value()
    if anchor.time < 0 or (good and (whole or style == "decimal")):
        return None
    mended = _standard(caption, anchor, duration, style, sentence)
    if mended is not None:
        mended = " " * glued + mended + " " * (mended.endswith(",") and caption[anchor.end : anchor.end + 1].isalnum())
    if good:
        return _flaw(anchor, "anchor_decimal", "whole seconds are asked for", mended)
    return _flaw(anchor, "anchor_form", 'the form is "At 12s,"', mended)


def _standard(caption: str, anchor: Anchor, duration: float, style: Style, sentence: bool) -> str | None:
    """The anchor in the standard form; None where more than its form would change."""
    if not anchor.sure or (anchor.clock and anchor.time > Decimal(str(duration))):
        return None
    opening = sentence or anchor.text[0] == "A"
    comma = anchor.stopped
    if opening and not comma:
        rest = caption[anchor.end : anchor.end + 24]
        if JOINS.match(rest) or not re.match(r"\s*[\w\"'“‘「«(]", rest):
            return None
        comma = True
    return f"{'At' if opening else 'at'} {_spelled(anchor.time, style)}s{',' if comma else ''}"


def _duplicate(caption: str, sooner: Anchor, later: Anchor) -> Flaw:
    """The same time again, with nothing in between: the second anchor goes, its text joins the block before."""
    why = f"{_spelled(later.time, 'decimal')}s is anchored already"
    if not (GOOD.fullmatch(sooner.text) and GOOD.fullmatch(later.text)):
        return _flaw(later, "anchor_duplicate", why)
    space = re.compile(r"\s*").match(caption, later.end)
    end = space.end() if space else later.end
    first = caption[end : end + 1]
    if later.text[0] == "A" and first.islower():
        return Flaw(later.start, end + 1, "anchor_duplicate", why, first.upper())
    return Flaw(later.start, end, "anchor_duplicate", why, "")

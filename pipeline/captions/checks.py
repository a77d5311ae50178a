"""Everything that code can find wrong with a caption, as flaws with places and as problems for rows and prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from asid.pipeline.captions import anchors, leaks, quotes, repetition, symbols
from asid.pipeline.captions.anchors import Anchor, Style
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.speech import FOUND, Place, SpokenWords, quote
from asid.pipeline.captions.text import Flaw, snippet
from asid.pipeline.rows import Problem, Quote, Utterance

LONGEST = 16_384  # characters, about 4096 tokens: there AVoCaDO's length reward has fallen to nothing
DRIFT = 2.0  # s between a quotation and its block that a reader would notice (ASID's residual deviation)
SHOWN = 8  # problems of one kind that are listed; the rest is counted
MIXED = 0.25  # share of a quotation that belongs to a second speaker


def check(
    caption: str,
    duration: float,
    utterances: Sequence[Utterance],
    source_names: Iterable[str] = (),
    style: Style = "decimal",
    *,
    anchored: bool = True,
    found: float = FOUND,
) -> list[Problem]:
    """What is wrong with a caption of a clip of `duration` seconds in which `utterances` are heard; [] says: nothing.

    `source_names` are the annotators and models that it must not name. `anchored` says that it must have anchors, which
    the caption of one attribute need not. `found` is the similarity from which a quotation counts as said.
    """
    if not any(char.isalnum() for char in caption):
        return [Problem(kind="empty", snippet=snippet(caption), why="there is no text")]
    quoted = quotes.find(caption)
    wrong = flaws(caption, duration, style, quoted)
    wrong += leaks.flaws(caption, source_names, quoted)
    wrong += _speech(caption, duration, SpokenWords(utterances), quoted, found)
    if len(caption) > LONGEST:
        wrong.append(Flaw(0, len(caption), "too_long", f"{len(caption)} characters, the most is {LONGEST}"))
    if anchored and not anchors.find(caption, quoted):
        wrong.append(Flaw(0, len(caption), "anchor_missing", 'no moment is anchored with "At 12s,"'))
    return _problems(caption, wrong)


def flaws(caption: str, duration: float, style: Style, quoted: Sequence[Quotation]) -> list[Flaw]:
    """What is wrong with the form, in order of place: all that `mend` mends is among it."""
    wrong = symbols.invisible(caption) + symbols.spacing(caption) + symbols.markup(caption, quoted)
    wrong += repetition.flaws(caption, quoted) + anchors.flaws(caption, duration, style, quoted)
    return sorted(wrong, key=lambda flaw: (flaw.start, flaw.end))


def find_quotes(caption: str, utterances: Sequence[Utterance], found: float = FOUND) -> list[Quote]:
    """The quoted speech of a caption, in order, with its time and speaker where the transcript has it. What is quoted
    from the screen, or only set off by marks, is left out unless it was said as well."""
    quoted = quotes.find(caption)
    transcript = SpokenWords(utterances)
    located = _located(caption, transcript, quoted, found)
    return [quote(quotation.text, place, found) for quotation, place, _ in located]


def _located(
    caption: str, transcript: SpokenWords, quoted: Sequence[Quotation], found: float
) -> list[tuple[Quotation, Place, int]]:
    """Quotations that are speech, with their place and the number of anchors that stand before them."""
    starts = anchors.find(caption, quoted)
    located, block = [], 0
    for quotation in quoted:
        while block < len(starts) and starts[block].end <= quotation.start:
            block += 1
        near = float(starts[block - 1].time) if block else None
        place = transcript.locate(quotation.text, near)
        if quotation.claims == "speech" or place.score >= found:
            located.append((quotation, place, block))
    return located


def _speech(
    caption: str, duration: float, transcript: SpokenWords, quoted: Sequence[Quotation], found: float
) -> list[Flaw]:
    """Quotations that nobody says, that two people say, or that stand in the wrong block."""
    starts = anchors.find(caption, quoted)
    wrong = []
    for quotation, place, block in _located(caption, transcript, quoted, found):
        if quotation.claims == "screen":  # what is written may be read out at another time, by anybody
            continue
        if place.score < found:
            why = f"not in the transcript (likeness {place.score:.2f})"
            wrong.append(Flaw(quotation.start, quotation.end, "quote_not_found", why))
            continue
        if len(place.speakers) > 1 and place.speakers[1][1] >= MIXED:
            who = " and ".join(name or "somebody unknown" for name, _ in place.speakers[:2])
            wrong.append(Flaw(quotation.start, quotation.end, "quote_speakers", f"said by {who}, quoted as one"))
        if block and (why := _misplaced(place, starts, block, duration)):
            wrong.append(Flaw(quotation.start, quotation.end, "quote_time", why))
    return wrong


def _misplaced(place: Place, starts: Sequence[Anchor], block: int, duration: float) -> str:
    """Why a quotation cannot stand after the anchor `block - 1`; "" when it can."""
    begin = float(starts[block - 1].time)
    end = float(starts[block].time) if block < len(starts) else max(duration, begin)
    if begin - DRIFT <= place.start <= max(begin, end) + DRIFT or begin - DRIFT <= place.end <= begin + DRIFT:
        return ""
    return f"said at {place.start:.1f} s, told at {begin:g} s"


def _problems(caption: str, wrong: Iterable[Flaw]) -> list[Problem]:
    counts: Counter[str] = Counter()
    listed = []
    for flaw in sorted(wrong, key=lambda flaw: (flaw.start, flaw.end)):
        counts[flaw.kind] += 1
        if counts[flaw.kind] <= SHOWN:
            listed.append(Problem(kind=flaw.kind, snippet=snippet(caption[flaw.start : flaw.end]), why=flaw.why))
    more = {kind: count - SHOWN for kind, count in counts.items() if count > SHOWN}
    return listed + [Problem(kind=kind, snippet="", why=f"{count} more of these") for kind, count in more.items()]

"""Coverage of the transcript: lines that no quotation has, and quotations that stop before their line does."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase, Citation
from asid.pipeline.captions.text import Flaw

FRAGMENT = 3  # spoken words from which a line of the transcript is more than a fragment
EDGE = 2  # words at the clip's boundary that may be halves of what is said across it
TOLD = 0.5  # share of a line that is quoted, below which the line counts as missing


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name lines of speech that the caption leaves out."""
    covered = [False] * len(case.heard)
    for citation in case.speech:
        if citation.found:
            for at in range(citation.first, citation.last + 1):
                covered[at] = True
    by_line: dict[int, list[int]] = {}
    for at, line in enumerate(case.lines):
        if not case.heard[at].silent:
            by_line.setdefault(line, []).append(at)
    for line, places in by_line.items():
        left = [at for at in places if not covered[at]]
        edge = EDGE if case.grounds.utterances[line].cut else 0
        if not left or len(left) <= edge:
            continue
        near = [one for one in case.speech if one.found and one.first <= places[-1] and one.last >= places[0]]
        if not near or (len(left) > (1 - TOLD) * len(places) and len(places) - len(left) < FRAGMENT):
            if len(places) >= FRAGMENT and not (edge and len(places) < 2 * FRAGMENT):
                yield _missing(case, line)
            continue
        for run in _runs(left):
            yield _short(case, near, run)


def told(case: CaptionCase) -> tuple[int, int]:
    """How many of the transcript's lines, fragments apart, are told, and how many there are."""
    flaws = list(find(case)) if case.grounds.utterances else []
    sizes: dict[int, int] = {}
    for token, line in zip(case.heard, case.lines, strict=True):
        sizes[line] = sizes.get(line, 0) + (not token.silent)
    count = sum(size >= FRAGMENT for size in sizes.values())
    return max(0, count - sum(flaw.kind == "line_missing" for flaw in flaws)), count


def _missing(case: CaptionCase, line: int) -> Flaw:
    said = case.grounds.utterances[line]
    text = said.text if len(said.text) <= 160 else f"{said.text[:159]}…"
    place = _place(case, said.start)
    return Flaw(place, place, "line_missing", f'the line at {said.start:.1f} s is missing: "{text}"')


def _short(case: CaptionCase, near: list[Citation], run: list[int]) -> Flaw:
    closest = min(near, key=lambda one: min(abs(one.first - run[-1]), abs(one.last - run[0])))
    words = " ".join(case.heard[at].shown for at in run if case.heard[at].shown)
    why = f'cut short: "{words}" at {case.time(run[0]):.1f} s belongs to it'
    return Flaw(closest.quotation.start, closest.quotation.end, "quote_short", why)


def _runs(places: list[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for at in places:
        if run and at != run[-1] + 1:
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _place(case: CaptionCase, time: float) -> int:
    """The character of the caption before which something of that time would be told."""
    anchors = case.paragraph.anchors
    return next((anchor.start for anchor in anchors if float(anchor.time) > time), len(case.caption))

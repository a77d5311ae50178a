"""Everything that code can find wrong with a caption, as flaws with places and as problems for rows and prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from asid.pipeline.captions import anchors, leaks, repetition, rules, symbols
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Grounds
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.speech import quote
from asid.pipeline.captions.text import FOUND, Flaw, Style, snippet
from asid.pipeline.rows import Problem, Quote, Utterance

LONGEST = 16_384  # characters, about 4096 tokens: there AVoCaDO's length reward has fallen to nothing
SHOWN = 8  # problems of one kind that are listed; the rest is counted


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
    known = Grounds(duration, utterances=tuple(utterances), sources=frozenset(source_names))
    return examine(caption, known, style, anchored=anchored, whole=False, found=found)


def examine(
    caption: str,
    grounds: Grounds,
    style: Style = "decimal",
    *,
    anchored: bool = True,
    whole: bool = True,
    found: float = FOUND,
) -> list[Problem]:
    """What is wrong with a caption by everything that is known of its clip; [] says: nothing.

    `anchored`: it must have anchors. `whole`: it must tell every line of speech, which the caption of one attribute
    need not.
    """
    if not any(char.isalnum() for char in caption):
        return [Problem(kind="empty", snippet=snippet(caption), why="there is no text")]
    case = CaptionCase(caption, grounds, found)
    quoted = case.paragraph.quoted
    wrong = flaws(caption, grounds.duration, style, quoted)
    wrong += leaks.flaws(caption, grounds.sources, quoted)
    wrong += rules.find(case, whole=whole)
    if len(caption) > LONGEST:
        wrong.append(Flaw(0, len(caption), "too_long", f"{len(caption)} characters, the most is {LONGEST}"))
    if anchored and not case.paragraph.anchors:
        wrong.append(Flaw(0, len(caption), "anchor_missing", 'no moment is anchored with "At 12s,"'))
    return _problems(caption, wrong)


def flaws(caption: str, duration: float, style: Style, quoted: Sequence[Quotation]) -> list[Flaw]:
    """What is wrong with the form, in order of place: all that `mend` mends is among it."""
    wrong = symbols.invisible(caption) + symbols.spacing(caption) + symbols.markup(caption, quoted)
    wrong += repetition.flaws(caption, quoted) + anchors.flaws(caption, duration, style, quoted)
    return sorted(wrong, key=lambda flaw: (flaw.start, flaw.end))


def find_quotes(caption: str, utterances: Sequence[Utterance], found: float = FOUND, language: str = "") -> list[Quote]:
    """The quoted speech of a caption, in order, with its time and speaker where the transcript has it. What is quoted
    from the screen, or only set off by marks, is left out unless it was said as well. `language`: of the speech, ISO
    639-1, "" when unknown."""
    case = CaptionCase(caption, Grounds(0.0, utterances=tuple(utterances), language=language), found)
    return [quote(citation.quotation.text, citation.place, found) for citation in case.citations]


def _problems(caption: str, wrong: Iterable[Flaw]) -> list[Problem]:
    counts: Counter[str] = Counter()
    listed = []
    for flaw in sorted(wrong, key=lambda flaw: (flaw.start, flaw.end)):
        counts[flaw.kind] += 1
        if counts[flaw.kind] <= SHOWN:
            listed.append(Problem(kind=flaw.kind, snippet=snippet(caption[flaw.start : flaw.end]), why=flaw.why))
    more = {kind: count - SHOWN for kind, count in counts.items() if count > SHOWN}
    return listed + [Problem(kind=kind, snippet="", why=f"{count} more of these") for kind, count in more.items()]

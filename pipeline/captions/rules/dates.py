"""What an annotator told at one time and the caption tells, nearly word for word, at another."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import fuzz

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.paragraph import Paragraph
from asid.pipeline.captions.text import Flaw, words

DRIFT = 2.0  # s
LEAST = 5  # words of a sentence that can be recognised
LIKE = 92.0  # of 100


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name blocks whose legible text is read at another time."""
    dated = [event for account in case.grounds.accounts for event in events(account, case.grounds.duration)]
    if not dated or not case.paragraph.anchors:
        return
    for sentence in case.paragraph.sentences:
        if sentence.block < 0 or words(sentence.text) < LEAST:
            continue
        begin, end = case.paragraph.time_of(sentence.block, case.grounds.duration)
        like = [(start, stop) for text, start, stop in dated if alike(sentence.text, text)]
        if like and not any(begin - DRIFT <= stop and start <= end + DRIFT for start, stop in like):
            why = f"told at {begin:g} s, by whoever noted it at {like[0][0]:g} s"
            yield Flaw(sentence.start, sentence.end, "event_time", why)


def events(caption: str, duration: float) -> list[tuple[str, float, float]]:
    """The sentences of a caption that stand after an anchor, each with when it can take place, in seconds."""
    paragraph = Paragraph(caption)
    found = []
    for sentence in paragraph.sentences:
        if sentence.block >= 0 and words(sentence.text) >= LEAST:
            begin, end = paragraph.time_of(sentence.block, duration)
            found.append((sentence.text, begin, begin if sentence.first else end))
    return found


def alike(one: str, other: str) -> bool:
    """Whether two sentences tell the same in nearly the same words."""
    return fuzz.ratio(one.casefold(), other.casefold(), score_cutoff=LIKE) > 0

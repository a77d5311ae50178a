"""Who speaks: quotations of two voices, one description that speaks with two, labels of the transcript in print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from asid.pipeline.captions.citations import CaptionCase, Citation
from asid.pipeline.captions.speakers import VERB, Description, description
from asid.pipeline.captions.text import Flaw, outside

MIXED = 0.25  # share of a quotation that belongs to a second speaker
LABEL = re.compile(
    r"\b(?:SPEAKER_\d+|[Ss]peaker\s?#?\d{1,2}\b(?=\s?:)|S\d{1,2}(?=\s?[:,)]|\b)|"
    rf"Speaker\s#?(?:\d{{1,2}}|[A-F])\b(?=\s?:|['’]s\b|\s(?:\w+ly\s)?{VERB}\b))"
)


@dataclass
class Person:
    """Somebody whom the caption lets speak: the descriptions taken for them, and their quotations by voice."""

    description: Description
    said: list[tuple[str, Citation]]


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name descriptions that speak with the voices of two people."""
    for citation in case.speech:
        speakers = citation.place.speakers
        if citation.found and len(speakers) > 1 and speakers[1][1] >= MIXED:
            who = " and ".join(name or "somebody unknown" for name, _ in speakers[:2])
            yield Flaw(citation.quotation.start, citation.quotation.end, "quote_speakers",
                       f"said by {who}, quoted as one")  # fmt: skip
    for person in people(case):
        yield from _two_voices(person)
    yield from _labels(case)


def people(case: CaptionCase) -> list[Person]:
    """Who speaks in the caption, as far as its own words tell: a description without new marks is the one person whom
    it fits; where it fits two it is left out."""
    found: list[Person] = []
    for citation in case.speech:
        if not citation.found or len({name for name, _ in citation.place.speakers}) != 1:
            continue
        voice = citation.place.speakers[0][0]
        who = description(case.paragraph, citation.quotation)
        if not voice or who is None or not who.sure:
            continue
        fits = [person for person in found if _fits(who, person.description)]
        exact = [person for person in fits if person.description.marks == who.marks]
        if who.new and (not exact or not who.marks):
            found.append(Person(who, [(voice, citation)]))
        elif len(exact) == 1 or (not exact and len(fits) == 1):
            (exact or fits)[0].said.append((voice, citation))
        elif not fits:
            found.append(Person(who, [(voice, citation)]))
    return found


def _fits(who: Description, known: Description) -> bool:
    return who.head == known.head and (who.marks <= known.marks or not who.marks)


def _two_voices(person: Person) -> Iterator[Flaw]:
    counts = Counter(voice for voice, _ in person.said)
    if len(counts) < 2:
        return
    first, _second = (voice for voice, _ in counts.most_common(2))
    for voice, citation in person.said:
        if voice != first:
            times = [one.place.start for other, one in person.said if other == first]
            why = (f'"{person.description.shown}" speaks here with voice {voice}, and at {times[0]:.1f} s with voice '
                   f"{first}")  # fmt: skip
            yield Flaw(citation.quotation.start, citation.quotation.end, "described_speakers", why)


def _labels(case: CaptionCase) -> Iterator[Flaw]:
    labels = {utterance.speaker for utterance in case.grounds.utterances}
    found = [
        Flaw(*match.span(), "speaker_label", "a label of the transcript, which tells voices apart and is never printed")
        for match in LABEL.finditer(case.caption)
        if match[0].split()[0] in labels or not match[0].startswith("S") or "peaker" in match[0].casefold()
    ]
    yield from outside(found, case.paragraph.quoted)

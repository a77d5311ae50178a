"""Facts told as one paragraph: chronological, anchored, in whole sentences. Nothing is said that is not in a line.

A line is a clause ("the camera pans to the right") or a finished sentence, at a second. Lines of one second share an
anchor; their clauses are joined two by two, speech comes after what is seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from asid.pipeline.captions.anchors import Section, compose
from asid.pipeline.embedded.claims import squash
from asid.pipeline.embedded.words import capital, stop
from asid.pipeline.rows import Fact

# What opens a moment comes first: the cut, then the place, the people, the things; then what is heard.
ORDER = ("narrative", "scene", "characters", "camera", "objects", "actions", "speech", "emotions")
JOINTS = (", and ", " while ", "; ")
LEADS = ("Meanwhile, ", "", "At that moment, ")
CUT = re.compile(r"^the picture (?:cuts|dissolves|fades) (?:back |over )?(?:in)?to ")


@dataclass(frozen=True)
class Sentence:
    """`whole`: a finished sentence, which is not joined to others."""

    second: int
    text: str
    attribute: str = ""
    whole: bool = False
    time: float = 0.0  # s, exact: what was there before a cut is told before it


def second(time: float, duration: float) -> int:
    """The nearest whole second that lies in the clip."""
    last = max(0, math.ceil(duration - 1e-6) - 1)
    return min(max(math.floor(time + 0.5), 0), last)


def line(fact: Fact, duration: float) -> Sentence:
    """Make a sentence of a fact."""
    return Sentence(second(fact.start, duration), fact.text, fact.attribute, time=fact.start)


def tell(facts: Iterable[Fact], duration: float) -> str:
    """Make a caption of facts; `duration` in s."""
    return paragraph([line(fact, duration) for fact in facts])


def paragraph(lines: Iterable[Sentence]) -> str:
    """The caption of these lines; the same line twice within three seconds is told once."""
    told: list[Sentence] = []
    for new in sorted(lines, key=lambda new: (new.second, _rank(new))):
        if not any(squash(new.text) == squash(old.text) and new.second - old.second <= 3 for old in told):
            told.append(new)
    blocks, spoken = [], 0
    for at, group in groupby(told, key=lambda new: new.second):
        parts = around_cuts(list(group))
        sentences = [sentence for part in parts for sentence in sentences_of(part, spoken)]
        sentences = [small(sentences[0]), *map(capital, sentences[1:])]
        spoken += len(sentences)
        blocks.append(Section(Decimal(at), " ".join(sentences)))
    return compose(blocks)


def around_cuts(lines: Sequence[Sentence]) -> list[list[Sentence]]:
    """The lines of one moment, parted at its cuts."""
    cuts = sorted(line.time for line in lines if CUT.match(line.text))
    parts: list[list[Sentence]] = [[] for _ in range(len(cuts) + 1)]
    for line in lines:
        parts[sum(line.time >= cut - 0.02 for cut in cuts)].append(line)
    return [part for part in parts if part]


def sentences_of(lines: Sequence[Sentence], turn: int) -> list[str]:
    """The sentences of one moment; the first begins small, after its anchor. `turn` varies joints and leads."""
    said = [line.text for line in lines if not line.whole and line.attribute == "speech" and '"' in line.text]
    how = [line.text for line in lines if not line.whole and line.attribute == "emotions"]
    loose = [line.text for line in lines if not line.whole and line.text not in (*said, *how)]
    sentences: list[str] = []
    while loose:
        taken, loose = loose[:2], loose[2:]
        sentences.append(stop(joined(taken, turn + len(sentences))))
    lead = LEADS[turn % len(LEADS)] if sentences else ""
    for number, clause in enumerate(said):
        sentences.append(stop((lead if number == 0 else "Then ") + clause))
    sentences += [stop(clause) for clause in how]
    sentences += [stop(line.text) for line in lines if line.whole]
    return [small(sentences[0]), *map(capital, sentences[1:])] if sentences else []


def joined(clauses: Sequence[str], turn: int) -> str:
    """One sentence of one or two clauses. A clause with a list of its own is set off more clearly."""
    if len(clauses) == 1:
        return clauses[0]
    first, other = clauses
    if CUT.match(first):
        return f"{first}, where {other}"
    return f"{first}{'; ' if ', ' in first else JOINTS[turn % len(JOINTS)]}{other}"


def _rank(new: Sentence) -> int:
    if CUT.match(new.text):
        return -1
    return ORDER.index(new.attribute) if new.attribute in ORDER else len(ORDER)


SMALL = {
    "A", "An", "The", "There", "It", "He", "She", "They", "His", "Her", "One", "Two", "Three", "Another", "As", "In",
    "On", "Then", "Meanwhile", "This", "Its", "Both", "Nothing", "Text", "Music", "With", "While", "Several", "Some",
}  # fmt: skip


def small(sentence: str) -> str:
    """After an anchor a sentence goes on in small letters, unless its first word may be a name."""
    word = sentence.split(" ", 1)[0].rstrip(",")
    return sentence[:1].lower() + sentence[1:] if word in SMALL else sentence

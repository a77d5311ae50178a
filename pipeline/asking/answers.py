"""The shapes of models' answers. Every field is required and unknown ones are refused, so that an answer that does not
fit is seen as such. `decompose` answers with `rows.AttributeCaptions`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StrictInt

from asid.pipeline.captions.text import squash
from asid.pipeline.rows import Error, Fact, Missing, Record


class EmbeddedCaption(Record):
    """Of an annotator made of detectors: what it found, and the caption composed of nothing else."""

    caption: str
    facts: list[Fact]


class Verification(Record):
    """ASID, Fig. 16."""

    non_speech_deficiency_specific: str
    speech_deficiency_specific: str
    caption: str


class Findings(Record):
    """The audit of one attribute, ASID, Fig. 17."""

    errors: list[Error]
    missing: list[Missing]
    expressiveness: list[str]


class AspectFindings(Findings):
    """The audit of one of several attributes."""

    attribute: str


class GroupFindings(Record):
    """The audits of several attributes in one answer."""

    audits: list[AspectFindings]


class Suspicion(Record):
    """How likely a cheap auditor thinks it that a strong one finds a fault, of 100."""

    suspicion: float = Field(ge=0, le=100)


class EnhanceSummary(Record):
    fixed_errors: list[str]
    filled_missing: list[str]
    dropped_forbidden: list[str]
    timestamp_adjustments: list[str]


class Refinement(Record):
    """ASID, Fig. 18."""

    improved_caption: str
    enhance_summary: EnhanceSummary


def _once_each(said: list[str]) -> list[str]:
    """Without what says nothing and what has been said: each would count. The first time that it is said is kept."""
    found: dict[str, str] = {}
    for each in said:
        if spelled := squash(each):
            found.setdefault(spelled, each.strip())
    return list(found.values())


Statements = Annotated[list[str], AfterValidator(_once_each)]


class Events(Record):
    """A caption taken apart into atomic events (video-SALMONN 2, section 3.3.1)."""

    events: Annotated[Statements, Field(min_length=1, max_length=400)]


class EventErrors(Record):
    """Numbers of events that a caption misses or tells wrongly, and what it tells that is no event."""

    missing: list[StrictInt]
    incorrect: list[StrictInt]
    hallucinated: Statements


class Grade(Record):
    """By principles (AVC-DPO, section 2.3)."""

    grade: int = Field(ge=0, le=10)
    why: str


class Completeness(Record):
    """The judge of AVoCaDO's quality check."""

    completeness: int = Field(ge=1, le=5)
    why: str

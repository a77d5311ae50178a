"""The shapes of models' answers. Every field is required and unknown ones are refused, so that an answer that does not
fit is seen as such. `decompose` answers with `rows.AttributeCaptions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, StrictInt

from asid.pipeline import captions
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


class FoundError(Record):
    """A fault as an auditor writes it. `point`: the number of the VERIFY point that it breaks; 0: it names none."""

    snippet: str
    why: str
    point: StrictInt = 0


class FoundMissing(Record):
    """A gap as an auditor writes it, with the number of its VERIFY point."""

    what: str
    why: str
    point: StrictInt = 0


class Findings(Record):
    """The audit of one attribute, ASID, Fig. 17, with the VERIFY points by their words."""

    errors: list[Error]
    missing: list[Missing]
    expressiveness: list[str]


class AuditAnswer(Record):
    """The same as an auditor writes it, with the points by their numbers, as they were shown."""

    errors: list[FoundError]
    missing: list[FoundMissing]
    expressiveness: list[str]

    def pointless(self, points: Sequence[str]) -> str | None:
        """Say which point it names that it was not shown; None when there is no such."""
        named = [error.point for error in self.errors] + [item.point for item in self.missing]
        wrong = [point for point in named if not 0 <= point <= len(points)]
        return f"there is no VERIFY point {wrong[0]}: they are numbered 1 to {len(points)}" if wrong else None

    def findings(self, points: Sequence[str]) -> Findings:
        """The findings with the words of their points, without those that ask for what stands there already."""
        words = ("", *points)
        return Findings(
            errors=[
                Error(snippet=one.snippet, why=one.why, point=words[one.point])
                for one in self.errors
                if not captions.findings.changeless(one.snippet, one.why)
            ],
            missing=[Missing(what=one.what, why=one.why, point=words[one.point]) for one in self.missing],
            expressiveness=[line for line in self.expressiveness if not captions.findings.changeless(line)],
        )


class AspectAnswer(AuditAnswer):
    """The audit of one of several attributes."""

    attribute: str


class GroupAnswer(Record):
    """The audits of several attributes in one answer."""

    audits: list[AspectAnswer]


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

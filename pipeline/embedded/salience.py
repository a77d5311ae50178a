"""How much a fact matters for a caption."""

from __future__ import annotations

from collections.abc import Sequence

from asid.pipeline.rows import Fact

WEIGHTS = {
    "speech": 1.0, "objects": 0.9, "characters": 0.85, "scene": 0.8, "narrative": 0.75, "camera": 0.75,
    "actions": 0.75, "emotions": 0.75,
}  # fmt: skip
IMPORTANT = 0.4
OPENING, A_SECOND = 10, 0.7  # facts apart from speech that a caption holds, and more for each second


def salience(fact: Fact) -> float:
    """0..1: the detector's own certainty, weighed by what kind of thing it found."""
    return WEIGHTS[fact.attribute] * fact.score


def important(fact: Fact) -> bool:
    """Whether a fact must not be left out."""
    return fact.attribute == "speech" or salience(fact) >= IMPORTANT


def selected(facts: Sequence[Fact], duration: float) -> list[Fact]:
    """All speech and as much of the rest as reads well, the salient first; in order of time."""
    room = OPENING + round(A_SECOND * duration)
    rest = sorted((fact for fact in facts if fact.attribute != "speech"), key=salience, reverse=True)[:room]
    keep = {id(fact) for fact in rest}
    return [fact for fact in facts if fact.attribute == "speech" or id(fact) in keep]

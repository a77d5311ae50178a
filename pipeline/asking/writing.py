"""What stages that write captions share: rules look at each answer, and nothing that they see passes in silence.

A problem is told to the model, which is asked again. What is left after the last try fails the row, if its kind is
among the stage's `fails`; else it is marked on the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import Field

from asid.pipeline.asking.stage import AskingConfig
from asid.pipeline.captions.kinds import FATAL, ProblemKind
from asid.pipeline.rows import Mark, Problem


class WritingConfig(AskingConfig):
    """Say what a stage that writes captions does about problems that rules see."""

    fails: tuple[ProblemKind, ...] = Field(
        FATAL, description="kinds of problem that fail the row when the last answer still has one; others are marked"
    )


def marks(stage: str, problems: Iterable[Problem], *, mended: bool = False) -> tuple[Mark, ...]:
    """Problems as they stay on the row."""
    return tuple(Mark(stage=stage, kind=one.kind, snippet=one.snippet, why=one.why, mended=mended) for one in problems)


def new(after: Sequence[Problem], before: Sequence[Problem]) -> list[Problem]:
    """The problems that a text has and the one it was made from had not: what stood there already is not the doing of
    whoever had to keep it."""
    left = Counter((problem.kind, problem.snippet) for problem in before)
    kinds = Counter(problem.kind for problem in before)
    others = []
    for problem in after:  # those that stand as they stood first: none else may take their place
        if left[problem.kind, problem.snippet] > 0:
            left[problem.kind, problem.snippet] -= 1
            kinds[problem.kind] -= 1
        else:
            others.append(problem)
    found = []
    for problem in others:
        if kinds[problem.kind] > 0:
            kinds[problem.kind] -= 1
        else:
            found.append(problem)
    return found

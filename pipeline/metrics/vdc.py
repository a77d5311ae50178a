"""VDCscore (AuroraCap): questions on one aspect of a video, answered from the caption and graded 0 to 5 with yes or no.

A video's score and accuracy are means over its questions, a set's are means over its videos. A question without a
grade counts as 0 and "no"; a video without a caption likewise. `kept="published"` gives the figure of the published
scorers, which drop each video whose score or accuracy is 0, by truthiness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asid.pipeline.metrics.figure import Absent, Figure, mean

ASPECTS = ("camera", "short", "background", "main_object", "detailed")
MOST = 5


@dataclass(frozen=True, slots=True)
class VDCGrade:
    """One question's grade. Raises ValueError for a score outside 0 to 5."""

    score: float
    right: bool

    def __post_init__(self) -> None:
        if isinstance(self.score, bool) or not 0 <= self.score <= MOST:
            raise ValueError(f"the score {self.score!r} is not in 0 to {MOST}")


def read_verdict(reply: str) -> bool:
    """Read the judge's yes or no, whatever its case. Raises ValueError for another word."""
    said = reply.strip().strip(".'\"").casefold()
    if said not in ("yes", "no"):
        raise ValueError(f"the verdict {reply!r} is neither yes nor no")
    return said == "yes"


def figures(
    videos: Mapping[str, Iterable[VDCGrade | Absent]], kept: Literal["all", "published"] = "all"
) -> dict[str, Figure]:
    """Give `score` (0 to 5) and `accuracy` (percent) of one aspect. `scored` and `expected` count questions."""
    grades = {name: list(found) for name, found in videos.items()}
    score = {
        name: mean(one if isinstance(one, Absent) else one.score for one in found) for name, found in grades.items()
    }
    right = {name: mean(one if isinstance(one, Absent) else float(one.right) for one in found)
             for name, found in grades.items()}  # fmt: skip
    names = [name for name, found in grades.items() if found]
    if kept == "published":
        names = [name for name in names if score[name].value and right[name].value]
    questions = mean(one if isinstance(one, Absent) else one.score for found in grades.values() for one in found)

    def over(values: Mapping[str, Figure], times: float) -> Figure:
        value = mean(values[name].value or 0.0 for name in names).value
        return Figure(value if value is None else times * value, questions.scored, questions.expected,
                      questions.missing, "worst" if kept == "all" else "left out")  # fmt: skip

    return {"score": over(score, 1.0), "accuracy": over(right, 100.0)}

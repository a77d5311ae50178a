"""VidCapBench-AE: questions answered from the caption and graded A (2), B (1), C (0) or D (-1).

Accuracy = A / all, precision = (A + B) / (A + B + D), coverage = (A + B + D) / all, all x 100 over pooled questions;
conciseness = 100 x accuracy (%) / mean tokens of a caption. A question without a grade counts as C: not covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asid.pipeline.metrics.figure import Absent, Figure, split, weighted

VidCapGrade = Literal["A", "B", "C", "D"]
GRADES: dict[int, VidCapGrade] = {2: "A", 1: "B", 0: "C", -1: "D"}

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "aesthetics": ("cinematography", "composition", "lighting", "color", "style"),
    "content": ("background", "subjects", "events"),
    "motion": ("attribute changes", "object motion", "body movements", "environmental motion",
               "spatiotemporal transformations"),
    "physics": ("spatial relationships", "counter intuitive", "common sense"),
}  # fmt: skip


def dimension(sub_category: str) -> str:
    """Name the dimension of a question's sub-category. Raises ValueError for an unknown one."""
    key = " ".join(sub_category.strip().casefold().replace("_", " ").replace("-", " ").split())
    for name, parts in DIMENSIONS.items():
        if key in parts:
            return name
    raise ValueError(f"unknown sub-category {sub_category!r}")


def figures(grades: Iterable[VidCapGrade | Absent], tokens: float | None = None) -> dict[str, Figure]:
    """Give `accuracy`, `precision`, `coverage` in percent and, where the mean number of `tokens` of a caption is known,
    `conciseness`. Higher is better in each."""
    there, missing = split(grades)
    a, b, d = (there.count(grade) for grade in ("A", "B", "D"))
    whole = len(there) + sum(missing.values())

    def share(part: float, of: float, counted: Literal["worst", "left out"] = "worst") -> Figure:
        return Figure(100 * part / of if of else None, len(there), whole, missing, counted)

    made = {
        "accuracy": share(a, whole),
        "precision": share(a + b, a + b + d, "left out"),
        "coverage": share(a + b + d, whole),
    }
    if tokens is not None:
        made["conciseness"] = share(100 * a / whole if whole else 0.0, tokens if whole else 0)
    return made


@dataclass(frozen=True, slots=True)
class VidCapRow:
    """Accuracy, precision and coverage of one dimension, in percent, over `questions`."""

    questions: int
    accuracy: float
    precision: float
    coverage: float


def overall(rows: Sequence[VidCapRow]) -> VidCapRow:
    """Pool dimensions: by their numbers of questions, precision by questions x coverage (ASID, Tab. 4)."""
    counts = [row.questions for row in rows]
    covered = [row.questions * row.coverage for row in rows]
    return VidCapRow(
        sum(counts),
        weighted([row.accuracy for row in rows], counts),
        weighted([row.precision for row in rows], covered) if any(covered) else 0.0,
        weighted([row.coverage for row in rows], counts),
    )


def by_dimension(
    grades: Iterable[tuple[str, VidCapGrade | Absent]], tokens: float | None = None
) -> Mapping[str, dict[str, Figure]]:
    """Give the figures of each dimension, then `overall`, from pairs of sub-category and grade."""
    found: dict[str, list[VidCapGrade | Absent]] = {name: [] for name in DIMENSIONS}
    for sub_category, grade in grades:
        found[dimension(sub_category)].append(grade)
    made = {name: figures(found[name], tokens) for name in DIMENSIONS if found[name]}
    return made | {"overall": figures((one for each in found.values() for one in each), tokens)}

"""AutoDQ on DREAM-1K (Tarsier): events of two texts, each held against the other text.

Recall = reference events that the caption entails, precision = caption events that the reference entails; what is
neutral counts against both. Means per subset, then over subsets, F1 last. A clip whose verdicts are missing counts 0;
where a text has no events its share is 1 (`empty="published"`), or, of a caption, 0 (`honest`, the default).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asid.pipeline.metrics.figure import Absent, Figure, combined, f1, mean

Relation = Literal["entailment", "neutral", "contradiction"]
Empty = Literal["honest", "published"]


@dataclass(frozen=True, slots=True)
class EntailedShares:
    """Of one clip, each 0 to 1."""

    recall: float
    precision: float


def clip(reference: Iterable[Relation], predicted: Iterable[Relation], empty: Empty = "honest") -> EntailedShares:
    """Score one clip from the relations of its reference events and of its predicted events."""
    theirs, ours = list(reference), list(predicted)
    silent = 1.0 if empty == "published" or not theirs else 0.0
    return EntailedShares(
        theirs.count("entailment") / len(theirs) if theirs else 1.0,
        ours.count("entailment") / len(ours) if ours else silent,
    )


def figures(subsets: Mapping[str, Iterable[EntailedShares | Absent]]) -> dict[str, Figure]:
    """Give `recall`, `precision` and `f1` over all subsets, each subset with one voice. `scored` counts clips."""
    rows = by_subset(subsets)
    recall, precision = (_over([row[name] for row in rows.values()]) for name in ("recall", "precision"))
    return {"recall": recall, "precision": precision, "f1": combined(precision, recall, f1)}


def by_subset(subsets: Mapping[str, Iterable[EntailedShares | Absent]]) -> dict[str, dict[str, Figure]]:
    """Give the figures of each subset."""
    rows = {}
    for name, found in subsets.items():
        clips = list(found)
        recall = mean(one if isinstance(one, Absent) else one.recall for one in clips)
        precision = mean(one if isinstance(one, Absent) else one.precision for one in clips)
        rows[name] = {"recall": recall, "precision": precision, "f1": combined(precision, recall, f1)}
    return rows


def _over(rows: list[Figure]) -> Figure:
    missing: dict[str, int] = {}
    for row in rows:
        for why, count in row.missing.items():
            missing[why] = missing.get(why, 0) + count
    value = mean(row.value for row in rows if row.value is not None).value
    return Figure(value, sum(row.scored for row in rows), sum(row.expected for row in rows), missing)

"""One figure of a benchmark with what it rests on: how much was scored, how much should have been, what is missing.

Published scorers lose what failed from their denominators. Here a value that is missing is an `Absent` with its reason,
it is counted, and it enters the figure as the worst value there is, unless the figure says `left out`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal, TypeVar

Counted = Literal["worst", "left out"]

NO_PREDICTION = "no prediction"
NO_REFERENCE = "no reference"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands where a value should be. `why` is counted: keep it short, one word for each kind of loss."""

    why: str


@dataclass(frozen=True)
class Figure:
    """A number with what it rests on. `value` is None where nothing was there to be measured; `scored` of `expected`
    items had a verdict; `missing` counts the others by reason; `counted` says how those entered the value."""

    value: float | None
    scored: int
    expected: int
    missing: Mapping[str, int] = field(default_factory=dict)
    counted: Counted = "worst"

    def line(self) -> dict[str, Any]:
        """Give the figure as JSON values."""
        return {"value": self.value, "scored": self.scored, "expected": self.expected,
                "missing": dict(self.missing), "counted": self.counted}  # fmt: skip


def split(values: Iterable[Value | Absent]) -> tuple[list[Value], dict[str, int]]:
    """Part what is there from what is not: the values in order, and how often each reason stands for one."""
    there: list[Value] = []
    missing: Counter[str] = Counter()
    for value in values:
        if isinstance(value, Absent):
            missing[value.why] += 1
        else:
            there.append(value)
    return there, dict(sorted(missing.items()))


def mean(values: Iterable[float | Absent], worst: float | None = 0.0) -> Figure:
    """Average values; what is missing counts as `worst`, or is left out where that is None. Raises ValueError for NaN
    and infinities, which would make a mean of them nothing."""
    there, missing = split(values)
    if not all(map(math.isfinite, there)):
        raise ValueError("a value to be averaged is not a number: give an Absent with the reason in its place")
    gone = sum(missing.values())
    entered = there if worst is None else [*there, *[worst] * gone]
    counted: Counted = "left out" if worst is None else "worst"
    return Figure(fmean(entered) if entered else None, len(there), len(there) + gone, missing, counted)


def join(predictions: Mapping[str, Value], wanted: Sequence[str]) -> tuple[dict[str, Value | Absent], list[str]]:
    """Pair predictions with the ids that a benchmark asks for, in its order. Gives also the ids that nobody asked
    about, sorted: they are to be named, not scored."""
    asked = dict.fromkeys(wanted)
    found = {name: predictions[name] if name in predictions else Absent(NO_PREDICTION) for name in asked}
    return found, sorted(set(predictions) - set(asked))


def f1(precision: float, recall: float) -> float:
    """Combine precision and recall: their harmonic mean, 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def combined(one: Figure, other: Figure, how: Callable[[float, float], float]) -> Figure:
    """Compute a figure out of two over the same items, such as F1; None where one of the two is."""
    value = None if one.value is None or other.value is None else how(one.value, other.value)
    missing = {why: max(one.missing.get(why, 0), other.missing.get(why, 0)) for why in {**one.missing, **other.missing}}
    return Figure(value, min(one.scored, other.scored), max(one.expected, other.expected), missing, one.counted)


def weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    """Average values by weights that are not all 0. Raises ValueError otherwise, or for lists of two lengths."""
    if len(values) != len(weights) or not sum(weights):
        raise ValueError(f"{len(values)} values need as many weights, not all 0; there are {list(weights)}")
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)

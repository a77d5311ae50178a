"""Shares with their intervals: Wilson's, and with fewer effective trials where trials come in clusters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

Z = 1.959963984540054  # of a normal distribution, 95 % within


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `trials`, with the interval in which the true share lies 95 times in 100. `trials` of 0: unknown."""

    count: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.count / self.trials if self.trials else math.nan

    def holds(self, truth: float) -> bool:
        """Whether a true share lies within the interval."""
        return self.low <= truth <= self.high

    def __str__(self) -> str:
        return (
            f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%}; {self.count} of {self.trials})"
            if self.trials
            else "–"
        )


def wilson(count: float, trials: float, z: float = Z) -> tuple[float, float]:
    """The interval of a share (Wilson 1927). Takes fractions of trials, as clusters leave them; 0 to 1 for none."""
    if trials <= 0:
        return 0.0, 1.0
    p = count / trials
    middle = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(outcomes: Iterable[tuple[Hashable, bool]], z: float = Z) -> Share:
    """The share of true outcomes, each named with its cluster: clips of one video are alike, and count for less.

    The variance between clusters gives a design effect (Kish 1965), by which the trials are divided before Wilson's
    interval is drawn; it is never below 1. `z`: how many standard deviations the interval spans.
    """
    clusters: dict[Hashable, list[int]] = {}
    for cluster, outcome in outcomes:
        entry = clusters.setdefault(cluster, [0, 0])
        entry[0] += outcome
        entry[1] += 1
    trials = sum(size for _, size in clusters.values())
    count = sum(hits for hits, _ in clusters.values())
    effect = design_effect(list(clusters.values()))
    low, high = wilson(count / effect, trials / effect, z)
    return Share(count, trials, low, high)


def design_effect(clusters: list[list[int]]) -> float:
    """By how much the variance of a share exceeds that of as many independent trials; hits and size of each cluster.

    1 where nothing can be said: one cluster, no outcome, or one outcome alone.
    """
    number = len(clusters)
    trials = sum(size for _, size in clusters)
    if number < 2 or trials == number:
        return 1.0
    p = sum(hits for hits, _ in clusters) / trials
    if p in (0.0, 1.0):
        return 1.0
    between = sum((hits - p * size) ** 2 for hits, size in clusters) * number / (number - 1) / trials**2
    return max(1.0, between / (p * (1 - p) / trials))

"""Elo ratings from pairwise votes (video-SALMONN 2, App. G): start 1000, base 10, scale 400, K 8.

The order of the votes changes the ratings and the paper states none. `rate` takes the order given; `rate_shuffled`
averages over seeded orders and tells how far they spread.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

START, SCALE, K = 1000.0, 400.0, 8.0


@dataclass(frozen=True, slots=True)
class Vote:
    """System `a` against `b`: `score` is 1 when a won, 0 when b did, 0.5 for a tie. Raises ValueError otherwise."""

    a: str
    b: str
    score: float

    def __post_init__(self) -> None:
        if self.score not in (0, 0.5, 1):
            raise ValueError(f"a vote counts 1, 0.5 or 0, not {self.score}")
        if self.a == self.b:
            raise ValueError(f"{self.a} cannot be voted on against itself")


@dataclass(frozen=True, slots=True)
class Rating:
    """Mean rating over the orders, and its standard deviation among them (0 of one order)."""

    rating: float
    spread: float
    votes: int


def read_vote(a: str, b: str, winner: str) -> Vote:
    """Read the row of a votes file. `winner` is "a", "b" or "tie". Raises ValueError for another."""
    scores = {"a": 1.0, "b": 0.0, "tie": 0.5}
    if winner.strip().casefold() not in scores:
        raise ValueError(f"the winner is {winner!r}, and must be a, b or tie")
    return Vote(a, b, scores[winner.strip().casefold()])


def rate(votes: Iterable[Vote], k: float = K, start: float = START, scale: float = SCALE) -> dict[str, float]:
    """Rate systems by votes in their order. The ratings always sum to `start` x systems."""
    ratings: dict[str, float] = {}
    for vote in votes:
        a, b = ratings.setdefault(vote.a, start), ratings.setdefault(vote.b, start)
        change = k * (vote.score - expected(a, b, scale))
        ratings[vote.a], ratings[vote.b] = a + change, b - change
    return ratings


def expected(a: float, b: float, scale: float = SCALE) -> float:
    """Give the share of points that a system rated `a` is expected to win against one rated `b`."""
    return 1 / (1 + 10 ** ((b - a) / scale))


def rate_shuffled(
    votes: Sequence[Vote], orders: int = 100, seed: int = 0, k: float = K, start: float = START, scale: float = SCALE
) -> dict[str, Rating]:
    """Rate systems by the mean over `orders` seeded shuffles. Raises ValueError for fewer than one."""
    if orders < 1:
        raise ValueError(f"{orders} orders give no rating: ask for 1 or more")
    chance = random.Random(seed)
    kept = sorted(votes, key=lambda vote: (vote.a, vote.b, vote.score))
    found: dict[str, list[float]] = {}
    for _ in range(orders):
        chance.shuffle(kept)
        for name, rating in rate(kept, k, start, scale).items():
            found.setdefault(name, []).append(rating)
    count = {name: sum(name in (vote.a, vote.b) for vote in votes) for name in found}
    return {name: Rating(fmean(found[name]), pstdev(found[name]), count[name]) for name in sorted(found)}

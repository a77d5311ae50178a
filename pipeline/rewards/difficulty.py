"""Which samples are worth training on, by the rewards of their rollouts (DiaDem, section 4.3).

Too easy is a sample whose rollouts have a high mean and a small spread: it is dropped. Hard is one with a low mean: the
second stage has it twice. Whether the spread is that of a population (n) or of a sample (n - 1) is unstated, and it
decides: seven rewards of 0.9 and one of 0.6 have 0.0992 or 0.1061.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev, stdev
from typing import Literal

Spread = Literal["population", "sample"]
Difficulty = Literal["easy", "medium", "hard", "unjudged"]


@dataclass(frozen=True)
class DifficultyBounds:
    """Dropped: mean above `easy_mean` and spread below `easy_spread`. Hard: mean below `hard_mean`. A sample with fewer
    than `least` rewards is unjudged, and neither dropped nor doubled."""

    easy_mean: float = 0.8
    easy_spread: float = 0.1
    hard_mean: float = 0.3
    spread: Spread = "population"
    least: int = 2

    def __post_init__(self) -> None:
        if self.hard_mean > self.easy_mean:
            raise ValueError(
                f"hard_mean {self.hard_mean} lies above easy_mean {self.easy_mean}: a sample would be both"
            )
        if self.least < 2:
            raise ValueError(f"least is {self.least}: a spread needs 2 rewards or more")


@dataclass(frozen=True)
class Rollouts:
    """Mean and spread of one sample's rewards, None where too few came. `missing`: rollouts without a reward."""

    difficulty: Difficulty
    mean: float | None
    spread: float | None
    rewards: int
    missing: int


@dataclass(frozen=True)
class Partition:
    """The rollouts of each sample, and what the two stages train on, in the order given."""

    samples: Mapping[str, Rollouts]
    copies: int

    @property
    def first(self) -> list[str]:
        """Stage 1: all but the easy ones, once."""
        return [name for name, one in self.samples.items() if one.difficulty != "easy"]

    @property
    def second(self) -> list[str]:
        """Stage 2: as stage 1, the hard ones `copies` times."""
        return [name for name in self.first for _ in range(self.copies if self._hard(name) else 1)]

    def _hard(self, name: str) -> bool:
        return self.samples[name].difficulty == "hard"

    def counts(self) -> dict[str, int]:
        """Count samples by difficulty."""
        found = [one.difficulty for one in self.samples.values()]
        return {name: found.count(name) for name in ("easy", "medium", "hard", "unjudged")}


def measure(rewards: Sequence[float | None], bounds: DifficultyBounds | None = None) -> Rollouts:
    """Judge one sample by its rollouts' rewards. None, a reward that nobody could give, is left out and counted."""
    bounds = bounds or DifficultyBounds()
    there = [reward for reward in rewards if reward is not None]
    missing = len(rewards) - len(there)
    if len(there) < bounds.least:
        return Rollouts("unjudged", fmean(there) if there else None, None, len(there), missing)
    mean, spread = fmean(there), pstdev(there) if bounds.spread == "population" else stdev(there)
    difficulty: Difficulty = "medium"
    if mean > bounds.easy_mean and spread < bounds.easy_spread:
        difficulty = "easy"
    elif mean < bounds.hard_mean:
        difficulty = "hard"
    return Rollouts(difficulty, mean, spread, len(there), missing)


def partition(
    rollouts: Mapping[str, Sequence[float | None]], bounds: DifficultyBounds | None = None, copies: int = 2
) -> Partition:
    """Part samples, id -> rewards of their rollouts, for DiaDem's two stages. Raises ValueError for no `copies`."""
    if copies < 1:
        raise ValueError(f"hard samples cannot be had {copies} times")
    return Partition({name: measure(rewards, bounds) for name, rewards in rollouts.items()}, copies)


def advantages(rewards: Sequence[float]) -> list[float]:
    """Give each rollout's advantage in its group: (r - mean) / population spread, all 0 where there is none (GRPO)."""
    mean, spread = fmean(rewards), pstdev(rewards)
    return [(reward - mean) / spread if spread else 0.0 for reward in rewards]

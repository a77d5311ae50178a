"""What the whole costs, from what some of its parts did: a point and an interval. Pure statistics.

A clip's bill grows with its length: much of it is media, the rest is words. The bill of all is the sum of a line
through the sampled clips over all clips, whose lengths are known (the regression estimator; Cochran, Sampling
Techniques, 3rd ed., chapter 7). Its error is that of the line, by the residuals of the sample with the t quantile of
what it has left of freedom; the residuals are made larger by their leverage (HC3; MacKinnon and White 1985), because
few long clips hold the slope. Where only some shards were looked at, how these differ is added, with the t quantile of
their number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """`error`: relative standard error of a total that `parts` shards of more stand for."""

    error: float = 0.0
    parts: int = 2


@dataclass(frozen=True)
class Interval:
    """USD: the likely bill, and the bounds that hold with `CONFIDENCE`."""

    low: float
    point: float
    high: float


def forecast(
    lengths: Sequence[float], costs: Sequence[float], count: float, seconds: float, spread: Spread = Spread()
) -> Interval:
    """The bill of `count` clips of `seconds` together, from the `lengths` (s) and `costs` (USD) of sampled ones.
    `spread` of `count` and `seconds`, where they are themselves drawn from some shards."""
    x, y = np.asarray(lengths, float), np.asarray(costs, float)
    n = len(x)
    if n == 0 or count <= 0:
        return Interval(0.0, 0.0, 0.0)
    mean = seconds / count
    centred = x - x.mean()
    square = float(centred @ centred)
    if n < 3 or square < 1e-9:
        point = count * float(y.mean())
        error = count * (float(y.std(ddof=1)) / math.sqrt(n) if n > 1 else float(y.mean()))
        freedom = max(1, n - 1)
    else:
        slope = float(centred @ y) / square
        point = count * (float(y.mean()) + slope * (mean - float(x.mean())))
        leverage = 1 / n + centred**2 / square
        residuals = (y - y.mean() - slope * centred) / (1 - np.minimum(leverage, 0.9))
        weights = 1 / n + centred * (mean - x.mean()) / square
        seen = min(1.0, n / count)
        error = count * math.sqrt(float(weights**2 @ residuals**2) * (1 - seen))
        freedom = n - 2
    level = 0.5 + CONFIDENCE / 2
    between = quantile(level, spread.parts - 1) * spread.error * point
    reach = math.hypot(quantile(level, freedom) * error, between)
    paid = float(y.sum())
    return Interval(max(min(paid, point), point - reach), point, point + reach)


def quantile(probability: float, freedom: int) -> float:
    """Student's t quantile, by its expansion in 1/freedom (Abramowitz and Stegun 26.7.5); exact for 1 and 2."""
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        a = 2 * probability - 1
        return a * math.sqrt(2 / (1 - a * a))
    z, v = NormalDist().inv_cdf(probability), freedom
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(sum(term / v**power for power, term in enumerate(terms)))


def spread_of(parts: Sequence[tuple[float, float]], total: int) -> Spread:
    """The spread of a ratio, such as clips for a second of video, over the shards looked at, `total` of which there
    are: `parts` are numerator and denominator of each."""
    if len(parts) >= total:
        return Spread()
    if len(parts) < 2:
        return Spread(error=1.0)
    over, under = np.asarray([part[0] for part in parts]), np.asarray([part[1] for part in parts])
    ratio = float(over.sum() / under.sum()) if under.sum() else 0.0
    residuals = over - ratio * under
    error = math.sqrt((1 - len(parts) / total) * float(residuals.var(ddof=1)) / len(parts)) / float(under.mean() or 1.0)
    return Spread(error / ratio if ratio else 0.0, len(parts))

"""When a cheap auditor's word is enough: the suspicion below which the strong one need not be asked. Pure statistics.

Of a random sample of audits both have spoken. Recall is the share of those in which the strong auditor finds a fault
that would still be sent to it. A threshold is proved when, were its recall below the target, so few misses as in the
sample would be seen in at most 1 - confidence of samples (the exact binomial tail: Clopper and Pearson 1934). They are
tried in order, from the one that sends everything, until the first that is not proved: as the order is fixed, no
correction for their number is due, and the last that was proved holds with the confidence (fixed sequence testing in
Learn then Test: Angelopoulos, Bates, Candes, Jordan and Lei 2021, arXiv 2110.01052). Audits count as independent: where
those of one clip fail together, a sample of more clips is wanted for the same confidence.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_SAVED = 0.05  # of the strong auditor's calls: a screen that saves less does not pay for itself


@dataclass(frozen=True)
class SampledAudit:
    """One audit of the sample: the screen's suspicion, and whether the strong auditor found a fault."""

    suspicion: float
    faulty: bool


@dataclass(frozen=True)
class Threshold:
    """Audits whose suspicion is below `value` are not sent on. `bound`: the recall that is held at least, with the
    confidence that was asked for; `saved`: share of the sample that would not be sent on. A `value` of -inf sends
    everything, and `why` says what is in the way."""

    value: float
    bound: float
    saved: float
    sample: int
    faulty: int
    why: str = ""

    @property
    def is_useful(self) -> bool:
        return self.value > -math.inf


def choose(sample: Sequence[SampledAudit], recall: float, confidence: float) -> Threshold:
    """The highest threshold that is proved to hold `recall`, with `confidence`."""
    faulty = sorted(one.suspicion for one in sample if one.faulty)
    every = sorted(one.suspicion for one in sample)
    size, found = len(every), len(faulty)

    def nothing(why: str) -> Threshold:
        return Threshold(-math.inf, 1.0, 0.0, size, found, why)

    needed = positives_needed(recall, confidence)
    if found < needed:
        return nothing(f"the strong auditor found faults in {found} of the sample, and {needed} are needed")
    best, misses_at_best = -math.inf, 0
    for value in sorted(set(every)):
        misses = sum(suspicion < value for suspicion in faulty)
        if tail(misses, found, 1 - recall) > 1 - confidence:
            break
        best, misses_at_best = value, misses
    saved = sum(suspicion < best for suspicion in every) / size
    if saved < LEAST_SAVED:
        return nothing(f"the screen tells faults too badly: at this recall it would save {saved:.0%} of the calls")
    return Threshold(best, 1 - upper_bound(misses_at_best, found, confidence), saved, size, found)


def positives_needed(recall: float, confidence: float) -> int:
    """How many faulty audits a sample must have for any threshold to be proved: as many as all without a miss."""
    return math.ceil(math.log(1 - confidence) / math.log(recall))


def tail(misses: int, trials: int, rate: float) -> float:
    """Probability of at most so many misses, when each trial misses at this rate (binomial)."""
    if rate <= 0 or misses >= trials:
        return 1.0
    logs = [_log_choose(trials, k) + k * math.log(rate) + (trials - k) * math.log1p(-rate) for k in range(misses + 1)]
    top = max(logs)
    return min(1.0, math.exp(top) * sum(math.exp(value - top) for value in logs))


def upper_bound(misses: int, trials: int, confidence: float) -> float:
    """The highest rate of misses that so few do not speak against (one-sided Clopper-Pearson), by bisection."""
    if misses >= trials:
        return 1.0
    low, high = misses / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(misses, trials, middle) > 1 - confidence else (low, middle)
    return high


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def is_sampled(clip: str, attribute: str, share: float, seed: int = 0) -> bool:
    """Whether both auditors are asked about an attribute of a clip: a random draw that the ids alone decide."""
    digest = hashlib.sha256(f"{seed}/{clip}/{attribute}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64

"""How many calls of a strong auditor a cheap one saves, and whether the promised recall holds.

    python -m tests.bench.bench_cascade [SEED]     # 100 seeds from this one on, half a minute

Scripted auditors of known error: the strong one finds a fault in a share of all audits, the cheap one's suspicion of
these is higher by some standard deviations, more in some seeds than in others. A sample is asked of both, the product
chooses the threshold, and all other audits go through the cascade. Recall is that of the run, whose sample is a part
of it; beyond the sample the promise is that of the bound, 95 of 100 runs, and so about half of all hundreds of seeds
have a few less. A last seed has a screen that knows nothing. Prints one JSON line for each figure; exits with 1 when
one misses its limit.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
from dataclasses import dataclass

from asid.pipeline.asking.screening import SampledAudit, Threshold, choose, is_sampled

SEEDS = 100
CLIPS, ATTRIBUTES = 1250, 8
SHARE = 0.1  # of audits that both are asked for: those of 125 clips
SEED = 7000
RECALL, CONFIDENCE = 0.95, 0.95
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "cascade", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


@dataclass(frozen=True)
class CascadeResult:
    """Of one corpus: share of strong calls saved (those of the sample are not), recall in the run and beyond its
    sample."""

    threshold: Threshold
    saved: float
    recall: float
    beyond: float


def cascade(seed: int, knows: bool = True) -> CascadeResult:
    chance = random.Random(seed)
    rate, apart = chance.uniform(0.15, 0.3), chance.uniform(3.0, 4.0) if knows else 0.0
    sample, rest = [], []
    for clip in range(CLIPS):
        for attribute in range(ATTRIBUTES):
            faulty = chance.random() < rate
            one = SampledAudit(chance.gauss(apart if faulty else 0.0, 1.0), faulty)
            (sample if is_sampled(f"{clip}", f"{attribute}", SHARE, seed) else rest).append(one)
    threshold = choose(sample, RECALL, CONFIDENCE)
    sent = [one for one in rest if one.suspicion >= threshold.value]
    kept, there, early = (sum(one.faulty for one in audits) for audits in (sent, rest, sample))
    saved = 1 - (len(sample) + len(sent)) / (CLIPS * ATTRIBUTES)
    return CascadeResult(threshold, saved, (early + kept) / (early + there), kept / there)


def main(words: list[str]) -> int:
    first = int(words[0]) if words else SEED
    found = [cascade(seed) for seed in range(first, first + SEEDS)]
    saved = [one.saved for one in found]
    show("seeds that hold the recall", sum(one.recall >= RECALL for one in found), "of 100", least=95)
    show("seeds that hold it beyond the sample", sum(one.beyond >= RECALL for one in found), "of 100")
    show("recall, median", statistics.median(one.recall for one in found), "share")
    show("strong calls saved, mean", statistics.mean(saved), "share", least=0.6)
    show("seeds that save 60 %", sum(value >= 0.6 for value in saved), "of 100")
    show("strong calls saved, least", min(saved), "share")
    useless = cascade(first + 1000, knows=False)
    show("a screen that knows nothing saves", max(0.0, useless.saved), "share", most=0.0)
    show("and its recall is", useless.beyond, "share", least=1.0)
    show("and it says so", float(bool(useless.threshold.why)), "1 for yes", least=1)
    print(useless.threshold.why, file=sys.stderr)
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

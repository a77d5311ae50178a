"""How many calls of a strong auditor a cheap one saves, and whether the promised recall holds.

    python -m tests.bench.bench_cascade            # 100 seeds, a few seconds

Scripted auditors of known error: the strong one finds a fault in a share of all audits, the cheap one's suspicion of
these is higher by some standard deviations, more in some seeds than in others. A sample is asked of both, the product
chooses the threshold, and all other audits go through the cascade. A last seed has a screen that knows nothing. Prints
one JSON line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import json
import random
import statistics
import sys

from asid.pipeline.asking.screening import SampledAudit, Threshold, choose, is_sampled

SEEDS = 100
CLIPS, ATTRIBUTES = 1250, 8
SHARE = 0.06  # of audits that both are asked for
RECALL, CONFIDENCE = 0.95, 0.95
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "cascade", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


def cascade(seed: int, knows: bool = True) -> tuple[Threshold, float, float]:
    """One corpus. Gives the threshold, the share of strong calls saved (those of the sample are not), and recall."""
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
    faults = sum(one.faulty for one in rest)
    return threshold, 1 - (len(sample) + len(sent)) / (CLIPS * ATTRIBUTES), sum(one.faulty for one in sent) / faults


def main() -> int:
    found = [cascade(seed) for seed in range(SEEDS)]
    saved, recalls = [one[1] for one in found], [one[2] for one in found]
    show("seeds that hold the recall beyond the sample", sum(value >= RECALL for value in recalls), "of 100", least=95)
    show("recall, median", statistics.median(recalls), "share")
    show("strong calls saved, mean", statistics.mean(saved), "share", least=0.6)
    show("strong calls saved, least", min(saved), "share")
    useless, saved_by_it, recall = cascade(1000, knows=False)
    show("a screen that knows nothing saves", max(0.0, saved_by_it), "share", most=0.0)
    show("and its recall is", recall, "share", least=1.0)
    show("and it says so", float(bool(useless.why)), "1 for yes", least=1)
    print(useless.why, file=sys.stderr)
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())

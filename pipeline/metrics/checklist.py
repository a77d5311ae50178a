"""R_C and R_L of AVoCaDO: key points that a caption tells, and its length in tokens (AVoCaDO, section 3.3).

R_C is the mean of 0/1 verdicts over all key points, so a category weighs as much as it has points; judge and prompts
are unpublished. R_L is 1 below 2,048 tokens and falls in a straight line to 0 at 4,096.
"""

from __future__ import annotations

from collections.abc import Iterable

from asid.pipeline.metrics.figure import Absent, Figure, mean

CATEGORIES = ("cross-modal narrative logic", "dynamic actions and interactions", "auditory elements",
              "spatio-temporal and cinematic language", "static entities")  # fmt: skip
SOFT, HARD = 2048, 4096  # tokens


def figures(points: Iterable[tuple[str, bool | Absent]]) -> dict[str, Figure]:
    """Give the share of key points that is told, for each category met and as `all`. A point without a verdict is not
    told."""
    found: dict[str, list[float | Absent]] = {}
    for category, told in points:
        found.setdefault(category, []).append(told if isinstance(told, Absent) else float(told))
    return {name: mean(found[name]) for name in sorted(found)} | {
        "all": mean(one for values in found.values() for one in values)
    }


def length_reward(tokens: int, soft: int = SOFT, hard: int = HARD) -> float:
    """Give R_L of a caption of so many generated tokens, 0 to 1. Raises ValueError for a negative number or limits out
    of order."""
    if tokens < 0 or not 0 <= soft < hard:
        raise ValueError(f"tokens must be 0 or more and soft below hard; they are {tokens}, {soft} and {hard}")
    if tokens <= soft:
        return 1.0
    return max(0.0, 1 - (tokens - soft) / (hard - soft))

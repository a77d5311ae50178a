"""When something happens, told from the caption alone (ASID, Fig. 20): mIoU and R1@t.

A query that is answered N/A or not at all has IoU 0 and stays in the denominator. `whole_clip` scores the answer "from
beginning to end" to every query, which needs no caption: on Charades-STA it has mIoU 26.99, and no result says much
that is not shown beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from asid.pipeline.metrics.figure import Absent, Figure, mean

Span = tuple[float, float]  # seconds; reversed ones are turned round

THRESHOLDS = (0.3, 0.5, 0.7)
ABSTAINED = "abstained"

# A time in seconds or on a clock, "5.5", "0:05.5", "1:02:03", and no piece of another number: of "1,200", "-3".
TIME = r"((?:\d+:){0,2}\d+(?:\.\d+)?)\s*(?:s|sec|secs|seconds?)?"
PAIR = re.compile(rf"(?<![\w.:,−-]){TIME}\s*(?:to|and|-|–|—)\s*{TIME}(?![\w:]|[.,]\d)", re.IGNORECASE)
NARROW = re.compile(r"(\d+(?:\.\d+)?)\s*(?:to|and)\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


def read_span(reply: str, how: Literal["wide", "published"] = "wide") -> Span | Absent | None:
    """Read the last span of seconds that a judge's reply holds. Absent("abstained") for N/A, None where it holds
    neither. `published` reads only "s to e" and "s and e", and "0:05 to 0:12" as 5 to 0; `wide` also "1.2-10.8",
    "1.2s to 10.8s" and times on a clock."""
    found = list((PAIR if how == "wide" else NARROW).finditer(reply))
    if found:
        return _seconds(found[-1][1]), _seconds(found[-1][2])
    return Absent(ABSTAINED) if re.search(r"\bN/?A\b", reply, re.IGNORECASE) else None


def _seconds(time: str) -> float:
    whole = 0.0
    for part in time.split(":"):
        whole = 60 * whole + float(part)
    return whole


def iou(one: Span, other: Span) -> float:
    """Divide what two spans share by what they cover from the first beginning to the last end, 0 to 1. Two points in
    one place share all."""
    (a, b), (c, d) = sorted(one), sorted(other)
    cover = max(b, d) - min(a, c)
    if not cover:
        return 1.0
    return max(0.0, min(b, d) - max(a, c)) / cover


def figures(
    queries: Iterable[tuple[Span | Absent, Span]], thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, Figure]:
    """Give `miou` and `r1@t` of pairs of prediction and truth. What is Absent has IoU 0 and is counted."""
    ious: list[float | Absent] = [one if isinstance(one, Absent) else iou(one, truth) for one, truth in queries]
    hits = {t: mean(one if isinstance(one, Absent) else float(one >= t) for one in ious) for t in thresholds}
    return {"miou": mean(ious)} | {f"r1@{t:g}": figure for t, figure in hits.items()}


def whole_clip(queries: Iterable[tuple[float, Span]], thresholds: Sequence[float] = THRESHOLDS) -> dict[str, Figure]:
    """Score the answer "the whole clip" to pairs of a clip's duration, in seconds, and the truth."""
    return figures((((0.0, duration), truth) for duration, truth in queries), thresholds)


def bounds(r3: float, r5: float, r7: float) -> tuple[float, float]:
    """Give the least and greatest mIoU that goes with R1@0.3, 0.5 and 0.7, all as fractions. A published row outside
    them is a misprint."""
    return 0.3 * r3 + 0.2 * r5 + 0.2 * r7, 0.3 + 0.2 * r3 + 0.2 * r5 + 0.3 * r7

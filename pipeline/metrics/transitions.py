"""Shot boundaries as TransNet V2 and AutoShot score them, so that our figures stand beside theirs.

A shot is its first and last frame, both part of it. Between two shots lies a transition: from half a frame after the
last frame of the one to half a frame before the first of the next, widened on each side by half the tolerance. Two
transitions that touch are a hit. They are taken in order, each once. Figures of a set pool the counts, as published;
where there is nothing to find, precision and recall are 1 here and 0 there. `asid.pipeline.metrics.shots` holds the
stricter protocol of this project, cuts and gradual ones apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from asid.pipeline.metrics.figure import Absent, Figure, split
from asid.pipeline.metrics.shots import BoundaryCounts

TOLERANCE = 2  # frames, of both papers

ShotFrames = tuple[int, int]  # first and last frame


def match(true: Sequence[ShotFrames], found: Sequence[ShotFrames], tolerance: int = TOLERANCE) -> BoundaryCounts:
    """Count transitions found, missed and false of one video. Raises ValueError for shots that are out of order or
    overlap, or a tolerance below 0."""
    if tolerance < 0:
        raise ValueError(f"a tolerance of {tolerance} frames is below 0")
    theirs, ours = _transitions(true, tolerance), _transitions(found, tolerance)
    hits = missed = false = 0
    while theirs and ours:
        (a, b), (c, d) = theirs[-1], ours[-1]
        if c > b:
            missed += 1
            theirs.pop()
        elif a > d:
            false += 1
            ours.pop()
        else:
            hits += 1
            theirs.pop()
            ours.pop()
    return BoundaryCounts(hits, missed + len(theirs), false + len(ours))


def _transitions(shots: Sequence[ShotFrames], tolerance: int) -> list[tuple[float, float]]:
    """The spans between neighbouring shots, the first one last."""
    for (first, last), (begins, _) in pairwise([*shots, (10**12, 10**12)]):
        if not first <= last < begins:
            raise ValueError(f"shot {first}-{last} is reversed or reaches into the next, which begins at {begins}")
    wide = tolerance / 2
    return [(last + 0.5 - wide, first - 0.5 + wide) for (_, last), (first, _) in pairwise(shots)][::-1]


def figures(videos: Iterable[tuple[Sequence[ShotFrames], Sequence[ShotFrames] | Absent]],
            tolerance: int = TOLERANCE) -> dict[str, Figure]:  # fmt: skip
    """Give `precision`, `recall` and `f1` over videos of (true shots, found shots). Where the found ones are missing,
    all true transitions are missed."""
    videos = list(videos)
    there, missing = split(found for _, found in videos)
    counts = sum((match(true, () if isinstance(found, Absent) else found, tolerance) for true, found in videos),
                 BoundaryCounts(0, 0, 0))  # fmt: skip
    made = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
    return {name: Figure(value if videos else None, len(there), len(videos), missing,
                         "left out" if name == "precision" else "worst") for name, value in made.items()}  # fmt: skip

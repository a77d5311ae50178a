"""How well shot boundaries were found, against a truth file: hard cuts and gradual transitions apart.

A found boundary is where a shot opens. It hits a true cut at most one frame away, or 0.1 s where frames come at uneven
times and only times are true. A cut found inside a true gradual transition is no false cut: it is counted apart.
A gradual transition is hit by any boundary inside it; a found fade or dissolve that lies in none is false.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asid.pipeline.rows import Shot

FRAMES_OFF = 1
SECONDS_OFF = 0.1


@dataclass(frozen=True)
class ShotTruth:
    """Where one video's shots change, in frames, or in seconds when `by_time`."""

    name: str
    by_time: bool
    cuts: tuple[float, ...]
    gradual: tuple[tuple[float, float], ...]  # first and last moment of each transition

    @property
    def tolerance(self) -> float:
        """How far off a hit may be: frames, or s when `by_time`."""
        return SECONDS_OFF if self.by_time else FRAMES_OFF


@dataclass(frozen=True)
class BoundaryCounts:
    """Counts of one kind of boundary."""

    hits: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        """Share of what was found that is true; 1 when nothing was found."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was found; 1 when there is nothing."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 when there was nothing to find and nothing was found."""
        wrong = self.missed + self.false
        return 2 * self.hits / (2 * self.hits + wrong) if self.hits or wrong else 1.0

    def __add__(self, other: BoundaryCounts) -> BoundaryCounts:
        return BoundaryCounts(self.hits + other.hits, self.missed + other.missed, self.false + other.false)


@dataclass(frozen=True)
class ShotScore:
    """Count what was found in one video, or in several."""

    name: str
    cuts: BoundaryCounts
    gradual: BoundaryCounts
    cuts_in_gradual: int


def read_truth(path: Path) -> ShotTruth:
    """A truth file of either form: `transitions` with types, or `cuts` with `gradual`. Raises KeyError without both."""
    data = json.loads(path.read_text())
    by_time = bool(data.get("vfr"))
    name = str(data["file"])
    if "transitions" in data:
        marks = [(one["type"], one["time"] if by_time else one["frame"], one) for one in data["transitions"]]
        edges = ("start", "end") if by_time else ("first_frame", "last_frame")
        gradual = tuple((float(one[edges[0]]), float(one[edges[1]])) for kind, _, one in marks if kind != "cut")
        return ShotTruth(name, by_time, tuple(float(at) for kind, at, _ in marks if kind == "cut"), gradual)
    gradual = tuple((float(one["first"]), float(one["last"])) for one in data.get("gradual") or ())
    return ShotTruth(name, False, tuple(float(frame) for frame in data["cuts"]), gradual)


def score_shots(truth: ShotTruth, shots: Sequence[Shot]) -> ShotScore:
    """The boundaries of one video's shots against its truth."""
    opened = [(shot.start if truth.by_time else float(shot.first_frame), shot.opens_with) for shot in shots]
    inside = [any(_within(at, span, truth.tolerance) for span in truth.gradual) for at, _ in opened]
    cuts = [at for at, kind in opened if kind == "cut"]
    left = _unmatched(cuts, truth.cuts, truth.tolerance)
    hits = len(cuts) - len(left)
    excused = sum(any(_within(at, span, truth.tolerance) for span in truth.gradual) for at in left)
    soft = [
        (at, within)
        for (at, kind), within in zip(opened, inside, strict=True)
        if kind in ("fade", "dissolve") or (kind == "cut" and at in left and within)
    ]
    met = [span for span in truth.gradual if any(_within(at, span, truth.tolerance) for at, _ in soft)]
    return ShotScore(
        truth.name,
        BoundaryCounts(hits, len(truth.cuts) - hits, len(left) - excused),
        BoundaryCounts(len(met), len(truth.gradual) - len(met), sum(not within for _, within in soft)),
        excused,
    )


def eval_shots(truth_dir: Path, found: Mapping[str, Sequence[Shot]]) -> list[ShotScore]:
    """A score for every truth file under `truth_dir` whose video, by file name, was split, then the pooled score."""
    truths = [read_truth(path) for path in sorted(truth_dir.rglob("*.truth.json"))]
    return pooled(score_shots(truth, found[truth.name]) for truth in truths if truth.name in found)


def pooled(scores: Iterable[ShotScore]) -> list[ShotScore]:
    """The scores and, last, one named `all` of their summed counts."""
    scores = list(scores)
    nothing = BoundaryCounts(0, 0, 0)
    cuts = sum((score.cuts for score in scores), nothing)
    gradual = sum((score.gradual for score in scores), nothing)
    return [*scores, ShotScore("all", cuts, gradual, sum(score.cuts_in_gradual for score in scores))]


def _within(at: float, span: tuple[float, float], tolerance: float) -> bool:
    return span[0] - tolerance <= at <= span[1] + tolerance


def _unmatched(found: Sequence[float], true: Sequence[float], tolerance: float) -> list[float]:
    """What is left of `found` when each true mark has taken the nearest one in reach, in order of distance."""
    reach = tolerance + 1e-6
    pairs = sorted((abs(a - b), i, j) for i, a in enumerate(found) for j, b in enumerate(true) if abs(a - b) <= reach)
    used, taken = set(), set()
    for _, i, j in pairs:
        if i not in used and j not in taken:
            used.add(i)
            taken.add(j)
    return [at for i, at in enumerate(found) if i not in used]

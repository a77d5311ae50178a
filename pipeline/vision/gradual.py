"""Gradual transitions between shots: dissolves, wipes and fades, found on a few frames a second.

Of a stretch that begins as one view and ends as another, the frames between say what happened. In a dissolve each is
a mixture of both ends with a falling share of the first; in a wipe each place shows one end or the other; a moving
camera gives frames that neither explains. A fade goes through an empty picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from asid.pipeline.vision.likeness import Look, change, differ, step

MAX_JUMP = 0.5  # from one frame to the next, of the whole change: beyond it there is a cut
STEP = 0.08  # s between the frames looked at
SPANS = (0.64, 1.12, 1.76, 2.64)  # s, of the stretches tried; a transition must fit inside one
PATCH = (20, 11)  # pixels: small enough that slow movement does not matter
MIN_CHANGE = 8.0  # gray steps between the ends
MIN_DIFFERENCE = 0.1
MAX_UNEXPLAINED = 0.08  # of the squared difference of the ends
BETWEEN = 0.12, 0.88  # shares that belong to neither end
MAX_RISE = 0.1  # of the share from one frame to the next
MIN_BETWEEN = 3  # frames of such a share: two happen when a cut is blurred
GOING = 0.93  # of the standard deviation, from one frame to the next, while the picture goes
EMPTY, FADED = 5.0, 0.35  # standard deviation of an empty picture; or this part of what it was before
LEAD = 0.6  # s before and after the empty picture at which the shots are compared: their ramps are over
LONGEST_EMPTY = 8.0  # s
RECENT = 16  # transitions with which another is compared


@dataclass(frozen=True)
class Transition:
    """The new shot is counted from frame `index` at `time`, the middle; `start` and `end` in seconds."""

    kind: Literal["fade", "dissolve"]
    index: int
    time: float
    start: float
    end: float
    doubt: float = 0.0  # what the frames between leave unexplained

    @property
    def ramp(self) -> float:
        """Seconds around a fade's empty picture in which it goes and comes."""
        return LEAD if self.kind == "fade" else 0.0


class GradualFinder:
    """Takes every frame; keeps three seconds of a few a second."""

    def __init__(self) -> None:
        self._kept: list[Look] = []
        self._patches: list[np.ndarray] = []
        self._jumps: list[float] = []  # beside _kept: greatest step since the one before
        self._jump = 0.0
        self.found: list[Transition] = []  # as they are found, some again and again: `finish` chooses
        self._fades = _Fades()

    def add(self, look: Look, step: float) -> None:
        """`step`: how much changed from the frame before (`looks.step`)."""
        self._jump = max(self._jump, step)
        if self._kept and look.time - self._kept[-1].time < STEP - 0.01:
            return
        self._kept.append(look)
        self._patches.append(_patch(look))
        self._jumps.append(self._jump)
        self._jump = 0.0
        while len(self._kept) > 1 and look.time - self._kept[1].time > SPANS[-1]:
            del self._kept[0], self._patches[0], self._jumps[0]
        fade = self._fades.add(look, self._kept)
        if fade:
            self.found.append(fade)
        for span in SPANS:
            if self._blended(span):
                break

    def finish(self) -> list[Transition]:
        """Give the transitions that were found."""
        return apart(self.found)

    def _blended(self, span: float) -> bool:
        """Whether the last `span` seconds are a dissolve or wipe; it is noted unless it is a better known one."""
        last = self._kept[-1]
        first = next(i for i, look in enumerate(self._kept) if last.time - look.time <= span)
        looks = self._kept[first:]
        if len(looks) < MIN_BETWEEN + 2 or change(looks[0], last) < MIN_CHANGE:
            return False
        if max(self._jumps[first + 1 :]) > MAX_JUMP * step(looks[0], last):
            return False
        a, b, halfway = self._patches[first], self._patches[-1], self._patches[first + len(looks) // 2]
        if not _between(a, b, halfway):
            return False
        shares, doubt = _explained(a, b, np.stack(self._patches[first + 1 : -1]))
        if doubt > MAX_UNEXPLAINED:
            return False
        middle = 1 + int(np.argmin(np.abs(shares - 0.5)))
        mixed = np.flatnonzero((shares > BETWEEN[0]) & (shares < BETWEEN[1])) + 1
        start, end = looks[mixed[0] - 1].time, looks[mixed[-1] + 1].time
        found = Transition("dissolve", looks[middle].index, looks[middle].time, start, end, doubt)
        if any(one.doubt <= doubt and _overlap(one, found) for one in self.found[-RECENT:]):
            return True
        if not differ(looks[0], last, MIN_DIFFERENCE):
            return False
        self.found.append(found)
        return True


def apart(found: Iterable[Transition]) -> list[Transition]:
    """In order, no two overlapping: fades first, then the best explained."""
    kept: list[Transition] = []
    for one in sorted(found, key=lambda t: (t.kind != "fade", t.doubt, t.time)):
        if not any(_overlap(other, one) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda t: t.time)


def _overlap(kept: Transition, one: Transition) -> bool:
    return kept.start - kept.ramp < one.end and one.start < kept.end + kept.ramp


class _Fades:
    """Watches for an empty picture between two that differ, entered and left by degrees."""

    def __init__(self) -> None:
        self._before: Look | None = None  # from LEAD before the picture is empty
        self._empty: list[Look] = []
        self._after: list[Look] = []
        self._by_degrees = False

    def add(self, look: Look, kept: list[Look]) -> Transition | None:
        if not self._empty:
            earlier = next((one for one in reversed(kept) if look.time - one.time >= LEAD), None)
            if earlier is not None and _is_empty(look.spread, earlier.spread):
                self._before, self._empty = earlier, [look]
                self._by_degrees = len(kept) > 2 and kept[-2].spread < GOING * kept[-3].spread
            return None
        assert self._before is not None
        if _is_empty(look.spread, self._before.spread):
            self._empty.append(look)
            self._after.clear()
            return None
        self._after.append(look)
        if look.time - self._after[0].time < LEAD:
            return None
        return self._close(look)

    def _close(self, look: Look) -> Transition | None:
        before, empty, after = self._before, self._empty, self._after
        self._before, self._empty, self._after = None, [], []
        assert before is not None
        lasted = empty[-1].time - empty[0].time
        bare = float(np.median([one.spread for one in empty])) < EMPTY
        if lasted > (LONGEST_EMPTY if bare else LEAD) or not differ(before, look, MIN_DIFFERENCE):
            return None
        middle = empty[len(empty) // 2]
        if not self._by_degrees or after[0].spread > GOING * after[1].spread:
            return None
        return Transition("fade", middle.index, middle.time, empty[0].time, empty[-1].time)


def _is_empty(spread: float, usual: float) -> bool:
    return spread < max(EMPTY, FADED * usual) if usual > EMPTY else False


def _shares(a: np.ndarray, b: np.ndarray, between: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of `a` in each of `between` (n, d) as a dissolve and as a wipe, (2, n), and what each leaves unexplained,
    as a part of the squared difference of the ends, (2, n)."""
    gap = a - b
    total = max(1.0, float(gap @ gap))
    mixed = (between - b) @ gap / total
    rest = ((between - b - mixed[:, None] * gap) ** 2).sum(1) / total
    to_a, to_b = (between - a) ** 2, (between - b) ** 2
    wiped = (to_a < to_b) @ gap**2 / total
    return np.stack([mixed, wiped]), np.stack([rest, np.minimum(to_a, to_b).sum(1) / total])


def _explained(a: np.ndarray, b: np.ndarray, between: np.ndarray) -> tuple[np.ndarray, float]:
    """Shares by the better of dissolve and wipe, and what it leaves unexplained in the worst frame: infinite when
    neither has its course."""
    best = np.zeros(len(between)), np.inf
    for shares, unexplained in zip(*_shares(a, b, between), strict=True):
        inside = (shares > BETWEEN[0]) & (shares < BETWEEN[1])
        worst = float(unexplained.max())
        if inside.sum() >= MIN_BETWEEN and np.all(np.diff(shares) < MAX_RISE) and worst < best[1]:
            best = shares, worst
    return best


def _between(a: np.ndarray, b: np.ndarray, one: np.ndarray) -> bool:
    """Whether `one` can lie in a dissolve or wipe from `a` to `b`: quick, and true of all that do."""
    _, doubt = _shares(a, b, one[None])
    return bool(doubt.min() < MAX_UNEXPLAINED)


def _patch(look: Look) -> np.ndarray:
    return cv2.resize(look.planes, PATCH, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()

"""When something in the picture begins at once: a clap, a bounce, a flash. Pure; cuts are left out.

Of each frame the place that changed most since the frame before is looked at. An onset is a change that stands out
from those of the moment before it; that it is seen says nothing of what it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median

import cv2

from asid.pipeline.vision.likeness import Look

GRID = 8, 6  # places across and down
BEFORE = 8  # frames with which a change is compared
TIMES, STEPS = 4.0, 6.0  # the change of a place, in gray steps: so many times the usual one, and so much more
REST = 0.3  # s after an onset in which there is no other: what came goes again
CLOSE = 0.06  # s between two frames: further apart, as where frames are spared, nobody knows when it began
BESIDE = 0.1  # s around a boundary of shots: what changes there is the cut


class OnsetMeter:
    """Takes every frame in order."""

    def __init__(self) -> None:
        self._before: Look | None = None
        self._changes: deque[float] = deque(maxlen=BEFORE)
        self._onsets: list[float] = []

    def add(self, look: Look) -> None:
        """Look at the next frame."""
        before, self._before = self._before, look
        if before is None:
            return
        places = cv2.resize(cv2.absdiff(before.gray, look.gray), GRID, interpolation=cv2.INTER_AREA)
        change = float(places.max())
        usual = median(self._changes) if len(self._changes) == BEFORE else change
        self._changes.append(change)
        if change < max(TIMES * usual, usual + STEPS) or look.time - before.time > CLOSE:
            return
        at = (before.time + look.time) / 2  # it began between the two
        if not self._onsets or at - self._onsets[-1] >= REST:
            self._onsets.append(at)

    def beside(self, boundaries: Iterable[float]) -> tuple[float, ...]:
        """Give the onsets, s, but for those at the given boundaries of shots."""
        cuts = list(boundaries)
        return tuple(round(at, 4) for at in self._onsets if all(abs(at - cut) > BESIDE for cut in cuts))

"""Black bars along the edges of the picture: above and below (letterbox), at the sides (pillarbox), or both.

A bar is black in all but a few moments of a shot, and ends in a straight edge: just inside of it much of the line is
lit at some moment. So the black sky over a skyline is no bar, and neither is a line in which subtitles often stand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asid.pipeline.rows import Bars, Shot
from asid.pipeline.vision.likeness import Look
from asid.pipeline.vision.motion import EVERY

DARK = 32  # gray, video range, up to which a pixel is black: bars are 16, and a little noise
SPECKS = 0.015  # share of a line that may be lit in a bar
STRAIGHT = 0.3  # share of a line that is lit just inside of a bar
WITHIN = 2  # lines in which that must be: a bar may end amid a line of the reduced picture
SELDOM = 0.1  # of a shot's samples may have something in a bar: dissolves from a picture without, flashes
THINNEST = 2  # lines; less is what cameras and captures leave at the edge


class BarMeter:
    """Takes every frame in order, measures a few a second."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._margins: list[np.ndarray] = []  # black lines from top, bottom, left and right, as shares of the picture
        self._straight: list[np.ndarray] = []  # whether the margin ends in a straight edge, of each
        self._line = np.zeros(4)  # share of the picture that one line is, of each
        self._next = 0.0

    def add(self, look: Look) -> None:
        """Look at the next frame."""
        if look.time < self._next - 1e-6:
            return
        self._next = look.time + EVERY
        lit = look.gray > DARK
        if not lit.any():  # nothing can be told of a black picture
            return
        down, across = lit.mean(axis=1), lit.mean(axis=0)
        sides = [_margin(lines) for lines in (down, down[::-1], across, across[::-1])]
        self._line = 1 / np.array([len(down), len(down), len(across), len(across)])
        self._times.append(look.time)
        self._margins.append(np.array([margin for margin, _ in sides]) * self._line)
        self._straight.append(np.array([straight for _, straight in sides]))

    def of(self, shots: Sequence[Shot]) -> tuple[Shot, ...]:
        """The shots with their bars; None of a shot of which no sample shows anything."""
        return tuple(shot.model_copy(update={"bars": self._between(shot.start, shot.end)}) for shot in shots)

    def _between(self, start: float, end: float) -> Bars | None:
        first, after = np.searchsorted(self._times, (start, end))
        if first == after:
            return None
        margins, straight = np.array(self._margins[first:after]), np.array(self._straight[first:after])
        bars = np.quantile(margins, SELDOM, axis=0, method="lower")
        edged = (straight & (np.abs(margins - bars) <= WITHIN * self._line)).any(axis=0)
        bars[~edged | (bars < THINNEST * self._line)] = 0.0
        top, bottom, left, right = (round(float(bar), 4) for bar in bars)
        return Bars(top=top, bottom=bottom, left=left, right=right)


def _margin(lines: np.ndarray) -> tuple[int, bool]:
    """How many of the first lines are black, by the share of each that is lit, and whether a straight edge follows."""
    seen = np.flatnonzero(lines > SPECKS)
    if not len(seen):
        return len(lines), False
    margin = int(seen[0])
    return margin, bool(lines[margin : margin + WITHIN].max() >= STRAIGHT)

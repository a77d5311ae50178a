"""What the picture does, a few times a second: light, colour, change, the camera's motion and what it does not explain.

Camera motion is a similarity (shift, zoom, turn) that most of the picture follows. Corners are followed by sparse
optical flow from one sample to the next; the picture votes by regions, not by corners, so that a title standing over
a moving view, which is all corners, has no more voice than its place. Where too little agrees, as across a cut, no
motion is claimed.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from asid.pipeline.rows import Signal
from asid.pipeline.vision.likeness import Look

EVERY = 0.25  # s between samples
CELL = 8  # pixels: at most one corner in each square
CORNER = 2e-5  # least eigenvalue of the gradient's covariance for a corner, and at least
STRONG = 0.003  # this part of the strongest
REGIONS = 8, 6  # across and down, each with one vote
FEWEST = 8  # corners that must be followed,
VOTES = 10.0  # votes, a fifth of all regions, that must agree on a motion: fewer are a thing that moves,
AGREED = 0.34  # and their share of all
CLEARLY = 0.85  # share of the votes with which a mere shift needs no rival
NEAR = 0.4  # pixels within which a corner follows the motion
TRIES = 150
ROUNDS = 3  # of refining
LOST = 0.35  # mean change of luma (0..1) beyond which two samples show different things
LOW, HIGH = 16.0, 235.0  # black and white of video luma
LEVELS = np.clip((np.arange(256) - LOW) / (HIGH - LOW), 0.0, 1.0)  # of each step of gray
HUES = ((8, "red"), (22, "orange"), (34, "yellow"), (82, "green"), (98, "turquoise"), (128, "blue"), (150, "purple"),
        (170, "pink"), (180, "red"))  # fmt: skip  # upper ends of hue, in OpenCV's 0..179
COLOURFUL = 40  # saturation and value below which a pixel has no hue
RULING = 0.25  # share of the picture that must have a hue before a colour is named
NOTHING = (0.0, 0.0, 0.0, 0.0)
FLOW: Any = {"winSize": (9, 9), "maxLevel": 3, "criteria": (3, 10, 0.03)}


class SignalMeter:
    """Takes every frame in order, measures a few a second."""

    def __init__(self) -> None:
        self.samples: list[Signal] = []
        self._last: Look | None = None  # of the last sample
        self._before: Look | None = None  # the frame before
        self._changes: list[float] = []  # from frame to frame since the last sample, also where frames were left out

    def add(self, look: Look) -> None:
        """Measure the next frame."""
        if self._before is not None:
            self._changes.append(_change(self._before, look) / max(1, look.index - self._before.index))
        self._before, last = look, self._last
        if last is not None and look.time - last.time < EVERY - 1e-6:
            return
        brightness, contrast = _light(look.gray)
        motion = NOTHING
        if last is not None and 0.0 < _change(last, look) < LOST:
            motion = camera_motion(last.gray, look.gray, look.time - last.time)
        pan, tilt, zoom, residual = (round(value, 4) + 0.0 for value in motion)
        self.samples.append(
            Signal(
                time=look.time,
                brightness=round(brightness, 4),
                contrast=round(contrast, 4),
                colour=ruling_colour(look.hsv),
                change=round(min(1.0, sum(self._changes) / max(1, len(self._changes))), 4),
                pan=pan,
                tilt=tilt,
                zoom=zoom,
                residual=residual,
            )
        )
        self._changes.clear()
        self._last = look


def camera_motion(before: np.ndarray, after: np.ndarray, seconds: float) -> tuple[float, float, float, float]:
    """(pan, tilt, zoom, residual) between two grey pictures (h, w) uint8, as in `rows.Signal`."""
    height, width = before.shape
    start, end = _followed(before, after)
    if len(start) < FEWEST:
        return NOTHING
    middle = complex(width / 2, height / 2)
    votes = _votes(start, width, height)
    fit = _similarity(start - middle, end - middle, votes)
    if fit is None:
        return NOTHING
    turn, shift = fit
    off = np.abs(end - middle - (start - middle) * turn - shift)
    return (
        -shift.real / width / seconds,
        shift.imag / height / seconds,
        (abs(turn) - 1.0) / seconds,
        float((off * votes).sum() / votes.sum()) / width / seconds,
    )


def _followed(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the corners of one picture are, and where they went: points as complex numbers, x + iy."""
    height, width = before.shape[0] // CELL, before.shape[1] // CELL
    least = cv2.cornerMinEigenVal(before, 5)[: height * CELL, : width * CELL]
    cells = least.reshape(height, CELL, width, CELL).transpose(0, 2, 1, 3).reshape(height * width, CELL * CELL)
    best, strength = cells.argmax(1), cells.max(1)
    kept = np.flatnonzero(strength > max(CORNER, STRONG * float(strength.max(initial=0.0))))
    if len(kept) < FEWEST:
        return np.empty(0, np.complex64), np.empty(0, np.complex64)
    x, y = kept % width * CELL + best[kept] % CELL, kept // width * CELL + best[kept] // CELL
    points = np.stack([x, y], 1).astype(np.float32)[:, None]
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, np.empty_like(points), **FLOW)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, moved, np.empty_like(points), **FLOW)
    sound = (found.ravel() == 1) & (returned.ravel() == 1) & (np.linalg.norm((back - points)[:, 0], axis=1) < 1.0)
    start, end = points[sound, 0], moved[sound, 0]
    return start.view(np.complex64).ravel(), end.view(np.complex64).ravel()


def _votes(points: np.ndarray, width: int, height: int) -> np.ndarray:
    """The weight of each point: the points of a region share its one vote."""
    across, down = REGIONS
    region = (points.imag * down // height).astype(int) * across + (points.real * across // width).astype(int)
    weights: np.ndarray = 1.0 / np.bincount(region)[region]
    return weights


def _similarity(start: np.ndarray, end: np.ndarray, votes: np.ndarray) -> tuple[complex, complex] | None:
    """(turn and scale, shift) of the similarity with most votes; None if few agree. A mere shift is tried first, then
    random samples, with a fixed seed."""
    went = end - start
    turn, shift = 1.0 + 0j, complex(np.median(went.real), np.median(went.imag))
    if votes[np.abs(went - shift) < NEAR].sum() < CLEARLY * votes.sum():
        turn, shift = _sampled(start, end, votes)
    for _ in range(ROUNDS):
        near = np.abs(end - turn * start - shift) < NEAR
        agreed = votes[near].sum()
        if agreed < VOTES or agreed < AGREED * votes.sum():
            return None
        turn, shift = _least_squares(start[near], end[near], votes[near])
    return turn, shift


def _sampled(start: np.ndarray, end: np.ndarray, votes: np.ndarray) -> tuple[complex, complex]:
    """Of the similarities that random pairs of points make, the one with most votes."""
    pairs = np.random.default_rng(0).integers(0, len(start), (2, TRIES))
    one, two = pairs[:, start[pairs[0]] != start[pairs[1]]]
    turns = np.append((end[two] - end[one]) / (start[two] - start[one]), 1.0)
    shifts = np.append(end[one] - start[one] * turns[:-1], 0.0)
    off = end - turns[:, None] * start - shifts[:, None]
    best = int((off.real**2 + off.imag**2 < NEAR**2).astype(np.float32).dot(votes).argmax())
    return complex(turns[best]), complex(shifts[best])


def _least_squares(start: np.ndarray, end: np.ndarray, weights: np.ndarray) -> tuple[complex, complex]:
    share = weights / weights.sum()
    centre, target = complex(share @ start), complex(share @ end)
    spread = float(share @ np.abs(start - centre) ** 2)
    turn = complex(share @ ((end - target) * np.conj(start - centre))) / spread if spread > 0 else 1.0 + 0j
    return turn, target - turn * centre


def _light(gray: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of luma, 0..1."""
    shares = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel() / gray.size
    mean = float(shares @ LEVELS)
    return mean, float(shares @ (LEVELS - mean) ** 2) ** 0.5


def _change(a: Look, b: Look) -> float:
    """Mean absolute difference of luma, 0..1."""
    return float(cv2.norm(a.gray, b.gray, cv2.NORM_L1)) / a.gray.size / (HIGH - LOW)


def ruling_colour(hsv: np.ndarray) -> str:
    """The commonest hue of a picture (h, w, 3) in OpenCV's HSV, or "grey" when little of it has one."""
    coloured = cv2.inRange(hsv, (0, COLOURFUL, COLOURFUL), (179, 255, 255))
    hues = cv2.calcHist([hsv], [0], coloured, [180], [0, 180]).ravel()
    if hues.sum() < RULING * coloured.size:
        return "grey"
    counts: dict[str, float] = {}
    start = 0
    for end, name in HUES:
        counts[name] = counts.get(name, 0.0) + float(hues[start:end].sum())
        start = end
    return max(counts, key=lambda name: counts[name])

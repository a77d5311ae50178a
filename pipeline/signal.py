"""What the picture does, a few times a second: light, colour, change, the camera's motion and what it does not explain.

Camera motion is a similarity (shift, zoom, turn) fitted with RANSAC to corners that are followed by sparse optical flow
from one sample to the next. Where too few corners agree, as across a cut, no motion is claimed.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.looks import Look
from pipeline.rows import Signal

EVERY = 0.25  # s between samples
CORNERS = 200
FEWEST = 12  # corners that must agree on a motion,
AGREED = 0.4  # and their share of those followed
LOST = 0.35  # mean change of luma (0..1) beyond which two samples show different things
LOW, HIGH = 16.0, 235.0  # black and white of video luma
HUES = ((8, "red"), (22, "orange"), (34, "yellow"), (82, "green"), (98, "turquoise"), (128, "blue"), (150, "purple"),
        (170, "pink"), (180, "red"))  # fmt: skip  # upper ends of hue, in OpenCV's 0..179
COLOURFUL = 40  # saturation and value below which a pixel has no hue
RULING = 0.25  # share of the picture that must have a hue before a colour is named
NOTHING = (0.0, 0.0, 0.0, 0.0)
FLOW = {"winSize": (15, 15), "maxLevel": 3}


class SignalMeter:
    """Takes every frame in order, measures a few a second."""

    def __init__(self) -> None:
        self.samples: list[Signal] = []
        self._last: Look | None = None

    def add(self, look: Look) -> None:
        last = self._last
        if last is not None and look.time - last.time < EVERY - 1e-6:
            return
        luma = np.clip((look.gray.astype(np.float32) - LOW) / (HIGH - LOW), 0.0, 1.0)
        change, motion = 0.0, NOTHING
        if last is not None:
            change = float(cv2.absdiff(look.gray, last.gray).mean()) / (HIGH - LOW)
            if 0.0 < change < LOST:
                motion = camera_motion(last.gray, look.gray, look.time - last.time)
        pan, tilt, zoom, residual = (round(value, 4) + 0.0 for value in motion)
        self.samples.append(
            Signal(
                time=look.time,
                brightness=round(float(luma.mean()), 4),
                contrast=round(float(luma.std()), 4),
                colour=ruling_colour(look.bgr),
                change=round(min(change, 1.0), 4),
                pan=pan,
                tilt=tilt,
                zoom=zoom,
                residual=residual,
            )
        )
        self._last = look


def camera_motion(before: np.ndarray, after: np.ndarray, seconds: float) -> tuple[float, float, float, float]:
    """(pan, tilt, zoom, residual) between two grey pictures (h, w) uint8, as in `rows.Signal`."""
    height, width = before.shape
    corners = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, max(4, width // 40))
    if corners is None or len(corners) < FEWEST:
        return NOTHING
    followed, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None, **FLOW)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, followed, None, **FLOW)
    sound = (found.ravel() == 1) & (returned.ravel() == 1) & (np.linalg.norm((back - corners)[:, 0], axis=1) < 1.0)
    start, end = corners[sound, 0], followed[sound, 0]
    if len(start) < FEWEST:
        return NOTHING
    cv2.setRNGSeed(0)
    fit, inside = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if fit is None or inside.sum() < max(FEWEST, AGREED * len(start)):
        return NOTHING
    centre = np.array([width / 2, height / 2])
    shift = fit[:, :2] @ centre + fit[:, 2] - centre
    scale = float(np.hypot(fit[0, 0], fit[1, 0]))
    explained = start @ fit[:, :2].T + fit[:, 2]
    residual = float(np.linalg.norm(end - explained, axis=1).mean()) / width
    return (
        -float(shift[0]) / width / seconds,
        float(shift[1]) / height / seconds,
        (scale - 1.0) / seconds,
        residual / seconds,
    )


def ruling_colour(picture: np.ndarray) -> str:
    """The commonest hue of a BGR picture, or "grey" when little of it has one."""
    small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA)
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2HSV))
    coloured = hue[(saturation >= COLOURFUL) & (value >= COLOURFUL)]
    if len(coloured) < RULING * hue.size:
        return "grey"
    counts: dict[str, int] = {}
    start = 0
    for end, name in HUES:
        counts[name] = counts.get(name, 0) + int(((coloured >= start) & (coloured < end)).sum())
        start = end
    return max(counts, key=lambda name: counts[name])

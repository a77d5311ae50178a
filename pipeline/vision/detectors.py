"""Who proposes cuts: PySceneDetect's detectors and TransNetV2, behind one door.

The usual one, PySceneDetect's adaptive detector, is computed here: the same numbers at a third of the cost, as a
frame's change is one norm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from asid.pipeline.vision.gradual import Transition
from asid.pipeline.vision.likeness import Look

if TYPE_CHECKING:
    from scenedetect import FrameTimecode
    from scenedetect.detector import SceneDetector

PROPOSE = {"adaptive": 2.2, "content": 20.0, "histogram": 0.05, "hash": 0.3, "threshold": 12.0, "transnet": 0.5}
MIN_CONTENT = 8.0  # of the adaptive detector: below it nothing happened
AROUND = 2  # frames on each side with which the adaptive detector compares
NOTHING, MOST = 1e-5, 255.0  # changes around a frame that count as none, and the ratio then


class Detector(Protocol):
    """Proposes frames that may open a shot, by their place among those it was given, up to `lag` frames late.
    `transitions` are complete after `close`."""

    lag: int

    @property
    def transitions(self) -> Sequence[Transition]: ...

    def propose(self, look: Look) -> list[int]: ...

    def close(self) -> list[int]: ...


class Adaptive:
    """A frame whose change, in hue, saturation and value, is `threshold` times the mean of those around it."""

    transitions: Sequence[Transition] = ()
    lag = AROUND

    def __init__(self, threshold: float):
        self._threshold = threshold
        self._changes: deque[float] = deque(maxlen=2 * AROUND + 1)
        self._last: np.ndarray | None = None
        self._place = -1

    def propose(self, look: Look) -> list[int]:
        self._place += 1
        colours = look.hsv
        last = colours if self._last is None else self._last
        self._changes.append(cv2.norm(colours, last, cv2.NORM_L1) / colours.size)
        self._last = colours
        if len(self._changes) <= 2 * AROUND:
            return []
        change = self._changes[AROUND]
        around = (sum(self._changes) - change) / (2 * AROUND)
        ratio = min(change / around, MOST) if around >= NOTHING else MOST
        return [self._place - AROUND] if change >= MIN_CONTENT and ratio >= self._threshold else []

    def close(self) -> list[int]:
        return []


class Proposer:
    """One of PySceneDetect's detectors; lengths of shots are not their business here."""

    transitions: Sequence[Transition] = ()
    lag = 0

    def __init__(self, detector: SceneDetector):
        self._detector = detector
        self._place = -1

    def propose(self, look: Look) -> list[int]:
        self._place += 1
        return [cut.frame_num for cut in self._detector.process_frame(_numbered(self._place), look.bgr)]

    def close(self) -> list[int]:
        return [cut.frame_num for cut in self._detector.post_process(_numbered(self._place))]


def open_detector(name: str, threshold: float) -> Detector:
    """The detector of that name, ready for the first frame."""
    if name == "transnet":
        from asid.pipeline.vision.transnet import TransNet

        return TransNet(threshold)
    if name == "adaptive":
        return Adaptive(threshold)
    from scenedetect import detectors

    kinds = {
        "content": detectors.ContentDetector,
        "histogram": detectors.HistogramDetector,
        "hash": detectors.HashDetector,
        "threshold": detectors.ThresholdDetector,
    }
    return Proposer(kinds[name](threshold=threshold, min_scene_len=0))


def _numbered(place: int) -> FrameTimecode:
    from scenedetect import FrameTimecode

    return FrameTimecode(place, fps=1.0)

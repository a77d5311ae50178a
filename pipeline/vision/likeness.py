"""Do two frames show the same view? Colour, structure and what stood still, on very small copies.

One number, `difference`: above 0 the frames are of different shots. It is made of what a cut changes and what a shot
does not change in a moment: the colours of the whole picture (a histogram), structures that can be found again a
little elsewhere and at another brightness (blocks matched by correlation, so that a turning camera, a flash or an
exposure change is recognised), and places that did not change at all (so that a screen in the picture, or words laid
over it, is not taken for a new shot).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

BLOCKS = 5  # a side
REACH = 0.15  # of the longer side: how far a block is looked for
ALIKE = 0.7  # correlation of a block found again
TEXTURE = 4.0  # standard deviation of gray below which a block shows nothing to find
STILL = 5, 4  # gray and colour steps within which a place did not change
LIT = 40  # gray above which a place counts: black bars stand still in every cut
WEIGHT_FOUND, WEIGHT_STILL = 0.5, 0.8


@dataclass(frozen=True)
class Look:
    """A frame for comparing: the reduced picture, uint8, YCbCr. `gray` (h, w), `blue` and `red` of half the side."""

    index: int
    time: float
    gray: np.ndarray
    blue: np.ndarray
    red: np.ndarray

    @cached_property
    def tiny(self) -> np.ndarray:
        """Gray at half the side, for structure."""
        height, width = self.blue.shape
        return cv2.resize(self.gray, (width, height), interpolation=cv2.INTER_AREA)

    @cached_property
    def spread(self) -> float:
        """Standard deviation of `tiny`: how much there is to see."""
        return float(cv2.meanStdDev(self.tiny)[1][0, 0])

    @cached_property
    def planes(self) -> np.ndarray:
        """YCrCb at half the side, (h, w, 3)."""
        return cv2.merge([self.tiny, self.red, self.blue])

    @cached_property
    def colours(self) -> np.ndarray:
        """Share of each of 8 x 4 x 4 steps of hue, saturation and value; sums to 1."""
        counts = cv2.calcHist([self.hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256])
        shares: np.ndarray = counts.ravel() / counts.sum()
        return shares

    @cached_property
    def bgr(self) -> np.ndarray:
        """Half the side, (h, w, 3) uint8, as PySceneDetect takes it."""
        return cv2.cvtColor(self.planes, cv2.COLOR_YCrCb2BGR)

    @cached_property
    def hsv(self) -> np.ndarray:
        """Half the side, (h, w, 3) uint8, hue in 0..179."""
        return cv2.cvtColor(self.bgr, cv2.COLOR_BGR2HSV)


def difference(a: Look, b: Look) -> float:
    """Above 0: different shots. From about -1 (the same picture) to 1."""
    return colour_distance(a, b) - WEIGHT_FOUND * found_again(a, b) - WEIGHT_STILL * stood_still(a, b)


def differ(a: Look, b: Look, least: float) -> bool:
    """Whether `difference` is at least `least`: quick where their colours hardly differ."""
    return colour_distance(a, b) >= least and difference(a, b) >= least


def change(a: Look, b: Look) -> float:
    """Mean absolute difference of gray, 0..255: cheap."""
    return cv2.norm(a.tiny, b.tiny, cv2.NORM_L1) / a.tiny.size


def step(a: Look, b: Look) -> float:
    """Mean absolute difference of gray and colour together, 0..255."""
    return cv2.norm(a.planes, b.planes, cv2.NORM_L1) / a.planes.size


def colour_distance(a: Look, b: Look) -> float:
    """Half the sum of absolute differences of the two colour histograms: 0 the same, 1 nothing in common."""
    return float(np.abs(a.colours - b.colours).sum() / 2)


def found_again(a: Look, b: Look) -> float:
    """Share of the textured blocks of each picture that lie somewhere near in the other; 0 where none has texture."""
    first, second = _found(a.tiny, b.tiny), _found(b.tiny, a.tiny)
    return (first[0] + second[0]) / max(1, first[1] + second[1])


def stood_still(a: Look, b: Look) -> float:
    """Share of the lit places with the same gray and colour in both."""
    steps = cv2.absdiff(a.planes, b.planes)
    same = (steps[:, :, 0] <= STILL[0]) & (steps[:, :, 1] <= STILL[1]) & (steps[:, :, 2] <= STILL[1])
    lit = cv2.max(a.planes[:, :, 0], b.planes[:, :, 0]) > LIT
    return int(np.count_nonzero(same & lit)) / max(1, int(np.count_nonzero(lit)))


def _found(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    height, width = a.shape
    high, wide = height // BLOCKS, width // BLOCKS
    if high < 3 or wide < 3:
        return 0, 0
    reach = int(REACH * max(width, height))
    field = cv2.copyMakeBorder(b, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    found = 0
    blocks = a[: high * BLOCKS, : wide * BLOCKS].reshape(BLOCKS, high, BLOCKS, wide)
    places = np.argwhere(blocks.std(axis=(1, 3)) >= TEXTURE) * (high, wide)
    for top, left in places.tolist():
        near = field[top : top + high + 2 * reach, left : left + wide + 2 * reach]
        block = a[top : top + high, left : left + wide]
        found += bool(cv2.matchTemplate(near, block, cv2.TM_CCOEFF_NORMED).max() > ALIKE)
    return found, len(places)

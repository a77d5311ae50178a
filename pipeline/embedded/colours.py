"""Names of colours, of pixels and of parts of a picture. Pictures are RGB, uint8, (height, width, 3)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

NAMES = ("black", "white", "grey", "red", "orange", "brown", "yellow", "green", "turquoise", "blue", "purple", "pink")
# Upper ends of hue, in OpenCV's 0..179.
HUES = ((8, "red"), (22, "orange"), (34, "yellow"), (82, "green"), (98, "turquoise"), (128, "blue"), (150, "purple"),
        (170, "pink"), (180, "red"))  # fmt: skip
HUED = NAMES[3:]
GREYISH = 40  # saturation below it has no hue
MOSTLY = 0.55  # share of the pixels from which on a picture is mostly of one colour
MUTED = 0.7  # share of the pixels without a hue from which on colours are muted
MONOCHROME = 14  # of the 95 % point of saturation times value, 0..255


def names(picture: np.ndarray) -> np.ndarray:
    """The index into `NAMES` of each pixel."""
    hue, saturation, value = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV))
    table = np.zeros(256, np.uint8)
    start = 0
    for end, name in HUES:
        table[start:end] = NAMES.index(name)
        start = end
    named: np.ndarray = table[hue]
    named[(named == NAMES.index("orange")) & (value < 150)] = NAMES.index("brown")
    named[(named == NAMES.index("red")) & (saturation < 120) & (value > 170)] = NAMES.index("pink")
    grey = saturation < GREYISH
    named[grey] = NAMES.index("grey")
    named[grey & (value > 205)] = NAMES.index("white")
    named[value < 46] = NAMES.index("black")
    return named


def main(part: np.ndarray, share: float) -> str:
    """The colour that covers at least `share` of it; "" when none does."""
    if part.size == 0:
        return ""
    counts = np.bincount(names(part).ravel(), minlength=len(NAMES))
    best = int(counts.argmax())
    return NAMES[best] if counts[best] >= share * counts.sum() else ""


def ruling(pictures: Sequence[np.ndarray]) -> str:
    """The hue that most of the pictures are of, "grey" where they have hardly any, "" where nothing stands out: a
    colour that covers a third of a picture is one of several."""
    counts = np.mean([np.bincount(names(one).ravel(), minlength=len(NAMES)) / one[:, :, 0].size for one in pictures], 0)
    shares = dict(zip(NAMES, counts.tolist(), strict=True))
    best = max(HUED, key=lambda name: shares[name])
    if shares[best] >= MOSTLY:
        return best
    return "grey" if shares["grey"] + shares["white"] >= MUTED else ""


def monochrome(picture: np.ndarray) -> bool:
    """Whether it has shades of one grey, or of one faint tint, only."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[:, :, 1:].astype(np.int16) - 128
    return bool(np.percentile(np.abs(lab).max(axis=2), 97) <= MONOCHROME / 2)

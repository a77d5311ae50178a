"""Pictures drawn from a seed, and what the shot finder takes of them."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from asid.pipeline.vision.likeness import Look

WIDTH, HEIGHT = 320, 180


def view(seed: int, right: float = 0.0, down: float = 0.0, zoom: float = 1.0) -> np.ndarray:
    """(180, 320, 3) BGR: a part of a wide landscape of blobs, which differs in colour and form by `seed`. `right` and
    `down` are where its middle lies, in pixels."""
    random = np.random.default_rng(seed)
    wide, high = 3 * WIDTH, 2 * HEIGHT
    land = np.zeros((high, wide, 3), np.float32)
    for size, weight in ((6, 90.0), (24, 60.0), (96, 40.0)):
        coarse = random.standard_normal((size * high // wide + 2, size, 3)).astype(np.float32)
        land += weight * cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    land = np.clip(land * 0.6 + random.uniform(60, 200, 3).astype(np.float32), 0, 255)
    onto = np.float32(
        [[zoom, 0, WIDTH / 2 - zoom * (wide / 2 + right)], [0, zoom, HEIGHT / 2 - zoom * (high / 2 + down)]]
    )
    return cv2.warpAffine(land, onto, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.uint8)


def scene(seed: int, count: int, pan: float = 0.5) -> list[np.ndarray]:
    """`count` pictures by a camera that turns right by `pan` pixels a frame."""
    return [view(seed, right=pan * n) for n in range(count)]


def dissolve(one: int, other: int, count: int) -> list[np.ndarray]:
    """From one scene's view to the other's."""
    a, b = view(one).astype(np.float32), view(other).astype(np.float32)
    return [(a + (b - a) * (n + 1) / (count + 1)).astype(np.uint8) for n in range(count)]


def fade(seed: int, count: int) -> list[np.ndarray]:
    """From a scene's view to black."""
    return [(view(seed) * (1 - (n + 1) / count)).astype(np.uint8) for n in range(count)]


def look(picture: np.ndarray, index: int, fps: float = 25.0) -> Look:
    half = (picture.shape[1] // 2, picture.shape[0] // 2)
    small = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    gray, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb))
    luma = (16 + gray.astype(np.float32) * 219 / 255).astype(np.uint8)
    blue, red = (cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for plane in (blue, red))
    return Look(index, index / fps, luma, blue, red)


def looks(pictures: Iterable[np.ndarray], fps: float = 25.0) -> list[Look]:
    return [look(picture, index, fps) for index, picture in enumerate(pictures)]

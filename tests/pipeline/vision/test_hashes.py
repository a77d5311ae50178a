"""Pictures that look alike have nearly the same hash, others do not."""

from __future__ import annotations

import cv2
import numpy as np

from asid.pipeline.vision.hashes import phash
from tests.kits.shotkit import view


def gray(seed: int, **where: float) -> np.ndarray:
    return cv2.cvtColor(view(seed, **where), cv2.COLOR_BGR2GRAY)


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return (int(phash(one), 16) ^ int(phash(other), 16)).bit_count()


def test_a_picture_is_known_again() -> None:
    picture = gray(1)
    small = cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)
    pressed = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], cv2.IMREAD_GRAYSCALE)
    for changed in (small, pressed, np.clip(picture * 0.8 + 20, 0, 255).astype(np.uint8)):
        assert apart(picture, changed) <= 6


def test_other_pictures_are_far() -> None:
    pictures = [gray(seed) for seed in range(12)]
    far = [apart(a, b) for n, a in enumerate(pictures) for b in pictures[:n]]
    assert min(far) > 12
    assert 26 < np.mean(far) < 38, "half of the bits by chance"


def test_a_hash_is_16_hex_digits_also_of_nothing() -> None:
    for picture in (np.zeros((90, 160), np.uint8), np.full((2, 2), 255, np.uint8), gray(3)):
        assert len(phash(picture)) == 16
        assert int(phash(picture), 16) >= 0
    assert phash(np.zeros((90, 160), np.uint8)) == phash(np.full((90, 160), 200, np.uint8)), "only structure counts"

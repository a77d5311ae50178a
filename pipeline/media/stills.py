"""Stills of a picture, taken while it is decoded. ffmpeg leaves candidates raw, about one a second; of a long shot some
are let go, the others become JPEGs: most of what a JPEG costs is saved, and little lies on the disk at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from asid.pipeline.media.process import MediaError

LATE = 3.0  # s after which it is known where the shot of a candidate began
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 85)
Still = tuple[float, Path]


class Album:
    """Keeps the first `per_shot` candidates of each shot, and later ones that lie at least `apart` seconds apart."""

    def __init__(self, folder: Path, size: tuple[int, int], per_shot: int, apart: float):
        self.kept: list[Still] = []  # time and JPEG, in order
        self._folder = folder  # not that of the candidates, which is gone through again and again
        self._size = size
        self._per_shot = per_shot
        self._apart = apart
        self._shot = self._last = -1.0
        self._count = 0

    def settle(self, candidates: Iterable[Still], until: float, opening: Callable[[float], float]) -> None:
        """Keep or let go of the candidates, in order, that were shown before `until`, in seconds. `opening`: when the
        shot began that is seen at a time. Raises MediaError when one is not whole."""
        for time, raw in candidates:
            if time >= until:
                return
            shot = opening(time)
            if shot != self._shot:
                self._shot, self._count = shot, 0
            if self._count < self._per_shot or time - self._last >= self._apart:
                self.kept.append((time, self._jpeg(raw, time)))
                self._count, self._last = self._count + 1, time
            raw.unlink()

    def _jpeg(self, raw: Path, time: float) -> Path:
        width, height = self._size
        planes = np.fromfile(raw, np.uint8)
        if len(planes) != width * height * 3 // 2:
            raise MediaError(f"the still at {time:.3f} s is not whole", "undecodable")
        picture = cv2.cvtColor(planes.reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420)
        target = self._folder / f"{raw.stem}.jpg"
        if not cv2.imwrite(str(target), picture, QUALITY):
            raise MediaError(f"the still at {time:.3f} s cannot be written", "undecodable")
        return target

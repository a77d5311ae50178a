"""The sampled stills of a clip, as pictures."""

from __future__ import annotations

import cv2
import numpy as np

from asid.pipeline.rows import Frame
from asid.pipeline.stage import Unprocessable
from asid.pipeline.storage import Storage


def picture(frame: Frame, storage: Storage, side: int) -> np.ndarray:
    """RGB, uint8, (height, width, 3), at most `side` pixels long. Raises Unprocessable when the still is gone or is
    none."""
    try:
        data = storage.read(frame.uri)
    except FileNotFoundError as error:
        raise Unprocessable(f"the still at {frame.time:g} s is gone: {frame.uri}", kind="missing_media") from error
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if decoded is None:
        raise Unprocessable(f"the still at {frame.time:g} s cannot be read: {frame.uri}", kind="missing_media")
    height, width = decoded.shape[:2]
    if (scale := side / max(height, width)) < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(decoded[:, :, ::-1])

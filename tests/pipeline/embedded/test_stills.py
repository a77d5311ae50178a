"""The sampled stills of a clip, as pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from asid.pipeline.embedded.stills import picture
from asid.pipeline.rows import Frame
from asid.pipeline.stage import Unprocessable
from asid.pipeline.storage import Storage

FRAME = Frame(time=2.5, uri="run:still.png", phash="0" * 16)


def lay(folder: Path, height: int, width: int) -> None:
    blue = np.zeros((height, width, 3), np.uint8)
    blue[:] = (255, 10, 0)  # BGR
    (folder / "still.png").write_bytes(cv2.imencode(".png", blue)[1].tobytes())


@pytest.mark.parametrize(
    ("size", "side", "shape"),
    [((90, 160), 640, (90, 160)), ((90, 160), 80, (45, 80)), ((160, 90), 80, (80, 45)), ((1, 400), 40, (1, 40))],
)
def test_a_still_is_red_first_and_never_longer_than_asked_for(
    tmp_path: Path, size: tuple[int, int], side: int, shape: tuple[int, int]
) -> None:
    lay(tmp_path, *size)
    found = picture(FRAME, Storage(tmp_path), side)
    assert found.shape == (*shape, 3)
    assert found.dtype == np.uint8
    assert found[0, 0].tolist() == [0, 10, 255]
    assert found.flags["C_CONTIGUOUS"]


def test_a_still_that_is_gone_fails_its_row_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match=r"the still at 2\.5 s is gone: run:still\.png") as caught:
        picture(FRAME, Storage(tmp_path), 64)
    assert caught.value.kind == "missing_media"


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_one_that_is_no_picture_too(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "still.png").write_bytes(data)
    with pytest.raises(Unprocessable, match="cannot be read") as caught:
        picture(FRAME, Storage(tmp_path), 64)
    assert caught.value.kind == "missing_media"

"""What a hearing backend takes and gives."""

from __future__ import annotations

import numpy as np
import pytest

from asid.pipeline.speech.base import RATE, Block, Segment, Tongue
from tests.kits.speechkit import word


@pytest.mark.parametrize(("start", "samples", "end"), [(0.0, 0, 0.0), (12.5, RATE, 13.5), (1.0, RATE // 4, 1.25)])
def test_a_block_ends_with_its_last_sample(start: float, samples: int, end: float) -> None:
    assert Block(start, np.zeros(samples, np.float32), ()).end == end


def test_a_segment_is_its_words() -> None:
    segment = Segment((word(1.0, 1.5, "good"), word(1.6, 2.0, "day.")))
    assert (segment.start, segment.end, segment.text) == (1.0, 2.0, "good day.")


def test_a_tongue_lasts_as_long_as_its_spans_together() -> None:
    assert Tongue("en", 0.9, ((0.0, 1.5), (4.0, 5.0))).seconds == 2.5
    assert Tongue("en", 0.9, ()).seconds == 0

"""How shots are to be found: names of detectors, their usual thresholds, and what a row says of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from asid.pipeline.vision.detectors import find_detector
from asid.pipeline.vision.settings import ShotSettings


def test_a_threshold_is_the_detectors_own_unless_given() -> None:
    assert ShotSettings().proposing == find_detector("adaptive").threshold
    assert ShotSettings(detector="content").proposing == find_detector("content").threshold
    assert ShotSettings(threshold=7.5).proposing == 7.5


def test_a_row_tells_what_its_shots_were_found_with() -> None:
    said = str(ShotSettings(detector="content", threshold=30, clear=0.05, gradual=False))
    assert said == "content 30, clear 0.05, unclear 0.25, min_shot 0.1, no gradual"
    assert str(ShotSettings()) != str(ShotSettings(threshold=9)), "or a row could not be told from another"


def test_a_detector_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'adaptive'"):
        ShotSettings(detector="adaptiv")

"""Proposals come from PySceneDetect's detectors, or equal theirs."""

from __future__ import annotations

import numpy as np
import pytest
from scenedetect.detectors import AdaptiveDetector

from asid.pipeline.vision.detectors import MIN_CONTENT, PROPOSE, Adaptive, Proposer, open_detector
from tests.kits.shotkit import dissolve, looks, scene

PICTURES = [
    *scene(1, 20), *scene(2, 3), *scene(3, 30, pan=9.0), *dissolve(3, 4, 12), *scene(4, 8, pan=0.0), *scene(5, 9),
]  # fmt: skip


@pytest.mark.parametrize("threshold", [1.2, 2.2, 5.0])
def test_the_adaptive_detector_proposes_what_pyscenedetect_proposes(threshold: float) -> None:
    still = [np.full_like(PICTURES[0], 90)] * 9  # nothing moves around the cut to it: no ratio can be taken
    frames = looks([*PICTURES, *still, *scene(6, 9, pan=0.0)])
    theirs = Proposer(AdaptiveDetector(adaptive_threshold=threshold, min_content_val=MIN_CONTENT, min_scene_len=0))
    ours = Adaptive(threshold)
    proposed = [ours.propose(look) for look in frames]
    assert proposed == [theirs.propose(look) for look in frames]
    assert {20, len(PICTURES), len(PICTURES) + 9} <= {place for places in proposed for place in places}


@pytest.mark.parametrize("name", sorted(set(PROPOSE) - {"transnet", "threshold"}))
def test_every_detector_proposes_a_plain_cut(name: str) -> None:
    detector = open_detector(name, PROPOSE[name])
    proposed = [place for look in looks([*scene(1, 20), *scene(2, 20)]) for place in detector.propose(look)]
    assert 20 in [*proposed, *detector.close()]

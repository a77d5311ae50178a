"""What of a clip reaches a model, in the words that its prompt says it with."""

from __future__ import annotations

import pytest

from asid.pipeline.models.base import Media
from asid.pipeline.models.perception import Perception

VIDEO = Media(kind="video", uri="run:a.mp4", sha256="a")
SOUND = Media(kind="audio", uri="run:a.mp4", sha256="a")
STILLS = tuple(Media(kind="image", uri=f"run:{time}.jpg", sha256="b", time=time) for time in (0.0, 1.25, 12.0))


@pytest.mark.parametrize(
    ("perceives", "has_sound", "told"),
    [
        (Perception(), True, "the video with its sound"), (Perception(), False, "the video, which has no sound"),
        (Perception(hears=False), True, "the video without its sound"), (Perception(hears=None), True, "the video"),
        (Perception(fps=2), True, "the video with its sound, looked at 2 times a second"),
        (Perception(fps=0.5, clock="by its own clock"), False,
         "the video, which has no sound, looked at 0.5 times a second (by its own clock)"),
        (Perception(stills=True), True,
         "stills of the video, evenly spread, each after the second at which it is shown, and no sound"),
        (Perception(stills=True, fps=1, max_frames=9), False,
         "stills of the video, 1 for each second, at most 9, each after the second at which it is shown, and no sound"),
    ],
)  # fmt: skip
def test_a_video_is_promised_as_the_model_gets_it(perceives: Perception, has_sound: bool, told: str) -> None:
    assert perceives.of([VIDEO], has_sound) == told


def test_stills_are_counted_and_dated_in_their_order() -> None:
    assert Perception().of(STILLS, False) == "3 stills, in order, taken at 0.0s, 1.2s, 12.0s"


def test_each_kind_is_told_once_picture_first() -> None:
    told = Perception(hears=False).of([*STILLS, SOUND, VIDEO], True)
    assert told.split("; ")[:2] == ["the video without its sound", "the sound"]
    assert told.endswith("12.0s")


def test_who_is_shown_nothing_is_told_so() -> None:
    assert Perception().of([], True) == "neither picture nor sound, only what is written here"


def test_sound_alone_is_sound_alone() -> None:
    assert Perception(stills=True).of([SOUND], True) == "the sound"

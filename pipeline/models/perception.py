"""What of a clip reaches a model: which media its provider sends, and whether the model hears them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asid.pipeline.models.base import Media


@dataclass(frozen=True)
class Perception:
    """How a model is shown a video.

    stills: a video is sent as stills, each after its second; no sound goes with them.
    hears: the model hears what is sent of sound; None: nobody says so.
    fps, max_frames: of the stills, or of what the model looks at in a video; 0: the model's own.
    clock: how the model is told the playing time, beyond the stills' seconds.
    """

    stills: bool = False
    hears: bool | None = True
    fps: float = 0.0
    max_frames: int = 0
    clock: str = ""

    def of(self, media: Sequence[Media], has_sound: bool) -> str:
        """The media in words, as they reach the model, with the times of stills. Pure."""
        images = [medium for medium in media if medium.kind == "image"]
        kinds = {medium.kind for medium in media}
        parts = [self._video(has_sound)] if "video" in kinds else []
        if "audio" in kinds:
            parts.append("the sound")
        if images:
            times = ", ".join(f"{medium.time or 0:.1f}s" for medium in images)
            parts.append(f"{len(images)} stills, in order, taken at {times}")
        return "; ".join(parts) or "neither picture nor sound, only what is written here"

    def _video(self, has_sound: bool) -> str:
        if self.stills:
            rate = f"{self.fps:g} for each second" if self.fps else "evenly spread"
            most = f", at most {self.max_frames}" if self.max_frames else ""
            return f"stills of the video, {rate}{most}, each after the second at which it is shown, and no sound"
        sampled = f", looked at {self.fps:g} times a second" if self.fps else ""
        clock = f" ({self.clock})" if self.clock else ""
        if not has_sound:
            return f"the video, which has no sound{sampled}{clock}"
        sound = {True: "the video with its sound", False: "the video without its sound", None: "the video"}[self.hears]
        return f"{sound}{sampled}{clock}"

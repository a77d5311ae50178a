"""Which split a clip is in. Decided by its video alone, so that no video is seen in training and in a test."""

from __future__ import annotations

from dataclasses import dataclass

from asid.pipeline.chance import draw
from asid.pipeline.dataset.export.folder import ExportError

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Splits:
    """Shares of videos held back; the rest is for training."""

    validation: float = 0.0
    test: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (
            self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1
        ):  # as for what is no number
            raise ExportError("the shares of validation and test are 0 or more, and leave something for training")

    def of(self, video: str) -> str:
        """Give the split that a video is in."""
        number = draw("split", self.seed, video)
        if number < self.test:
            return TEST
        return VALIDATION if number < self.test + self.validation else TRAIN

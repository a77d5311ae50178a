"""How shots are to be found."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from asid.pipeline import vision
from asid.pipeline.registry import DETECTORS


class ShotSettings(BaseModel):
    """How shots are found. `threshold` 0 takes the detector's usual one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: str = Field("adaptive", description="adaptive, content, histogram, hash, threshold, transnet or yours")
    threshold: float = Field(0.0, ge=0, description="at which the detector proposes a cut; 0: its usual one")
    clear: float = Field(0.03, description="difference of the views at a cut, when the change stands out")
    unclear: float = Field(0.25, description="difference of the views at a cut amid other changes")
    gradual: bool = Field(True, description="look for dissolves, wipes and fades too")
    min_shot: float = Field(0.1, ge=0, description="s; of two boundaries closer than this the weaker goes")

    @field_validator("detector")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if not DETECTORS.knows(value):
            raise ValueError(DETECTORS.unknown(value))
        return value

    @property
    def proposing(self) -> float:
        """The threshold that is used."""
        return self.threshold or vision.detectors.find_detector(self.detector).threshold

    def __str__(self) -> str:
        rest = f"clear {self.clear:g}, unclear {self.unclear:g}, min_shot {self.min_shot:g}"
        soft = "gradual" if self.gradual else "no gradual"
        return f"{self.detector} {self.proposing:g}, {rest}, {soft}"

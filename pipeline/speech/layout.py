"""How a transcript is to be laid out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Layout(BaseModel):
    """How what was heard is cut into utterances and spans of sound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap: float = Field(0.8, gt=0, description="seconds of pause that end an utterance")
    longest: float = Field(12.0, gt=0, description="seconds after which the next sentence is a new utterance")
    silence_db: float = Field(-50.0, le=0, description="RMS level below which a span counts as silence")
    shortest_sound: float = Field(0.3, ge=0, description="seconds below which sound or silence joins its neighbour")

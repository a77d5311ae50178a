"""What a picture may be, and how clips are to be made."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ProbeLimits(BaseModel):
    """What a picture may be. Beyond it a file is refused, with the kind named here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pixels: int = Field(7680 * 4320, gt=0, description="coded or displayed; too_large")
    max_seconds: float = Field(6 * 3600.0, gt=0, description="of the picture; too_long")
    max_streams: int = Field(64, gt=0, description="too_many_streams")
    max_fps: float = Field(1200.0, gt=0, description="average; too_fast")
    max_gap: float = Field(600.0, gt=0, description="seconds that one frame may stand; gap")
    min_frames: int = Field(2, ge=1, description="fewer are a still, not a video; still")


class CutSettings(BaseModel):
    """How clips are made. All of it is in the clip's hash: the same settings give the same bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["encode", "copy", "virtual"] = "encode"
    encoder: Literal["libx264", "h264_nvenc"] = "libx264"
    preset: str = Field("veryfast", pattern=r"^[a-z0-9]+$", description="the encoder's; p1 to p7 for NVENC")
    quality: int = Field(21, ge=0, le=51, description="constant quality: crf, or cq for NVENC; lower is better")
    audio_kbps: int = Field(128, ge=16, le=512)
    threads: int = Field(2, ge=1, le=64, description="of the encoder; another number gives other bytes")

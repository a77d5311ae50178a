"""A video as one clip, untouched and unseen: for an annotator alone, which needs no evidence beside the file itself."""

from __future__ import annotations

from asid.pipeline.rows import Clip, Video, grow
from asid.pipeline.stage import Stage, StageConfig


class Whole(Stage[Video, Clip, StageConfig]):
    """Shots, stills and speech are not looked for: the clip says so in `hearing`, and has none."""

    name = "whole"

    async def process(self, video: Video) -> Clip:
        nothing = dict.fromkeys(
            ("shots", "signal", "frames", "utterances", "turns", "voices", "sounds", "guards", "subtitles"), ()
        )
        return grow(
            video,
            Clip,
            id=f"{video.id}-{0:08d}-{round(video.duration * 1000):08d}",
            video=video.id,
            offset=0.0,
            source_uri="",  # the file itself, not a span of it
            source_start=0.0,
            source_end=video.duration,
            sound=video.audio_streams > 0,
            language="",
            language_score=0.0,
            hearing="not listened to",
            **nothing,
        )

"""A video as one clip, untouched and unseen: for an annotator alone, which needs no evidence beside the file itself."""

from __future__ import annotations

from pydantic import Field

from asid.pipeline.evaluation.prompted import AskedPrompt, tags_of
from asid.pipeline.rows import Clip, Video, grow
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.storage import display_name


class WholeConfig(StageConfig):
    """Say what is asked of each video, where it is not the same for all."""

    prompts: tuple[AskedPrompt, ...] = Field((), description="one clip for each prompt of a video; empty: one clip")


class Whole(Stage[Video, Clip, WholeConfig]):
    """Shots, stills and speech are not looked for: the clip says so in `hearing`, and has none. With `prompts` a video
    has a clip for each prompt that is for it, with the words in its tag `asked`."""

    name = "whole"

    async def process(self, video: Video) -> list[Clip]:
        if not self.config.prompts:
            return [_clip(video)]
        names = [video.name, *map(display_name, video.duplicates)]
        found = tags_of(self.config.prompts, names)
        if not found:
            raise Unprocessable("none of the prompts is for this video", "no_prompt")
        whole = _clip(video)
        return [
            whole.model_copy(update={"id": f"{whole.id}-p{number}", "tags": video.tags | tags})
            for number, tags in enumerate(found)
        ]


def _clip(video: Video) -> Clip:
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

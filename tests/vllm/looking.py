"""A stage whose answer has a narrow form, so that even a model that knows nothing gives a right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from asid.pipeline.asking import evidence
from asid.pipeline.asking.stage import AskingConfig, AskingStage
from asid.pipeline.rows import Clip, Record


class Look(Record):
    shot: Literal["wide", "medium", "close"]
    people: int = Field(ge=0, le=9)


class LookingConfig(AskingConfig):
    prompt: str = "look"


class Looking(AskingStage[Clip, Clip, LookingConfig]):
    name = "look"

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration",)}

    async def process(self, clip: Clip) -> Clip:
        media = await evidence.media(clip, ("video",), 1, self.context.storage)
        values = {"duration": evidence.seconds(clip.duration)}
        answer = await self.ask(clip, "look", self.config.prompt, values, {}, Look, media)
        said: Look = answer.value
        tags = {"shot": said.shot, "people": str(said.people), "input": str(answer.response.usage.input_tokens)}
        return clip.model_copy(update={"tags": clip.tags | tags})

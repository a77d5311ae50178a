"""The verified caption is taken apart into one caption for each attribute (ASID, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.asking import evidence
from asid.pipeline.asking.stage import AskingStage
from asid.pipeline.asking.writing import WritingConfig, marks
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import AttributeCaptions, Decomposed, Verified, grow


class DecomposeConfig(WritingConfig):
    """Say which prompt takes captions apart."""

    prompt: str = Field("decompose", min_length=1)
    empty: bool = Field(True, description="object to an attribute left empty that the caption tells something of")


class Decompose(AskingStage[Verified, Decomposed, DecomposeConfig]):
    """Take the verified caption apart by attribute."""

    name = "decompose"
    version = 2

    @classmethod
    def texts(cls, config: DecomposeConfig, prompts: Prompts) -> dict[str, str]:
        return {attribute: entry.about for attribute, entry in prompts.attributes().items()}

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "caption", "attributes")}

    def open(self) -> None:
        super().open()
        entries = self.context.prompts.attributes()
        self.attributes = "\n".join(f"- {attribute}: {entry.about}" for attribute, entry in entries.items())

    async def process(self, clip: Verified) -> Decomposed:
        answer = await self.ask(
            clip,
            "decompose",
            self.config.prompt,
            {
                "duration": evidence.seconds(clip.duration),
                "caption": evidence.caption(clip.verified),
                "attributes": self.attributes,
            },
            facts={
                "duration": clip.duration,
                "caption": clip.verified,
                "candidates": evidence.candidate_facts(clip.candidates),
            },
            answer=AttributeCaptions,
            check=lambda parts: astray(clip.verified, parts),
            problems=lambda parts: captions.parts.find(parts.model_dump(), clip.verified, empty=self.config.empty),
        )
        parts = AttributeCaptions(**{name: getattr(answer.value, name).strip() for name in ATTRIBUTES})
        return grow(
            clip,
            Decomposed,
            attributes=parts,
            decomposed_by=self.by(answer.response, self.config.prompt),
            marks=clip.marks + marks(self.name, answer.left),
        )


def astray(caption: str, parts: AttributeCaptions) -> str | None:
    """Why the parts cannot be of this caption; None when they can: something is there, and each part's anchors are some
    of the caption's, in the caption's order."""
    texts = {name: getattr(parts, name).strip() for name in ATTRIBUTES}
    if not any(texts.values()):
        return "all eight captions are empty"
    for name, text in texts.items():
        left = iter(captions.anchors.times(caption))
        for time in captions.anchors.times(text):
            if time not in left:  # walks on: what comes later must stand later
                return f"`{name}` has the anchor {time:f}s, which the caption does not have, or not in this place"
    return None

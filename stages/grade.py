"""Every candidate is graded by written principles, with the clip in view (AVC-DPO, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Grade
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.stage import AskingConfig, AskingStage, together
from asid.pipeline.models.base import Media
from asid.pipeline.rows import Candidate, Captioned, Score, Scored, grow

BEST = 10


class GradeConfig(AskingConfig):
    """Say by which principles captions are graded."""

    prompt: str = Field("judge/temporal", min_length=1, description="holds the principles")
    aspects: dict[str, str] = Field(
        {}, description="annotator -> prompt with the principles of its aspect: by these its caption is graded, and "
        "those of the annotators that have no aspect; empty: all by `prompt`"
    )  # fmt: skip
    sees: tuple[Medium, ...] = Field(("video",), min_length=1, description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")


class Grader(AskingStage[Captioned, Scored, GradeConfig]):
    """Grade each candidate by itself."""

    name = "grade"

    @classmethod
    def prompts(cls, config: GradeConfig) -> list[str]:
        return sorted(set(config.aspects.values())) or [config.prompt]

    @classmethod
    def annotators(cls, config: GradeConfig) -> list[str]:
        return list(config.aspects)

    def places(self) -> dict[str, Sequence[str]]:
        return dict.fromkeys(self.prompts(self.config), ("duration", "material", "caption"))

    async def process(self, clip: Captioned) -> Scored:
        config = self.config
        media = await evidence.media(clip, config.sees, config.max_frames, self.context.storage)
        telling = [candidate for candidate in clip.candidates if candidate.caption]
        asked = [
            (candidate, aspect, prompt)
            for aspect, prompt in (config.aspects or {"": config.prompt}).items()
            for candidate in telling
            if candidate.annotator == aspect or candidate.annotator not in config.aspects
        ]
        scores = await together(self._score(clip, *one, media) for one in asked)
        return grow(clip, Scored, reference="", events=(), scores=tuple(scores))

    async def _score(
        self, clip: Captioned, candidate: Candidate, aspect: str, prompt: str, media: Sequence[Media]
    ) -> Score:
        values = {
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, self.config.sees, self.config.max_frames),
            "caption": evidence.caption(candidate.caption),
        }
        answer = await self.ask(clip, "grade", prompt, values, {}, Grade, media)
        return Score(
            annotator=candidate.annotator,
            value=answer.value.grade / BEST,
            missing=(),
            incorrect=(),
            hallucinated=(),
            why=answer.value.why,
            by=self.by(answer.response, prompt),
            aspect=aspect,
        )

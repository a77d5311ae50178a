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
    sees: tuple[Medium, ...] = Field(("video",), min_length=1, description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")


class Grader(AskingStage[Captioned, Scored, GradeConfig]):
    """Grade each candidate by itself."""

    name = "grade"

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "material", "caption")}

    async def process(self, clip: Captioned) -> Scored:
        media = await evidence.media(clip, self.config.sees, self.config.max_frames, self.context.storage)
        telling = [candidate for candidate in clip.candidates if candidate.caption]
        scores = await together(self._score(clip, candidate, media) for candidate in telling)
        return grow(clip, Scored, reference="", events=(), scores=tuple(scores))

    async def _score(self, clip: Captioned, candidate: Candidate, media: Sequence[Media]) -> Score:
        values = {
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, self.config.sees, self.config.max_frames),
            "caption": evidence.caption(candidate.caption),
        }
        answer = await self.ask(clip, "grade", self.config.prompt, values, {}, Grade, media)
        return Score(
            annotator=candidate.annotator,
            value=answer.value.grade / BEST,
            missing=(),
            incorrect=(),
            hallucinated=(),
            why=answer.value.why,
            by=self.by(answer.response, self.config.prompt),
        )

"""The candidate captions of a clip become one draft (ASID, Fig. 15)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from pipeline import evidence
from pipeline.asking import AskingConfig, AskingStage
from pipeline.rows import Captioned, Drafted, grow
from pipeline.stage import Unprocessable


class EnsembleConfig(AskingConfig):
    prompt: str = Field("ensemble", min_length=1)
    min_candidates: int = Field(1, ge=1, description="fewer candidates that say something fail the clip")


class Ensemble(AskingStage[Captioned, Drafted, EnsembleConfig]):
    name = "ensemble"

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "descriptions", "transcript")}

    async def process(self, clip: Captioned) -> Drafted:
        telling = [candidate.annotator for candidate in clip.candidates if candidate.caption]
        if len(telling) < self.config.min_candidates:
            said = f"{len(telling)} annotators have something to say ({', '.join(telling) or 'none'})"
            raise Unprocessable(f"{said}, {self.config.min_candidates} are needed", kind="too_few_candidates")
        answer = await self.ask(
            clip,
            "ensemble",
            self.config.prompt,
            {
                "duration": evidence.seconds(clip.duration),
                "descriptions": evidence.descriptions(clip.candidates),
                "transcript": evidence.transcript(clip.utterances, clip.subtitles),
            },
            facts={
                "duration": clip.duration,
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
            },
        )
        return grow(clip, Drafted, draft=answer.value.strip(), draft_by=self.by(answer.response, self.config.prompt))

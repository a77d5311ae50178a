"""The candidate captions of a clip become one draft (ASID, Fig. 15), with the clip itself in view if the recipe says so
(AVoCaDO, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.asking import evidence
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.stage import AskingStage
from asid.pipeline.asking.wrapping import structured
from asid.pipeline.asking.writing import WritingConfig, marks
from asid.pipeline.rows import Captioned, Drafted, grow
from asid.pipeline.stage import Unprocessable


class EnsembleConfig(WritingConfig):
    """Say how candidates are merged."""

    prompt: str = Field("ensemble", min_length=1)
    min_candidates: int = Field(1, ge=1, description="fewer candidates that say something fail the clip")
    sees: tuple[Medium, ...] = Field((), description="video (with its sound), audio, frames; its prompt has `material`")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")


class Ensemble(AskingStage[Captioned, Drafted, EnsembleConfig]):
    """Merge candidates into one chronological draft."""

    name = "ensemble"
    version = 2

    def places(self) -> dict[str, Sequence[str]]:
        seen = ("material",) if self.config.sees else ()
        return {self.config.prompt: ("duration", "descriptions", "transcript", *seen)}

    async def process(self, clip: Captioned) -> Drafted:
        telling = [candidate.annotator for candidate in clip.candidates if candidate.caption]
        if len(telling) < self.config.min_candidates:
            said = f"{len(telling)} annotators have something to say ({', '.join(telling) or 'none'})"
            raise Unprocessable(f"{said}, {self.config.min_candidates} are needed", kind="too_few_candidates")
        sees, most = self.config.sees, self.config.max_frames
        known = captions.grounds.grounds(clip)
        values = {
            "duration": evidence.seconds(clip.duration),
            "descriptions": evidence.descriptions(clip.candidates),
            "transcript": evidence.transcript(clip.utterances, clip.subtitles),
        }
        if sees:
            values["material"] = evidence.material(clip, sees, most)
        answer = await self.ask(
            clip,
            "ensemble",
            self.config.prompt,
            values,
            facts={
                "duration": clip.duration,
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
            },
            media=await evidence.media(clip, sees, most, self.context.storage),
            check=structured,
            problems=lambda text: captions.checks.examine(text.strip(), known, style="integer"),
        )
        return grow(
            clip,
            Drafted,
            draft=answer.value.strip(),
            draft_by=self.by(answer.response, self.config.prompt),
            marks=clip.marks + marks(self.name, answer.left),
        )

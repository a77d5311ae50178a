"""The draft is held against all sources and completed once (ASID, Fig. 16), between two rounds of deterministic checks:
the first tells the model what is wrong with the draft, the second tells the reader what is wrong with the result."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Verification
from asid.pipeline.asking.stage import AskingStage
from asid.pipeline.asking.writing import WritingConfig, marks
from asid.pipeline.rows import Drafted, Problem, Verified, grow


class VerifyConfig(WritingConfig):
    """Say which prompt verifies, and whether the original evidence is in view."""

    prompt: str = Field(
        "", description="empty: verify, which has the sources alone (Fig. 16), or verify_seen where there is something "
        "to see"
    )  # fmt: skip
    sees: tuple[evidence.Medium, ...] = Field(
        (), description="video (with its sound), audio, frames: ASID's section 3.2 verifies against the clip itself"
    )
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")

    @property
    def wording(self) -> str:
        """The name of the prompt."""
        return self.prompt or ("verify_seen" if self.sees else "verify")


class Verify(AskingStage[Drafted, Verified, VerifyConfig]):
    """Complete and correct the draft against the evidence."""

    name = "verify"
    version = 3

    @classmethod
    def prompts(cls, config: VerifyConfig) -> list[str]:
        return [config.wording]

    def places(self) -> dict[str, Sequence[str]]:
        seen = ("material",) if self.config.sees else ()
        return {self.config.wording: ("duration", "caption", "descriptions", "transcript", "problems", *seen)}

    async def process(self, clip: Drafted) -> Verified:
        config = self.config
        seen = {"material": evidence.material(clip, config.sees, config.max_frames)} if config.sees else {}
        answer = await self.ask(
            clip,
            "verify",
            config.wording,
            {
                **seen,
                "duration": evidence.seconds(clip.duration),
                "caption": evidence.caption(clip.draft),
                "descriptions": evidence.descriptions(clip.candidates),
                "transcript": evidence.transcript(clip.utterances, clip.subtitles),
                "problems": evidence.problems(problems(clip, clip.draft)),
            },
            facts={
                "duration": clip.duration,
                "caption": clip.draft,
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
            },
            answer=Verification,
            media=await evidence.media(clip, config.sees, config.max_frames, self.context.storage),
            check=lambda found: None if found.caption.strip() else "`caption` is empty",
            problems=lambda found: problems(clip, found.caption.strip()),
        )
        found: Verification = answer.value
        return grow(
            clip,
            Verified,
            verified=found.caption.strip(),
            missing_sight=found.non_speech_deficiency_specific,
            missing_speech=found.speech_deficiency_specific,
            problems=tuple(problems(clip, found.caption.strip())),
            verified_by=self.by(answer.response, config.wording),
            marks=clip.marks + marks(self.name, answer.left),
        )


def problems(clip: Drafted, caption: str) -> list[Problem]:
    """What rules object to in a caption of the clip."""
    return captions.checks.examine(caption, captions.grounds.grounds(clip), style="integer")

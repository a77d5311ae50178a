"""Each attribute's caption is compared with the clip, against that attribute's VERIFY list (ASID, Fig. 17)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, field_validator

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Findings
from asid.pipeline.asking.stage import AskingConfig, AskingStage, together
from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Audit, Audited, Decomposed, grow


class AuditConfig(AskingConfig):
    prompt: str = Field("audit", min_length=1)
    candidates: bool = Field(
        False, description="also show what the annotators wrote; its prompt, audit_accounts, has `descriptions`"
    )
    sees: tuple[evidence.Medium, ...] = Field(("video",), description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")
    attributes: tuple[Attribute, ...] = Field(ATTRIBUTES, min_length=1)

    @field_validator("attributes", mode="after")
    @classmethod
    def _in_order(cls, value: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in ATTRIBUTES if attribute in value)


class Auditor(AskingStage[Decomposed, Audited, AuditConfig]):
    """One request for each attribute, all at once."""

    name = "audit"
    version = 2

    @classmethod
    def texts(cls, config: AuditConfig, prompts: Prompts) -> dict[str, str]:
        entries = prompts.attributes()
        return {attribute: entries[attribute].model_dump_json() for attribute in config.attributes}

    def places(self) -> dict[str, Sequence[str]]:
        names = ("attribute", "about", "verify", "caption", "duration", "material", "transcript")
        return {self.config.prompt: (*names, "descriptions") if self.config.candidates else names}

    def open(self) -> None:
        super().open()
        self.entries = self.context.prompts.attributes()

    async def process(self, clip: Decomposed) -> Audited:
        config = self.config
        media = await evidence.media(clip, config.sees, config.max_frames, self.context.storage)
        audits = await together(self._audit(clip, attribute, media) for attribute in config.attributes)
        return grow(clip, Audited, audits=tuple(audits))

    async def _audit(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media]) -> Audit:
        config, entry = self.config, self.entries[attribute]
        caption = getattr(clip.attributes, attribute)
        answer = await self.ask(
            clip,
            "audit",
            config.prompt,
            {
                "attribute": attribute,
                "about": entry.about,
                "verify": "\n".join(f"- {point}" for point in entry.verify),
                "caption": evidence.caption(caption),
                "duration": evidence.seconds(clip.duration),
                "material": evidence.material(clip, config.sees, config.max_frames),
                **({"descriptions": evidence.descriptions(clip.candidates)} if config.candidates else {}),
                "transcript": evidence.transcript(clip.utterances, clip.subtitles),
            },
            facts={
                "attribute": attribute,
                "about": entry.about,
                "verify": list(entry.verify),
                "caption": caption,
                "duration": clip.duration,
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
            },
            answer=Findings,
            media=media,
            attribute=attribute,
        )
        found: Findings = answer.value
        return Audit(
            attribute=attribute,
            errors=tuple(found.errors),
            missing=tuple(found.missing),
            expressiveness=tuple(found.expressiveness),
            by=self.by(answer.response, config.prompt),
        )

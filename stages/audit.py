"""Each attribute's caption is compared with the clip, against that attribute's VERIFY list (ASID, Fig. 17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from asid.pipeline.asking import evidence, showing
from asid.pipeline.asking.answers import Findings, Suspicion
from asid.pipeline.asking.sharing import Sharing, leading
from asid.pipeline.asking.stage import NOBODY, AskingConfig, AskingStage, together
from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Audit, Audited, Decomposed, grow


class AuditConfig(Sharing, AskingConfig):
    """Say what is audited, and what the auditor sees."""

    HOW: ClassVar[frozenset[str]] = AskingConfig.HOW | Sharing.HOW | {"recall", "confidence"}

    prompt: str = Field("audit", min_length=1)
    candidates: bool = Field(
        False, description="also show what the annotators wrote; its prompt, audit_accounts, has `descriptions`"
    )
    sees: tuple[evidence.Medium, ...] = Field(("video",), description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")
    attributes: tuple[Attribute, ...] = Field(ATTRIBUTES, min_length=1)
    by: dict[Attribute, str] = Field(
        {}, description="other models for some attributes: {speech: gemini}, where `model` hears nothing"
    )

    screen: str = Field(
        "", description="a cheap model of the manifest that is asked first; `asid screen` says when its word is enough"
    )
    screen_prompt: str = Field("screen", min_length=1)
    threshold: float | None = Field(
        None, ge=0, le=100, description="suspicion below which `model` is not asked; None: it always is"
    )
    recall: float = Field(0.95, gt=0, lt=1, description="share of the faults that `model` finds which must be kept")
    confidence: float = Field(0.95, gt=0, lt=1, description="with which the recall is to hold")

    @field_validator("attributes", mode="after")
    @classmethod
    def _in_order(cls, value: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in ATTRIBUTES if attribute in value)


class Auditor(AskingStage[Decomposed, Audited, AuditConfig]):
    """One request for each attribute. What all of them are given stands first in each, so that a provider's cache makes
    all but the first of them cheap."""

    name = "audit"
    version = 3

    @classmethod
    def texts(cls, config: AuditConfig, prompts: Prompts) -> dict[str, str]:
        entries = prompts.attributes()
        return {attribute: entries[attribute].model_dump_json() for attribute in config.attributes}

    @classmethod
    def models(cls, config: AuditConfig) -> list[str]:
        return list(dict.fromkeys([config.model, *([config.screen] if config.screen else []), *config.by.values()]))

    @classmethod
    def prompts(cls, config: AuditConfig) -> list[str]:
        return [config.prompt, *([config.screen_prompt] if config.screen else [])]

    def places(self) -> dict[str, Sequence[str]]:
        names = ("attribute", "about", "verify", "caption", "duration", "material", "transcript")
        shown = (*names, "descriptions") if self.config.candidates else names
        screened = {self.config.screen_prompt: names} if self.config.screen else {}
        return {self.config.prompt: shown, **screened}

    def open(self) -> None:
        super().open()
        self.entries = self.context.prompts.attributes()

    async def process(self, clip: Decomposed) -> Audited:
        config = self.config
        media = await evidence.media(clip, config.sees, config.max_frames, self.context.storage)
        screened: list[Audit] = []
        if config.screen:
            cheap = config.goes_alone(self.context.models[config.screen])
            screened = await leading((self._screen(clip, name, media) for name in config.attributes), cheap)
        low = {one.attribute: one for one in screened if config.threshold is not None and _of(one) < config.threshold}
        asked: dict[str, list[Attribute]] = {}
        for name in config.attributes:
            if name not in low:
                asked.setdefault(config.by.get(name, config.model), []).append(name)
        groups = [
            leading((self._audit(clip, name, media) for name in names), config.goes_alone(self.context.models[model]))
            for model, names in asked.items()
        ]
        found = [audit for group in await together(groups) for audit in group]
        suspicions = {one.attribute: one.suspicion for one in screened}
        made = low | {
            one.attribute: one.model_copy(update={"suspicion": suspicions.get(one.attribute)}) for one in found
        }
        return grow(clip, Audited, audits=tuple(made[name] for name in config.attributes))

    async def _screen(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media]) -> Audit:
        """A clean audit with the screen's suspicion: what stands when the strong auditor is not asked."""
        config = self.config
        answer = await self.ask(
            clip, "screen", config.screen_prompt, self._values(clip, attribute, accounts=False, hears=True), facts={},
            answer=Suspicion,
            media=media, attribute=attribute, model=config.screen,
        )  # fmt: skip
        by = self.by(answer.response, config.screen_prompt)
        return Audit(attribute=attribute, errors=(), missing=(), expressiveness=(), by=by,
                     suspicion=answer.value.suspicion)  # fmt: skip

    def _values(self, clip: Decomposed, attribute: Attribute, accounts: bool, hears: bool) -> dict[str, str]:
        config, entry = self.config, self.entries[attribute]
        return {
            "attribute": attribute,
            "about": entry.about,
            "verify": "\n".join(f"- {point}" for point in entry.points(hears)),
            "caption": evidence.caption(getattr(clip.attributes, attribute)),
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, config.sees, config.max_frames),
            **({"descriptions": evidence.descriptions(clip.candidates)} if accounts else {}),
            "transcript": evidence.transcript(clip.utterances, clip.subtitles),
        }

    async def _audit(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media]) -> Audit:
        config, entry = self.config, self.entries[attribute]
        caption = getattr(clip.attributes, attribute)
        other = config.by.get(attribute, "")
        hears = showing.hears(self.context.models[other or config.model], clip, media)
        if not entry.points(hears):
            return Audit(attribute=attribute, errors=(), missing=(), expressiveness=(), by=NOBODY,
                         not_audited=entry.verify)  # fmt: skip
        answer = await self.ask(
            clip,
            "audit",
            config.prompt,
            self._values(clip, attribute, config.candidates, hears),
            facts=evidence.audit_facts(clip, entry, attribute, caption),
            answer=Findings,
            media=media,
            attribute=attribute,
            model="" if other == config.model else other,
        )
        found: Findings = answer.value
        return Audit(
            attribute=attribute,
            errors=tuple(found.errors),
            missing=tuple(found.missing),
            expressiveness=tuple(found.expressiveness),
            by=self.by(answer.response, config.prompt),
            not_audited=tuple(point for point in entry.verify if point not in entry.points(hears)),
        )


def _of(audit: Audit) -> float:
    return 100.0 if audit.suspicion is None else audit.suspicion

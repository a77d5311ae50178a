"""Each attribute's caption is compared with the clip, against that attribute's VERIFY list (ASID, Fig. 17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Findings, Suspicion
from asid.pipeline.asking.sharing import Sharing, leading
from asid.pipeline.asking.stage import AskingConfig, AskingStage
from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.captions import latest
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import PromptError, Prompts
from asid.pipeline.rows import Audit, Audited, Decomposed, Refined, Row, grow, joined


class AuditConfig(Sharing, AskingConfig):
    """Say what is audited, and what the auditor sees."""

    HOW: ClassVar[frozenset[str]] = AskingConfig.HOW | Sharing.HOW | {"recall", "confidence", "rounds"}

    prompt: str = Field("audit", min_length=1)
    candidates: bool = Field(
        False, description="also show what the annotators wrote; its prompt, audit_accounts, has `descriptions`"
    )
    sees: tuple[evidence.Medium, ...] = Field(("video",), description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")
    attributes: tuple[Attribute, ...] = Field(ATTRIBUTES, min_length=1)
    rounds: int = Field(
        1,
        ge=1,
        le=5,
        description="most times that it and the stage after it work: again on what was changed",
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
    all but the first of them cheap. What was refined already is audited again where it was changed, and nowhere else;
    where nothing was, nobody is asked."""

    name = "audit"
    version = 3

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return joined(taken, Audited)

    @classmethod
    def texts(cls, config: AuditConfig, prompts: Prompts) -> dict[str, str]:
        entries = prompts.attributes()
        return {attribute: entries[attribute].model_dump_json() for attribute in config.attributes}

    @classmethod
    def models(cls, config: AuditConfig) -> list[str]:
        return [config.model, *([config.screen] if config.screen else [])]

    @classmethod
    def prompts(cls, config: AuditConfig) -> list[str]:
        return [config.prompt, *([config.screen_prompt] if config.screen else [])]

    def places(self) -> dict[str, Sequence[str]]:
        names = ("attribute", "about", "verify", "caption", "duration", "material", "transcript")
        shown = (*names, "descriptions") if self._accounts() else names
        screened = {self.config.screen_prompt: names} if self.config.screen else {}
        return {self.config.prompt: shown, **screened}

    def _accounts(self) -> bool:
        """Whether the prompt has a place for what the annotators wrote. An embedded auditor reads no prompt, and is
        given their findings as facts."""
        return self.config.candidates and "{{descriptions}}" in self.context.prompts.text(self.config.prompt)

    def open(self) -> None:
        model = self.context.models.get(self.config.model)
        if self.config.candidates and model is not None and not model.reads_facts and not self._accounts():
            raise PromptError(f"`candidates` needs a prompt with {{{{descriptions}}}}, such as audit_accounts; "
                              f"{self.config.prompt} has none")  # fmt: skip
        super().open()
        self.entries = self.context.prompts.attributes()

    async def process(self, clip: Decomposed) -> Audited:
        config = self.config
        names = [name for name in config.attributes if not isinstance(clip, Refined) or name in changed(clip)]
        if not names:
            return clip  # type: ignore[return-value]  # refined, and so audited: as before
        media = await evidence.media(clip, config.sees, config.max_frames, self.context.storage)
        alone = config.goes_alone(self.model)
        screened: list[Audit] = []
        if config.screen:
            cheap = config.goes_alone(self.context.models[config.screen])
            screened = await leading((self._screen(clip, name, media) for name in names), cheap)
        low = {one.attribute: one for one in screened if config.threshold is not None and _of(one) < config.threshold}
        asked = [name for name in names if name not in low]
        found = await leading((self._audit(clip, name, media) for name in asked), alone) if asked else []
        suspicions = {one.attribute: one.suspicion for one in screened}
        made = low | {
            one.attribute: one.model_copy(update={"suspicion": suspicions.get(one.attribute)}) for one in found
        }
        if not isinstance(clip, Refined):
            return grow(clip, Audited, audits=tuple(made[name] for name in config.attributes))
        number = max(edit.round for edit in clip.edits) + 1
        again = {name: audit.model_copy(update={"round": number}) for name, audit in made.items()}
        audits = tuple(again.get(audit.attribute, audit) for audit in clip.audits)  # type: ignore[call-overload]
        return clip.model_copy(update={"audits": audits})

    async def _screen(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media]) -> Audit:
        """A clean audit with the screen's suspicion: what stands when the strong auditor is not asked."""
        config = self.config
        answer = await self.ask(
            clip, "screen", config.screen_prompt, self._values(clip, attribute, accounts=False), facts={},
            answer=Suspicion,
            media=media, attribute=attribute, model=config.screen,
        )  # fmt: skip
        by = self.by(answer.response, config.screen_prompt)
        return Audit(attribute=attribute, errors=(), missing=(), expressiveness=(), by=by,
                     suspicion=answer.value.suspicion)  # fmt: skip

    def _values(self, clip: Decomposed, attribute: Attribute, accounts: bool) -> dict[str, str]:
        config, entry = self.config, self.entries[attribute]
        return {
            "attribute": attribute,
            "about": entry.about,
            "verify": "\n".join(f"- {point}" for point in entry.verify),
            "caption": evidence.caption(latest.by_attribute(clip)[attribute]),
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, config.sees, config.max_frames),
            **({"descriptions": evidence.descriptions(clip.candidates)} if accounts else {}),
            "transcript": evidence.transcript(clip.utterances, clip.subtitles, clip.sounds),
        }

    async def _audit(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media]) -> Audit:
        config, entry = self.config, self.entries[attribute]
        caption = latest.by_attribute(clip)[attribute]
        answer = await self.ask(
            clip,
            "audit",
            config.prompt,
            self._values(clip, attribute, self._accounts()),
            facts=evidence.audit_facts(clip, entry, attribute, caption, accounts=config.candidates),
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


def changed(clip: Refined) -> set[str]:
    """The attributes whose captions were changed since they were audited."""
    rounds = {audit.attribute: audit.round for audit in clip.audits}
    return {
        edit.attribute
        for edit in clip.edits
        if edit.changed and edit.round >= rounds.get(edit.attribute, edit.round + 1)
    }


def _of(audit: Audit) -> float:
    return 100.0 if audit.suspicion is None else audit.suspicion

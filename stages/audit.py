"""Each attribute's caption is compared with the clip, against that attribute's VERIFY list (ASID, Fig. 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from asid.pipeline.asking import evidence, showing
from asid.pipeline.asking.answers import AuditAnswer, GroupAnswer, Suspicion
from asid.pipeline.asking.sharing import Sharing, leading
from asid.pipeline.asking.stage import NOBODY, AskingConfig, AskingStage, together
from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.captions import latest
from asid.pipeline.captions.text import squash
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import PromptError, Prompts
from asid.pipeline.rows import Answered, Audit, Audited, Decomposed, Refined, Row, grow, joined
from asid.pipeline.stage import Unprocessable

SEVERAL = ("aspects", "duration", "material", "transcript")  # what a request for several attributes is rendered with
OWN = frozenset({"attribute", "about", "verify", "caption"})  # in what the requests about a clip differ
ALONE = frozenset({"invalid_answer", "truncated"})  # kinds of failure after which each attribute is asked about alone


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

    together: int = Field(
        1, ge=1, le=len(ATTRIBUTES), description="attributes in one request: cheaper, and what it loses is for you to "
        "measure (`asid audit` on a sample of both)"
    )  # fmt: skip
    prompt_together: str = Field("audit_together", min_length=1)
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

    def auditor(self, attribute: Attribute) -> str:
        """Name the model that audits an attribute."""
        return self.by.get(attribute, self.model)

    @model_validator(mode="after")
    def _shows_no_accounts_together(self) -> AuditConfig:
        if self.together > 1 and self.candidates:
            raise ValueError("`together` shows no `candidates`: set one of them alone")
        return self

    @field_validator("attributes", mode="after")
    @classmethod
    def _in_order(cls, value: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in ATTRIBUTES if attribute in value)


class Auditor(AskingStage[Decomposed, Audited, AuditConfig]):
    """One request for each attribute, or for some together. What all requests are given stands first in each, so that a
    provider's cache makes all but the first of them cheap. An attribute that an answer leaves out, and those of an
    answer that does not fit, are asked about alone. What was refined already is audited again where it was changed,
    and nowhere else; where nothing was, nobody is asked."""

    name = "audit"
    version = 4

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return joined(taken, Audited)

    @classmethod
    def texts(cls, config: AuditConfig, prompts: Prompts) -> dict[str, str]:
        entries = prompts.attributes()
        return {attribute: entries[attribute].model_dump_json() for attribute in config.attributes}

    @classmethod
    def models(cls, config: AuditConfig) -> list[str]:
        return list(dict.fromkeys([config.model, *([config.screen] if config.screen else []), *config.by.values()]))

    @classmethod
    def prompts(cls, config: AuditConfig) -> list[str]:
        more = [config.prompt_together] if config.together > 1 else []
        return [config.prompt, *more, *([config.screen_prompt] if config.screen else [])]

    def places(self) -> dict[str, Sequence[str]]:
        names = ("attribute", "about", "verify", "caption", "duration", "material", "transcript")
        shown = (*names, "descriptions") if self._accounts() else names
        screened = {self.config.screen_prompt: names} if self.config.screen else {}
        several = {self.config.prompt_together: SEVERAL} if self.config.together > 1 else {}
        return {self.config.prompt: shown, **several, **screened}

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
        screened: list[Audit] = []
        if config.screen:
            cheap = config.goes_alone(self.context.models[config.screen])
            heard = showing.hears(self.context.models[config.screen], clip, media)
            asked = [name for name in names if self.entries[name].points(heard)]
            screened = await leading((self._screen(clip, name, media, heard, len(asked) - 1) for name in asked), cheap)
        low = {one.attribute: one for one in screened if config.threshold is not None and _of(one) < config.threshold}
        found = [audit for group in await together(self._asked(clip, names, low, media)) for audit in group]
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

    def _asked(
        self, clip: Decomposed, names: Sequence[Attribute], low: Collection[str], media: Sequence[Media]
    ) -> list[Coroutine[Any, Any, list[Audit]]]:
        """The requests to each auditor, of which the first goes ahead where that makes the others cheaper."""
        config = self.config
        return [
            self._by_one(clip, groups, media, model)
            for model in dict.fromkeys(map(config.auditor, config.attributes))
            if (groups := self._groups([name for name in names if name not in low], model))
        ]

    def _groups(self, asked: Sequence[Attribute], model: str) -> list[list[Attribute]]:
        """The attributes of each request to a model, the same ones together whatever the screen has left out. A model
        that reads facts is asked about each alone."""
        size = 1 if self.context.models[model].reads_facts else self.config.together
        own = [name for name in self.config.attributes if self.config.auditor(name) == model]
        parts = [own[at : at + size] for at in range(0, len(own), size)]
        groups = [[name for name in part if name in asked] for part in parts]
        return [group for group in groups if group]

    async def _by_one(
        self, clip: Decomposed, groups: Sequence[Sequence[Attribute]], media: Sequence[Media], model: str
    ) -> list[Audit]:
        hears = self._hears(model, clip, media)
        sent = [group for group in groups if any(self.entries[name].points(hears) for name in group)]
        calls = [self._audit_group(clip, group, media, len(sent) - 1) for group in groups]
        made = await leading(calls, self.config.goes_alone(self.context.models[model]))
        return [audit for group in made for audit in group]

    async def _audit_group(
        self, clip: Decomposed, group: Sequence[Attribute], media: Sequence[Media], alike: int
    ) -> list[Audit]:
        """The audits of some attributes by one model, by one answer as far as it goes."""
        hears = self._hears(self.config.auditor(group[0]), clip, media)
        several = [name for name in group if self.entries[name].points(hears)]
        found = await self._audit_together(clip, several, media, hears, alike) if len(several) > 1 else {}
        missing = [name for name in group if name not in found]
        calls = [self._audit(clip, name, media, alike if len(group) == 1 else 0) for name in missing]
        found |= dict(zip(missing, await together(calls), strict=True))
        return [found[name] for name in group]

    async def _audit_together(
        self, clip: Decomposed, group: Sequence[Attribute], media: Sequence[Media], hears: bool, alike: int
    ) -> dict[Attribute, Audit]:
        """What one answer says of each attribute; nothing of one that it leaves out, or when no answer fits."""
        config, model = self.config, self.config.auditor(group[0])
        captions = {name: latest.by_attribute(clip)[name] for name in group}

        points = {str(name): self.entries[name].points(hears) for name in group}

        def amiss(value: GroupAnswer) -> str | None:
            if wrong := misplaced(value, captions):
                return wrong
            return next(filter(None, (one.pointless(points[one.attribute]) for one in value.audits)), None)

        own = self._values(clip, group[0], accounts=False, hears=hears)
        values = {name: own[name] for name in SEVERAL if name in own}
        aspects = "\n\n".join(self._aspect(clip, name, hears) for name in group)
        try:
            answer = await self.ask(
                clip, "audit", config.prompt_together, values | {"aspects": aspects}, facts={}, answer=GroupAnswer,
                media=media, attribute="+".join(group), check=amiss, alike=alike, apart={"aspects"},
                model="" if model == config.model else model,
            )  # fmt: skip
        except Unprocessable as error:
            if error.kind in ALONE:
                return {}
            raise
        by = self.by(answer.response, config.prompt_together)
        return {
            name: self._made(name, one, by, hears)
            for name in group for one in answer.value.audits if one.attribute == name
        }  # fmt: skip

    def _made(self, attribute: Attribute, answer: AuditAnswer, by: Answered, hears: bool) -> Audit:
        entry = self.entries[attribute]
        found = answer.findings(entry.points(hears))
        return Audit(attribute=attribute, errors=tuple(found.errors), missing=tuple(found.missing),
                     expressiveness=tuple(found.expressiveness), by=by, not_audited=entry.unheard(hears))  # fmt: skip

    def _hears(self, model: str, clip: Decomposed, media: Sequence[Media]) -> bool:
        """Whether a model that is asked by this step hears the clip; `settings` are those of the step's own model."""
        own = self.config.settings if model == self.config.model else {}
        return showing.hears(self.context.models[model], clip, media, own)

    def _aspect(self, clip: Decomposed, attribute: Attribute, hears: bool) -> str:
        values = self._values(clip, attribute, accounts=False, hears=hears)
        return (
            f"Aspect: {values['attribute']}. What it is about: {values['about']}\n\n"
            f"VERIFY: the only points you may judge under {values['attribute']}\n{values['verify']}\n\n"
            f"The caption of {values['attribute']}:\n\n{values['caption']}"
        )

    async def _screen(
        self, clip: Decomposed, attribute: Attribute, media: Sequence[Media], hears: bool, alike: int
    ) -> Audit:
        """A clean audit with the screen's suspicion: what stands when the strong auditor is not asked."""
        config = self.config
        answer = await self.ask(
            clip, "screen", config.screen_prompt, self._values(clip, attribute, accounts=False, hears=hears), facts={},
            answer=Suspicion,
            media=media, attribute=attribute, model=config.screen, alike=alike, apart=OWN,
        )  # fmt: skip
        by = self.by(answer.response, config.screen_prompt)
        return Audit(attribute=attribute, errors=(), missing=(), expressiveness=(), by=by,
                     suspicion=answer.value.suspicion, not_audited=self.entries[attribute].unheard(hears))  # fmt: skip

    def _values(self, clip: Decomposed, attribute: Attribute, accounts: bool, hears: bool) -> dict[str, str]:
        config, entry = self.config, self.entries[attribute]
        return {
            "attribute": attribute,
            "about": entry.about,
            "verify": evidence.points(entry.points(hears)),
            "caption": evidence.caption(latest.by_attribute(clip)[attribute]),
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, config.sees, config.max_frames),
            **({"descriptions": evidence.descriptions(clip.candidates)} if accounts else {}),
            "transcript": evidence.transcript(clip.utterances, clip.subtitles, clip.sounds),
        }

    async def _audit(self, clip: Decomposed, attribute: Attribute, media: Sequence[Media], alike: int) -> Audit:
        config, entry = self.config, self.entries[attribute]
        caption, model = latest.by_attribute(clip)[attribute], config.auditor(attribute)
        hears = self._hears(model, clip, media)
        if not (points := entry.points(hears)):
            return Audit(attribute=attribute, errors=(), missing=(), expressiveness=(), by=NOBODY,
                         not_audited=entry.verify)  # fmt: skip
        answer = await self.ask(
            clip,
            "audit",
            config.prompt,
            self._values(clip, attribute, self._accounts(), hears),
            facts=evidence.audit_facts(clip, entry, attribute, caption, accounts=config.candidates),
            answer=AuditAnswer,
            check=lambda answer: answer.pointless(points),
            media=media,
            attribute=attribute,
            model="" if model == config.model else model,
            alike=alike,
            apart=OWN,
        )
        return self._made(attribute, answer.value, self.by(answer.response, config.prompt), hears)


def misplaced(value: GroupAnswer, captions: Mapping[Attribute, str]) -> str | None:
    """Why the audits of several attributes cannot be told apart: one is named twice, one was never asked for, or the
    faulty words stand in another's caption alone."""
    names = [one.attribute for one in value.audits]
    if unknown := [name for name in names if name not in captions]:
        return f"{unknown[0]!r} is none of the aspects, which are {', '.join(captions)}"
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        return f"{twice[0]} is answered twice"
    for one in value.audits:
        for error in one.errors:
            words = squash(error.snippet)
            homes = [name for name, text in captions.items() if words and words in squash(text)]
            if homes and one.attribute not in homes:
                return f"{error.snippet!r} stands in the caption of {homes[0]}, not of {one.attribute}"
    return None


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

"""An auditor at work outside the recipe: one caption, one attribute, what it finds. Nothing of the run is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from asid.pipeline.asking import evidence, showing
from asid.pipeline.asking.answers import AuditAnswer, Findings
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Media, Model, Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Captioned
from asid.pipeline.storage import Storage

PROMPT = "audit_whole"


class AttributeReport(NamedTuple):
    """What an auditor reports, None where it could judge nothing, and the VERIFY points that it could not hear."""

    findings: Findings | None
    unheard: tuple[str, ...]


@dataclass
class Auditing:
    """A model with its prompt, which is shown clip, transcript and a whole caption (ASID, Fig. 17)."""

    name: str
    model: Model
    prompts: Prompts
    storage: Storage
    sees: tuple[Medium, ...] = ("video",)
    max_frames: int = 32
    concurrency: int = 8
    reasks: int = 2

    def __post_init__(self) -> None:
        self.entries = {str(name): entry for name, entry in self.prompts.attributes().items()}
        self.seats = asyncio.Semaphore(self.concurrency)

    async def find(self, clip: Captioned, attribute: str, caption: str) -> Findings | None:
        """What the auditor reports of a caption of the clip for one attribute; None where it can judge no point of it.
        Raises what its model raises, and Unprocessable for a clip that it cannot be shown."""
        return (await self.look(clip, attribute, caption)).findings

    async def look(self, clip: Captioned, attribute: str, caption: str) -> AttributeReport:
        """The same with the points that it could not judge. Where it can judge none, nobody is asked."""
        media: Sequence[Media] = await evidence.media(clip, self.sees, self.max_frames, self.storage)
        entry = self.entries[attribute]
        hears = showing.hears(self.model, clip, media)
        points, unheard = entry.points(hears), entry.unheard(hears)
        if not points:
            return AttributeReport(None, unheard)
        values = {
            "attribute": attribute,
            "about": entry.about,
            "verify": evidence.points(points),
            "caption": evidence.caption(caption),
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, self.sees, self.max_frames),
            "transcript": evidence.transcript(clip.utterances, clip.subtitles, clip.sounds),
        }
        shown = showing.shown(self.model, {}, media, clip, values, lambda all: self.prompts.render(PROMPT, **all))
        facts = evidence.audit_facts(clip, entry, attribute, caption)
        request = Request(
            task="audit", prompt=shown.text, media=tuple(media), answer_schema=AuditAnswer.model_json_schema(),
            facts=facts, settings=shown.settings, model=self.name, row=clip.id, attribute=attribute,
            weight=shown.weight,
        )  # fmt: skip
        async with self.seats:
            answer = await ask(self.model, request, AuditAnswer, reasks=self.reasks,
                               check=lambda answer: answer.pointless(points))  # fmt: skip
        found: AuditAnswer = answer.value
        return AttributeReport(found.findings(points), unheard)

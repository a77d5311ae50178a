"""An auditor at work outside the recipe: one caption, one attribute, what it finds. Nothing of the run is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Findings
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Media, Model, Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Captioned
from asid.pipeline.storage import Storage

PROMPT = "audit_whole"


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

    async def find(self, clip: Captioned, attribute: str, caption: str) -> Findings:
        """What the auditor reports of a caption of the clip for one attribute. Raises what its model raises."""
        media: Sequence[Media] = await evidence.media(clip, self.sees, self.max_frames, self.storage)
        entry = self.entries[attribute]
        prompt = self.prompts.render(
            PROMPT,
            attribute=attribute,
            about=entry.about,
            verify="\n".join(f"- {point}" for point in entry.verify),
            caption=evidence.caption(caption),
            duration=evidence.seconds(clip.duration),
            material=evidence.material(clip, self.sees, self.max_frames),
            transcript=evidence.transcript(clip.utterances, clip.subtitles, clip.sounds),
        )
        facts = evidence.audit_facts(clip, entry, attribute, caption)
        request = Request(
            task="audit", prompt=prompt, media=tuple(media), answer_schema=Findings.model_json_schema(), facts=facts,
            model=self.name, row=clip.id, attribute=attribute,
        )  # fmt: skip
        async with self.seats:
            answer = await ask(self.model, request, Findings, reasks=self.reasks)
        found: Findings = answer.value
        return found

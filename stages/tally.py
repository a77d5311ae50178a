"""What each candidate misses and makes up, event by event of a reference caption (video-SALMONN 2, section 3.3.1).

The reference is taken apart into atomic events; of every other candidate a judge then says which of them are missing,
which are told wrongly, and what is told besides that did not happen. Where people wrote the caption or the events, in a
column of the input list, theirs are the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from asid.pipeline.asking import evidence, truth
from asid.pipeline.asking.answers import EventErrors, Events
from asid.pipeline.asking.stage import AskingConfig, AskingStage, together
from asid.pipeline.rows import Candidate, Captioned, Score, Scored, grow
from asid.pipeline.stage import Unprocessable


class TallyConfig(AskingConfig):
    """Say whose caption is the reference, and how its events are found."""

    reference: str = Field("", description="the annotator whose caption is the truth where no person wrote one")
    caption_from: str = Field("", description="column of the input list with a human caption of the whole video")
    events_from: str = Field("", description="column with its human events: a JSON list, or one to a line")
    prompt: str = Field("judge/events", min_length=1)
    events_prompt: str = Field("events", min_length=1)

    @model_validator(mode="after")
    def _some_truth(self) -> TallyConfig:
        if not (self.reference or self.caption_from or self.events_from):
            raise ValueError("name a `reference`, or columns with what people wrote: `caption_from`, `events_from`")
        return self


class Tally(AskingStage[Captioned, Scored, TallyConfig]):
    """Count the events of a reference that each candidate misses, tells wrongly or makes up."""

    name = "tally"

    @classmethod
    def prompts(cls, config: TallyConfig) -> list[str]:
        return [config.events_prompt, config.prompt]

    @classmethod
    def annotators(cls, config: TallyConfig) -> list[str]:
        return [config.reference] if config.reference else []

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.events_prompt: ("caption",), self.config.prompt: ("caption", "events")}

    async def process(self, clip: Captioned) -> Scored:
        said = {candidate.annotator: candidate for candidate in clip.candidates if candidate.caption}
        reference = said.pop(self.config.reference, None)
        events = truth.events(clip, self.config.events_from)
        written = truth.caption(clip, self.config.caption_from) or (reference.caption if reference else "")
        if not (written or events):
            whose = self.config.reference or f"column {self.config.caption_from or self.config.events_from}"
            raise Unprocessable(f"there is no caption of {whose!r} to compare with", "no_reference")
        if not events:
            answer = await self.ask(
                clip, "events", self.config.events_prompt, {"caption": evidence.caption(written)}, {}, Events
            )
            events = tuple(answer.value.events)
        scores = await together(self._score(clip, candidate, events) for candidate in said.values())
        return grow(clip, Scored, reference=written, events=events, scores=tuple(scores))

    async def _score(self, clip: Captioned, candidate: Candidate, events: Sequence[str]) -> Score:
        values = {"caption": evidence.caption(candidate.caption), "events": evidence.events(events)}
        answer = await self.ask(
            clip,
            "errors",
            self.config.prompt,
            values,
            {},
            EventErrors,
            check=lambda found: off(found, len(events)),
        )
        found: EventErrors = answer.value
        return Score(
            annotator=candidate.annotator,
            value=1.0 - total_error(found, len(events)),
            missing=tuple(events[number - 1] for number in found.missing),
            incorrect=tuple(events[number - 1] for number in found.incorrect),
            hallucinated=tuple(found.hallucinated),
            why="",
            by=self.by(answer.response, self.config.prompt),
        )


def total_error(found: EventErrors, events: int) -> float:
    """Share of missing events, and of those told wrongly or made up, by the number of events: can exceed 1."""
    return (len(found.missing) + len(found.incorrect) + len(found.hallucinated)) / events


def off(found: EventErrors, events: int) -> str | None:
    """Why these cannot be findings about so many events; None when they can."""
    numbers = [*found.missing, *found.incorrect]
    if wrong := [number for number in numbers if not 1 <= number <= events]:
        return f"there is no event {wrong[0]}: they are numbered 1 to {events}"
    if len(set(numbers)) < len(numbers):
        return "an event can stand only once, among the missing or among the incorrect ones"
    return None

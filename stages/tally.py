"""What each candidate misses and makes up, event by event of a reference caption (video-SALMONN 2, section 3.3.1).

The reference is taken apart into atomic events; of every other candidate a judge then says which of them are missing,
which are told wrongly, and what is told besides that did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import EventErrors, Events
from asid.pipeline.asking.stage import AskingConfig, AskingStage, together
from asid.pipeline.rows import Candidate, Captioned, Score, Scored, grow
from asid.pipeline.stage import Unprocessable


class TallyConfig(AskingConfig):
    """Say whose caption is the reference, and how its events are found."""

    reference: str = Field(min_length=1, description="the annotator whose caption is the truth")
    prompt: str = Field("judge/events", min_length=1)
    events_prompt: str = Field("events", min_length=1)


class Tally(AskingStage[Captioned, Scored, TallyConfig]):
    """Count the events of a reference that each candidate misses, tells wrongly or makes up."""

    name = "tally"

    @classmethod
    def prompts(cls, config: TallyConfig) -> list[str]:
        return [config.events_prompt, config.prompt]

    @classmethod
    def annotators(cls, config: TallyConfig) -> list[str]:
        return [config.reference]

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.events_prompt: ("caption",), self.config.prompt: ("caption", "events")}

    async def process(self, clip: Captioned) -> Scored:
        said = {candidate.annotator: candidate for candidate in clip.candidates if candidate.caption}
        reference = said.pop(self.config.reference, None)
        if reference is None:
            raise Unprocessable(f"there is no caption of {self.config.reference!r} to compare with", "no_reference")
        answer = await self.ask(
            clip, "events", self.config.events_prompt, {"caption": evidence.caption(reference.caption)}, {}, Events
        )
        events = tuple(answer.value.events)
        scores = await together(self._score(clip, candidate, events) for candidate in said.values())
        return grow(clip, Scored, reference=reference.caption, events=events, scores=tuple(scores))

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

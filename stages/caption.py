"""One annotator's caption of each clip: by what it sees and hears of it, blind to the other annotators."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, field_validator

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import EmbeddedCaption
from asid.pipeline.asking.evidence import Sense
from asid.pipeline.asking.stage import NOBODY, AskingConfig, AskingStage
from asid.pipeline.evaluation.prompted import ASKED
from asid.pipeline.rows import Candidate, Clip
from asid.pipeline.stage import Unprocessable


class CaptionConfig(AskingConfig):
    """Say who annotates, and what it sees."""

    name: str = Field("", description="of the annotator; the model's name when empty")
    prompt: str = Field("caption/general", min_length=1)
    sees: tuple[Sense, ...] = Field(
        ("video",), min_length=1, description="video (with its sound), audio, frames, transcript"
    )
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")

    @field_validator("sees")
    @classmethod
    def _once_each(cls, value: tuple[Sense, ...]) -> tuple[Sense, ...]:
        if len(set(value)) != len(value):
            raise ValueError("names one of them twice")
        return value


class Caption(AskingStage[Clip, Candidate, CaptionConfig]):
    """A clip that has nothing of what the annotator sees (no sound for one that only hears) is given to no language
    model: the candidate is empty, and by nobody."""

    name = "caption"

    def places(self) -> dict[str, Sequence[str]]:
        written = ("transcript",) if "transcript" in self.config.sees else ()
        return {self.config.prompt: (*self._told(), *written)}

    def _told(self) -> list[str]:
        """What the prompt says of the clip besides its evidence. It need not: published prompts are plain sentences."""
        text = self.context.prompts.text(self.config.prompt)
        return [name for name in ("duration", "material", ASKED) if f"{{{{{name}}}}}" in text]

    async def process(self, clip: Clip) -> Candidate:
        config = self.config
        annotator = config.name or config.model
        embedded = self.model.reads_facts
        if not embedded and not evidence.present(clip, config.sees):
            return Candidate(id=clip.id, annotator=annotator, caption="", facts=(), by=NOBODY)
        told = {
            "duration": evidence.seconds(clip.duration),
            "material": evidence.material(clip, config.sees, config.max_frames),
        }
        if ASKED in self._told():
            if not clip.tags.get(ASKED):
                raise Unprocessable("the clip has no prompt of its own in its tag `asked`", "no_prompt")
            told[ASKED] = clip.tags[ASKED]
        values = {name: told[name] for name in self._told()}
        if "transcript" in config.sees:
            values["transcript"] = evidence.transcript(clip.utterances, clip.subtitles, clip.sounds)
        answer = await self.ask(
            clip,
            "caption",
            config.prompt,
            values,
            facts={"annotator": annotator, "clip": evidence.clip_facts(clip)},
            answer=EmbeddedCaption if embedded else None,
            media=await evidence.media(clip, config.sees, config.max_frames, self.context.storage),
            check=_grounded if embedded else lambda _: None,
        )
        text, facts = (answer.value.caption, answer.value.facts) if embedded else (answer.value, [])
        if not embedded and ASKED in told:
            text = answer.response.text  # the clip's own prompt says what form its answer has
        by, tokens = self.by(answer.response, config.prompt), answer.response.usage.output_tokens
        return Candidate(
            id=clip.id, annotator=annotator, caption=text.strip(), facts=tuple(facts), by=by, tokens=tokens
        )


def _grounded(answer: EmbeddedCaption) -> str | None:
    return "the caption rests on no fact" if answer.caption.strip() and not answer.facts else None

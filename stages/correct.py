"""Who says what is set right in one annotator's account, by a model that tells voices apart better than it writes them
down (DiaDem, section 4.2: one model has the better words, another the better speakers)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import Field

from asid.pipeline.asking import evidence
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.stage import AskingConfig, AskingStage
from asid.pipeline.captions import anchors, quotes
from asid.pipeline.captions.text import squash
from asid.pipeline.rows import Candidate, Captioned


class CorrectConfig(AskingConfig):
    annotator: str = Field(min_length=1, description="whose account is corrected")
    prompt: str = Field("correct", min_length=1)
    sees: tuple[Medium, ...] = Field(("video",), min_length=1, description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")


class Correct(AskingStage[Captioned, Captioned, CorrectConfig]):
    """Where the annotator failed, or its account has no quotation, there is no speaker to set right, and nobody is
    asked."""

    name = "correct"

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "material", "account", "transcript")}

    async def process(self, clip: Captioned) -> Captioned:
        candidates = [
            await self._corrected(clip, candidate) if self._is_due(candidate) else candidate
            for candidate in clip.candidates
        ]
        return clip.model_copy(update={"candidates": tuple(candidates)})

    def _is_due(self, candidate: Candidate) -> bool:
        return candidate.annotator == self.config.annotator and bool(spoken(candidate.caption))

    async def _corrected(self, clip: Captioned, account: Candidate) -> Candidate:
        sees, most = self.config.sees, self.config.max_frames
        answer = await self.ask(
            clip,
            "correct",
            self.config.prompt,
            {
                "duration": evidence.seconds(clip.duration),
                "material": evidence.material(clip, sees, most),
                "account": evidence.account(account.caption),
                "transcript": evidence.transcript(clip.utterances, clip.subtitles),
            },
            facts={},
            media=await evidence.media(clip, sees, most, self.context.storage),
            check=lambda text: objection(account.caption, text),
        )
        by = self.by(answer.response, self.config.prompt)
        return account.model_copy(update={"caption": answer.value.strip(), "corrected_by": by})


def spoken(account: str) -> str:
    """The letters of all quoted speech, in order."""
    return "".join(squash(quote.text) for quote in quotes.find(account) if quote.claims != "screen")


def objection(before: str, after: str) -> str | None:
    """Why `after` is no correction of `before`: a line may be split between speakers; words and times stay."""
    if spoken(before) != spoken(after):
        return "the quoted words are not those of the account: only what is said about their speakers may change"
    lost = _times(before) - _times(after)
    return f"the part at {min(lost)} s is gone: every part of the account stays" if lost else None


def _times(account: str) -> set[Decimal]:
    return {anchor.time for anchor in anchors.find(account, quotes.find(account))}

"""Who says what is set right in one annotator's account, by a model that tells voices apart better than it writes them
down (DiaDem, section 4.2: one model has the better words, another the better speakers)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.asking import evidence
from asid.pipeline.asking.evidence import Medium
from asid.pipeline.asking.stage import AskingStage
from asid.pipeline.asking.writing import WritingConfig, marks, new
from asid.pipeline.captions.text import squash
from asid.pipeline.rows import Candidate, Captioned, Problem


class CorrectConfig(WritingConfig):
    """Say whose account is corrected."""

    annotator: str = Field(min_length=1, description="whose account is corrected")
    prompt: str = Field("correct", min_length=1)
    sees: tuple[Medium, ...] = Field(("video",), min_length=1, description="video (with its sound), audio, frames")
    max_frames: int = Field(32, ge=1, description="most stills shown, spread over the clip")


class Correct(AskingStage[Captioned, Captioned, CorrectConfig]):
    """Where the annotator failed, or its account has no quotation, there is no speaker to set right, and nobody is
    asked."""

    name = "correct"
    version = 2

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "material", "account", "transcript")}

    async def process(self, clip: Captioned) -> Captioned:
        candidates, left = [], list(clip.marks)
        for candidate in clip.candidates:
            if self._is_due(candidate):
                candidate, problems = await self._corrected(clip, candidate)
                left += marks(self.name, problems)
            candidates.append(candidate)
        return clip.model_copy(update={"candidates": tuple(candidates), "marks": tuple(left)})

    def _is_due(self, candidate: Candidate) -> bool:
        return candidate.annotator == self.config.annotator and bool(spoken(candidate.caption))

    async def _corrected(self, clip: Captioned, account: Candidate) -> tuple[Candidate, Sequence[Problem]]:
        sees, most = self.config.sees, self.config.max_frames
        known = captions.grounds.grounds(clip)
        before = captions.checks.examine(account.caption, known, anchored=False, whole=False)
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
            problems=lambda text: new(captions.checks.examine(text, known, anchored=False, whole=False), before),
        )
        by = self.by(answer.response, self.config.prompt)
        corrected = {"caption": answer.value.strip(), "corrected_by": by, "tokens": 0}
        return account.model_copy(update=corrected), answer.left


def spoken(account: str) -> str:
    """The letters of all quoted speech, in order."""
    return "".join(squash(quote.text) for quote in captions.quotes.find(account) if quote.claims != "screen")


def objection(before: str, after: str) -> str | None:
    """Why `after` is no correction of `before`: a line may be split between speakers; words and times stay."""
    if spoken(before) != spoken(after):
        return "the quoted words are not those of the account: only what is said about their speakers may change"
    lost = _times(before) - _times(after)
    return f"the part at {min(lost)} s is gone: every part of the account stays" if lost else None


def _times(account: str) -> set[Decimal]:
    return {anchor.time for anchor in captions.anchors.find(account, captions.quotes.find(account))}

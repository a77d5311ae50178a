"""The default: models that travel inside packages, on a CPU, without torch, key or download.

Whisper base knows 99 languages. Whisper tiny.en takes a third of the time and knows English only: a manifest asks for
it with `weights: tiny.en`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from asid.pipeline import speech
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import Block, Heard, MissingPart, Segment, Tongue
from asid.pipeline.speech.faster_whisper import FasterWhisper, chunks
from asid.pipeline.speech.languages import SURE, LanguageStretch, Main, Odds
from asid.pipeline.speech.recognisers import Recogniser, SpeakerSettings

if TYPE_CHECKING:
    from asid.pipeline.speech.reading import Encoded

PRECISION = "float32"  # sums of 8-bit numbers come out differently on different processors, and so do words
ENGLISH_ONLY = "this recogniser knows English only: the score says how well English fits"
BASE, TINY_EN = "base", "tiny.en"


class EmbeddedRecogniserSettings(SpeakerSettings):
    """Settings of the recognisers that travel inside packages."""

    weights: str = Field(BASE, description="base (99 languages) or tiny.en (English, thrice as fast)")
    beam: int = Field(5, ge=1)


class Embedded(FasterWhisper):
    """Whisper base or tiny.en with the torch-free diarizer; the hashes of the weights are checked when they are
    loaded."""

    def __init__(
        self,
        recogniser: str = BASE,
        language: str = "",
        threads: int = 1,
        beam: int = 5,
        diarize: bool = True,
        **speakers: int,
    ):
        super().__init__(recogniser, "cpu", PRECISION, language, beam, 4, threads, diarize, **speakers)
        self.recogniser = recogniser
        self._files: dict[str, bytes] | None = None
        self._chunks: list[Encoded] = []  # of the block that is being heard

    def open(self) -> None:
        if self.recogniser == TINY_EN:
            folder, self._mark = weights.tiny_en()
            self.model, self.language = str(folder), "en"
        elif self.recogniser == BASE:
            self._files, self._mark = weights.base()
        else:
            raise MissingPart(
                f"the embedded recogniser is {BASE} or {TINY_EN}, not {self.recogniser!r}: set `weights` to one of "
                "them, or `backend: faster_whisper`"
            )
        super().open()
        self._files = None  # the model holds its own copy

    def _reader(self) -> Any:
        """Tiny.en reads 30 s whatever is there: of less it says some sentences again and again."""
        return speech.reading.BriefReading if self.recogniser == BASE else super()._reader()

    def _recogniser(self) -> Any:
        return speech.reading.RememberingWhisper

    def _held(self) -> dict[str, Any]:
        return {"files": self._files} if self._files else {}

    def _describe(self) -> str:
        return self._with_speakers(f"whisper {self.recogniser} ({self._mark})")

    def hear(self, blocks: Iterable[Block]) -> Heard:
        heard = super().hear(blocks)
        if self.multilingual:
            return heard
        return replace(heard, language_score=fit(heard.segments), notes=(ENGLISH_ONLY,) if heard.segments else ())

    def _tongues(self, block: Block, main: Main) -> list[Tongue]:
        self._whisper.forget()
        if not self.language and self.multilingual:
            self._chunks = list(self._batched.encoded(block, chunks(block.speech), self.batch))
        return super()._tongues(block, main)

    def _odds(self, block: Block, stretch: LanguageStretch) -> Odds:
        """Told by what the encoder made of the chunks, which is there, and where that is not sure, of the stretch."""
        odds: Odds = self._batched.odds(self._chunks, stretch.spans)
        return odds if max(odds.values()) >= SURE else super()._odds(block, stretch)


def fit(segments: Iterable[Segment]) -> float:
    """0..1: geometric mean of the probability that the recogniser gave its own tokens, by words."""
    scored = [(len(segment.words), segment.logprob) for segment in segments]
    words = sum(count for count, _ in scored)
    return math.exp(min(0.0, sum(count * logprob for count, logprob in scored) / words)) if words else 0.0


def _make(settings: EmbeddedRecogniserSettings, threads: int) -> Embedded:
    return Embedded(
        settings.weights or BASE,
        settings.language,
        threads,
        settings.beam,
        settings.diarize,
        min_speakers=settings.min_speakers,
        max_speakers=settings.max_speakers,
    )


EMBEDDED = Recogniser(EmbeddedRecogniserSettings, _make)

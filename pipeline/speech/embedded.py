"""The default: models that travel inside packages, on a CPU, without torch, key or download. English only."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from asid.pipeline.speech import weights
from asid.pipeline.speech.base import Block, Heard, Segment
from asid.pipeline.speech.faster_whisper import FasterWhisper

PRECISION = "float32"  # sums of 8-bit numbers come out differently on different processors, and so do words
ENGLISH_ONLY = "the embedded recogniser knows English only: the score says how well English fits"


class Embedded(FasterWhisper):
    """Whisper tiny.en with the torch-free diarizer; the hashes of the weights are checked when they are loaded."""

    def __init__(self, threads: int = 1, beam: int = 5, diarize: bool = True, **speakers: int):
        super().__init__("tiny.en", "cpu", PRECISION, "en", beam, 4, threads, diarize, **speakers)

    def open(self) -> None:
        folder, self._mark = weights.tiny_en()
        self.model = str(folder)
        super().open()

    def _describe(self) -> str:
        return self._with_speakers(f"whisper tiny.en ({self._mark})")

    def hear(self, blocks: Iterable[Block]) -> Heard:
        heard = super().hear(blocks)
        return replace(heard, language_score=fit(heard.segments), notes=(ENGLISH_ONLY,) if heard.segments else ())


def fit(segments: Iterable[Segment]) -> float:
    """0..1: geometric mean of the probability that the recogniser gave its own tokens, by words."""
    scored = [(len(segment.words), segment.logprob) for segment in segments]
    words = sum(count for count, _ in scored)
    return math.exp(min(0.0, sum(count * logprob for count, logprob in scored) / words)) if words else 0.0

"""Whisper on a CPU, where the encoder takes a third of the time of hearing: it reads chunks of speech once, padded no
further than it needs.

faster-whisper has it read 30 s whatever is there, and has it read again to tell a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel, audio

from asid.pipeline.speech.base import RATE, Block, Span

FRAMES = 100  # of the model's features in a second
VECTORS = 50  # that the encoder makes of a second
LONGEST = 30  # s that the model was trained on
SHORTEST = 15  # s that it reads at least: in 5 s with 2 s of speech it hears the same sentence twice and more
PADDING = 2  # s of silence at least that it reads after the speech


class RememberingWhisper(WhisperModel):  # type: ignore[misc]  # faster-whisper has no types
    """Encode nothing twice until it is told to forget."""

    def __init__(self, *settings: Any, **more: Any):
        super().__init__(*settings, **more)
        self.forget()

    def forget(self) -> None:
        """Give the memory back."""
        self._known: list[tuple[np.ndarray, Any]] = []

    def encode(self, features: np.ndarray) -> Any:
        """`features`: float32 (chunks, bins, frames)."""
        for known, encoded in self._known:
            if np.array_equal(known, features):
                return encoded
        self._known.append((features, super().encode(features)))
        return self._known[-1][1]


@dataclass(frozen=True)
class Encoded:
    """Hold what the encoder made of a chunk, and of the silence after it."""

    span: Span  # on the picture's clock
    vectors: np.ndarray  # float32 (VECTORS a second, width)

    def within(self, span: Span) -> np.ndarray:
        """The vectors of the time that is shared with the span."""
        start = self.span[0]
        low, high = max(start, span[0]), max(start, min(self.span[1], span[1]))
        return self.vectors[int((low - start) * VECTORS) : ceil((high - start) * VECTORS)]


class BriefReading(BatchedInferencePipeline):  # type: ignore[misc]
    """Read chunks of speech, those that are read together padded alike."""

    def forward(self, features: Any, tokenizer: Any, chunks_metadata: list[dict[str, Any]], options: Any) -> Any:
        """`features`: (chunks, bins, frames) of 30 s each."""
        frames = FRAMES * padded(one["duration"] for one in chunks_metadata)
        return super().forward(np.ascontiguousarray(features[..., :frames]), tokenizer, chunks_metadata, options)

    def encoded(self, block: Block, chunks: Sequence[Span], batch: int) -> Iterator[Encoded]:
        """Encode chunks of a block as they will be read, `batch` together."""
        for at in range(0, len(chunks), batch):
            some = chunks[at : at + batch]
            bounds = [(int((a - block.start) * RATE), int((b - block.start) * RATE)) for a, b in some]
            frames = FRAMES * padded((end - start) / RATE for start, end in bounds)
            features = [self.model.feature_extractor(block.samples[start:end])[..., :-1] for start, end in bounds]
            found = np.asarray(self.model.encode(np.stack([audio.pad_or_trim(one, frames) for one in features])))
            yield from (Encoded(span, vectors) for span, vectors in zip(some, found, strict=True))

    def odds(self, chunks: Iterable[Encoded], spans: Iterable[Span]) -> Mapping[str, float]:
        """Probability of each language by the first 30 s of the spans, which lie in the chunks."""
        chunks = list(chunks)
        parts = np.concatenate([chunk.within(span) for span in spans for chunk in chunks])[: LONGEST * VECTORS]
        (found,) = self.model.model.detect_language(ctranslate2.StorageView.from_array(parts[None]))
        return {token.strip("<|>"): float(probability) for token, probability in found}


def padded(durations: Iterable[float]) -> int:
    """Whole seconds to which chunks of these durations are padded together."""
    return min(LONGEST, max(SHORTEST, ceil(max(durations)) + PADDING))

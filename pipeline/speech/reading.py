"""Whisper reads chunks of speech padded no further than it needs; faster-whisper has it read 30 s whatever is there.

On a CPU the encoder takes a third of the time of hearing, and its time grows with the length that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from faster_whisper import BatchedInferencePipeline

FRAMES = 100  # of the model's features in a second
LONGEST = 30  # s that the model was trained on
SHORTEST = 15  # s that it reads at least: in 5 s with 2 s of speech it hears the same sentence twice and more
PADDING = 2  # s of silence at least that it reads after the speech


class BriefReading(BatchedInferencePipeline):  # type: ignore[misc]  # faster-whisper has no types
    """Read chunks of speech, those that are read together padded alike."""

    def forward(self, features: Any, tokenizer: Any, chunks_metadata: list[dict[str, Any]], options: Any) -> Any:
        """`features`: (chunks, bins, frames) of 30 s each."""
        frames = FRAMES * padded(one["duration"] for one in chunks_metadata)
        return super().forward(features[..., :frames], tokenizer, chunks_metadata, options)


def padded(durations: Iterable[float]) -> int:
    """Whole seconds to which chunks of these durations are padded together."""
    return min(LONGEST, max(SHORTEST, ceil(max(durations)) + PADDING))

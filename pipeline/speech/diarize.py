"""Who speaks when, without torch: pyannote's community-1 networks on ONNX Runtime.

Windows of 10 s are segmented into up to three voices, overlaps included (powerset segmentation: Plaquet and Bredin,
2023). Each voice is described by an embedding of what it says alone; embeddings are clustered into speakers; the
windows, which overlap, vote. Memory grows by a few kilobytes a minute: blocks of sound are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnxruntime

from pipeline.rows import Turn, Voice
from pipeline.speech import weights
from pipeline.speech.base import RATE, Block, Span
from pipeline.speech.clustering import agglomerate, assign, unit
from pipeline.speech.fbank import LENGTH, SHIFT, fbank

WINDOW = 10 * RATE  # the network's input
FRAMES = 589  # its output
HOP = 270 / RATE  # s from frame to frame
STEP = 3.0  # s from window to window
THRESHOLD = 0.6  # cosine distance up to which two groups of voices are one speaker
SOLO = 0.5  # s that a voice must speak alone to found a speaker
FAINT = 0.1  # s below which a voice is noise
LONGEST = 300  # frames of 10 ms to embed: more costs time and tells little
SHORTEST = 20


@dataclass(frozen=True)
class Local:
    """One local speaker of one window."""

    active: np.ndarray  # bool (589,)
    solo: float  # s alone
    embedding: np.ndarray  # float32 (256,), unit length


@dataclass(frozen=True)
class Window:
    start: float
    voices: tuple[Local, ...]
    together: np.ndarray  # uint8 (589,): how many speak


@dataclass
class Diarizer:
    """Feed it blocks in order, then ask for the turns. One recording per `Diarizer`; networks are shared."""

    networks: Networks
    low: int = 1
    high: int = 0
    windows: list[Window] = field(default_factory=list)
    _groups: list[tuple[int, np.ndarray, int]] = field(default_factory=list)  # block, mean of its vectors, how many
    _blocks: int = 0

    def add(self, block: Block) -> None:
        windows = [
            self.networks.window(block.start, block.samples, at)
            for at in starts(len(block.samples))
            if any(a < block.start + (at + WINDOW) / RATE and b > block.start + at / RATE for a, b in block.speech)
        ]
        self.windows += windows
        self._groups += [(self._blocks, *group) for group in groups(windows, self.low, self.high)]
        self._blocks += 1

    def speakers(self) -> tuple[tuple[Turn, ...], tuple[Voice, ...]]:
        """Turns, and the voices of their speakers: S1, S2, … in the order in which they first speak."""
        if not self._groups:
            return (), ()
        means = np.stack([mean for _, mean, _ in self._groups])
        sizes = np.array([size for *_, size in self._groups])
        apart = np.array([block for block, *_ in self._groups])  # what a block kept apart stays apart
        labels = agglomerate(means, sizes, apart, THRESHOLD, self.low, self.high)
        members = [labels == label for label in range(labels.max() + 1)]
        speakers = unit(np.stack([np.average(means[own], axis=0, weights=sizes[own]) for own in members]))
        return named(vote(self.windows, speakers), speakers)


class Networks:
    """Segmentation and embedding, loaded once. `run` of an ONNX session may be called from any thread."""

    def __init__(self, threads: int = 1):
        blobs, self.mark = weights.community()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False  # inputs vary in length: an arena would keep the largest of each
        self._segment, self._embed = (
            onnxruntime.InferenceSession(blobs[name], options, providers=["CPUExecutionProvider"])
            for name in ("segmentation", "embedding")
        )

    def window(self, offset: float, samples: np.ndarray, at: int) -> Window:
        sound = np.zeros(WINDOW, np.float32)
        part = samples[at : at + WINDOW]
        sound[: len(part)] = part
        active = self._segment.run(None, {"waveforms": sound[None, None]})[0][0].T > 0.5  # (3, 589)
        together = active.sum(0)
        features: np.ndarray | None = None
        voices = []
        for mask in active:
            if mask.sum() * HOP < FAINT:
                continue
            alone = mask & (together == 1)
            if features is None:
                features = fbank(sound)
                features -= features[: max(1, (len(part) - LENGTH) // SHIFT + 1)].mean(0)  # without the padding
            heard = alone if alone.sum() * HOP >= 2 * FAINT else mask
            voices.append(Local(mask, float(alone.sum() * HOP), self.embedding(features, heard)))
        return Window(offset + at / RATE, tuple(voices), together.astype(np.uint8))

    def embedding(self, features: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Unit vector of the middle of what `mask` (589,) chooses from `features` (998, 80)."""
        frames = np.minimum(((np.arange(len(features)) + 0.5) * 0.01 / HOP).astype(int), FRAMES - 1)
        chosen = features[mask[frames]]
        cut = max(0, len(chosen) - LONGEST) // 2
        chosen = chosen[cut : cut + LONGEST]
        if len(chosen) < SHORTEST:
            chosen = np.pad(chosen, ((0, SHORTEST - len(chosen)), (0, 0)), mode="wrap")
        inputs = {"fbank": chosen[None], "weights": np.ones((1, len(chosen)), np.float32)}
        return unit(self._embed.run(None, inputs)[0][0])


def starts(samples: int) -> list[int]:
    """Where windows begin: every STEP, the last one moved back to end with the sound."""
    step = round(STEP * RATE)
    last = max(0, samples - WINDOW)
    return [*range(0, last, step), last]


def groups(windows: list[Window], low: int = 1, high: int = 0) -> list[tuple[np.ndarray, int]]:
    """The speakers of one block, `low` to `high` where the voices allow it: (mean of unit vectors, how many)."""
    voices = [(number, voice) for number, window in enumerate(windows) for voice in window.voices]
    if not voices:
        return []
    enough = min(SOLO, max(voice.solo for _, voice in voices))
    founders = [(number, voice) for number, voice in voices if voice.solo >= enough]
    means = np.stack([voice.embedding for _, voice in founders])
    apart = np.array([number for number, _ in founders])
    labels = agglomerate(means, np.ones(len(means)), apart, THRESHOLD, low, high)
    return [(means[labels == label].mean(0), int((labels == label).sum())) for label in range(labels.max() + 1)]


def vote(windows: list[Window], speakers: np.ndarray) -> list[list[Span]]:
    """Spans per speaker: in each frame as many speak as the windows say on average, those with most windows first."""
    total = round(windows[-1].start / HOP) + FRAMES
    votes = np.zeros((total, len(speakers)), np.float32)
    together, seen = np.zeros(total, np.float32), np.zeros(total, np.float32)
    for window in windows:
        first = round(window.start / HOP)
        span = slice(first, first + FRAMES)
        together[span] += window.together
        seen[span] += 1
        if window.voices:
            likeness = np.stack([voice.embedding for voice in window.voices]) @ speakers.T
            for voice, speaker in zip(window.voices, assign(likeness), strict=True):
                if speaker >= 0:
                    votes[span, speaker] += voice.active
    count = np.rint(together / np.maximum(seen, 1)).astype(int)
    rank = np.argsort(np.argsort(-votes, axis=1, kind="stable"), axis=1)
    speaks = (rank < count[:, None]) & (votes > 0)
    return [runs(speaks[:, speaker]) for speaker in range(len(speakers))]


def runs(mask: np.ndarray) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(float(a * HOP), float(b * HOP)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def named(spans: list[list[Span]], speakers: np.ndarray) -> tuple[tuple[Turn, ...], tuple[Voice, ...]]:
    """Spans and vectors by speaker as turns and voices; who never speaks gets no name."""
    order = sorted((number for number, own in enumerate(spans) if own), key=lambda number: spans[number][0])
    turns = [Turn(start=a, end=b, speaker=f"S{name}") for name, number in enumerate(order, 1) for a, b in spans[number]]
    voices = [
        Voice(speaker=f"S{name}", embedding=tuple(speakers[number].round(5).tolist()))
        for name, number in enumerate(order, 1)
    ]
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))), tuple(voices)

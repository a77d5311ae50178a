"""Who speaks when, without torch: pyannote's community-1 networks on ONNX Runtime.

Windows of 10 s are segmented into up to three voices, overlaps included (powerset segmentation: Plaquet and Bredin,
2023). What somebody says alone is cut into stretches of at most 1.5 s, each described by one embedding, so that every
second is embedded once although windows overlap. A voice of a window is the mean of its stretches, or more than one
voice where they sound like different people: the segmentation often takes two people who speak in turn for one. Voices
are clustered into speakers; the windows vote. Memory grows by less than 100 kilobytes a minute of speech: blocks of
sound are not kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from asid.pipeline.rows import Turn, Voice
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import RATE, Block, Span
from asid.pipeline.speech.clustering import agglomerate, assign, unit
from asid.pipeline.speech.fbank import LENGTH, SHIFT, fbank

WINDOW = 10 * RATE  # the network's input
FRAMES = 589  # its output
HOP = 270 / RATE  # s from frame to frame
MIDDLE = 991 / RATE / 2  # s from the start of a window to the middle of what its first frame sees
STEP = 2.0  # s from window to window
STRETCH = 1.5  # s that one embedding describes at most
SHORTEST = 20  # frames of 10 ms that the embedding needs
FAINT = 0.1  # s below which a voice is noise
SOLO = 0.5  # s that a voice must speak alone to found a speaker
THRESHOLD = 0.65  # cosine distance up to which two groups of voices are one speaker
TWIN = 0.3  # cosine distance up to which two speakers are one, although a window has taken them for two
SPLIT = 0.75  # cosine distance above which stretches of one voice are different people
ENOUGH = 1.2  # s of stretches that make a person of their own within one voice
CELL = round(STRETCH / HOP)  # frames of a window that go to one speaker together
TRUST = 2.0  # s of a cell that weigh as much as the whole voice


@dataclass(frozen=True)
class Window:
    """Hold which voices are active in one window of the recording."""

    first: int  # frame of the recording
    active: np.ndarray  # bool (3, 589): the voices

    @property
    def together(self) -> np.ndarray:
        """How many speak, (589,)."""
        count: np.ndarray = self.active.sum(0)
        return count

    @property
    def alone(self) -> np.ndarray:
        """Where each voice speaks alone, bool (3, 589)."""
        alone: np.ndarray = self.active & (self.together == 1)
        return alone


@dataclass(frozen=True)
class Stretch:
    """Frames of the recording in which one person speaks alone, and how that sounds."""

    first: int
    end: int
    embedding: np.ndarray  # float32 (256,), unit length


@dataclass(frozen=True)
class Local:
    """A speaker as one window knows them."""

    window: int
    embedding: np.ndarray  # unit length
    solo: float  # s alone
    whole: bool  # all that the window gives to one voice; False: a part of it


@dataclass
class Diarizer:
    """Feed it blocks in order, then ask for the turns. One recording per `Diarizer`; networks are shared."""

    networks: Networks
    low: int = 1
    high: int = 0
    windows: list[Window] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    _groups: list[tuple[int, np.ndarray, int]] = field(default_factory=list)  # block, mean of its vectors, how many
    _blocks: int = 0

    def add(self, block: Block) -> None:
        """Hear the next block."""
        windows, stretches = self.networks.hear(block)
        self.windows += windows
        self.stretches += stretches
        self._groups += [(self._blocks, *group) for group in groups(locals_of(windows, stretches), self.low, self.high)]
        self._blocks += 1

    def speakers(self) -> tuple[tuple[Turn, ...], tuple[Voice, ...]]:
        """Turns, and the voices of their speakers: S1, S2, … in the order in which they first speak."""
        if not self._groups:
            return (), ()
        means = np.stack([mean for _, mean, _ in self._groups])
        sizes = np.array([size for *_, size in self._groups])
        blocks = np.array([block for block, *_ in self._groups])
        apart = blocks[:, None] == blocks  # what a block kept apart stays apart
        labels = agglomerate(means, sizes, apart, THRESHOLD, self.low, self.high)
        members = [labels == label for label in range(labels.max() + 1)]
        speakers = unit(np.stack([np.average(means[own], axis=0, weights=sizes[own]) for own in members]))
        speakers = twins(speakers, np.array([sizes[own].sum() for own in members]), self.low)
        return named(vote(self.windows, self.stretches, speakers), speakers)


def twins(speakers: np.ndarray, sizes: np.ndarray, low: int = 1) -> np.ndarray:
    """The speakers (n, d), unit vectors that stand for `sizes` voices each, with those made one that sound the same.
    Over music, or where one narrator changes his tone, a window hears two voices and keeps them apart for ever."""
    labels = agglomerate(speakers, sizes, np.zeros((len(sizes),) * 2, bool), TWIN, low)
    members = [labels == label for label in range(labels.max() + 1)]
    return unit(np.stack([np.average(speakers[own], axis=0, weights=sizes[own]) for own in members]))


class Networks:
    """Segmentation and embedding, loaded once. `run` of an ONNX session may be called from any thread."""

    def __init__(self, threads: int = 1):
        import onnxruntime  # here: to name a recogniser must not load it

        blobs, self.mark = weights.community()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False  # inputs vary in length: an arena would keep the largest of each
        self._segment, self._embed = (
            onnxruntime.InferenceSession(blobs[name], options, providers=["CPUExecutionProvider"])
            for name in ("segmentation", "embedding")
        )

    def hear(self, block: Block) -> tuple[list[Window], list[Stretch]]:
        """The windows in which somebody speaks, and the stretches of what they add to the windows around them."""
        windows, stretches = [], []
        for at, own in shares(starts(len(block.samples))):
            start = block.start + at / RATE
            if any(a < start + WINDOW / RATE and b > start for a, b in block.speech):
                window, found = self.window(round(start / HOP), block.samples[at : at + WINDOW], own)
                windows.append(window)
                stretches += found
        return windows, stretches

    def window(self, first: int, part: np.ndarray, own: slice) -> tuple[Window, list[Stretch]]:
        """Find the voices of one window, and the stretches in which one speaks alone."""
        sound = np.zeros(WINDOW, np.float32)
        sound[: len(part)] = part
        window = Window(first, self._segment.run(None, {"waveforms": sound[None, None]})[0][0].T > 0.5)
        parts = sorted(span for alone in window.alone for span in pieces(alone, own))
        if not parts:
            return window, []
        features = fbank(sound)
        features -= features[: max(1, (len(part) - LENGTH) // SHIFT + 1)].mean(0)  # without the padding
        return window, [Stretch(first + a, first + b, self.embedding(features, a, b)) for a, b in parts]

    def embedding(self, features: np.ndarray, first: int, end: int) -> np.ndarray:
        """Unit vector of the frames `first` to `end` of a window, of whose sound `features` are (998, 80)."""
        chosen = features[round(first * HOP * 100) : round(end * HOP * 100)]
        if len(chosen) < SHORTEST:
            chosen = np.pad(chosen, ((0, SHORTEST - len(chosen)), (0, 0)), mode="wrap")
        inputs = {"fbank": chosen[None], "weights": np.ones((1, len(chosen)), np.float32)}
        return unit(self._embed.run(None, inputs)[0][0])


def starts(samples: int) -> list[int]:
    """Where windows begin: every STEP, the last one moved back to end with the sound."""
    step = round(STEP * RATE)
    last = max(0, samples - WINDOW)
    return [*range(0, last, step), last]


def shares(starts: Sequence[int]) -> Iterator[tuple[int, slice]]:
    """Each window's start and those of its frames that lie nearer to its middle than to that of another window."""
    bounds = [(a + b) / 2 for a, b in pairwise(starts)]
    for at, left, right in zip(starts, [None, *bounds], [*bounds, None], strict=True):
        low = 0 if left is None else round((left - at + WINDOW / 2) / RATE / HOP)
        high = FRAMES if right is None else round((right - at + WINDOW / 2) / RATE / HOP)
        yield at, slice(low, high)


def pieces(mask: np.ndarray, own: slice) -> Iterator[tuple[int, int]]:
    """Frames of the runs of `mask` within `own`, cut evenly where they are longer than STRETCH."""
    for first, end in spans(mask[own]):
        if (end - first) * HOP >= FAINT:
            edges = np.linspace(first, end, 1 + max(1, int(np.ceil((end - first) * HOP / STRETCH)))).round().astype(int)
            yield from pairwise((edges + own.start).tolist())


def locals_of(windows: Sequence[Window], stretches: Sequence[Stretch]) -> list[Local]:
    """The speakers of each window: its voices by their stretches, each split where these are of different people."""
    found = []
    for number, window in enumerate(windows):
        near = within(window, stretches)
        for alone in window.alone:
            solo = np.array([alone[span].sum() * HOP for span, _ in near])
            heard = np.flatnonzero(solo >= FAINT)
            if not len(heard):
                continue
            embeddings, solo = np.stack([near[index][1] for index in heard]), solo[heard]
            people = split(embeddings, solo)
            for person in range(people.max() + 1):
                own = people == person
                mean = unit(np.average(embeddings[own], axis=0, weights=solo[own]))
                found.append(Local(number, mean, float(solo[own].sum()), people.max() == 0))
    return found


def within(window: Window, stretches: Sequence[Stretch]) -> list[tuple[slice, np.ndarray]]:
    """The stretches, which are in order, that share time with a window: which of its frames, and how they sound."""
    low = bisect_right(stretches, window.first, key=lambda one: one.end)
    high = bisect_left(stretches, window.first + FRAMES, key=lambda one: one.first)
    return [
        (slice(max(0, one.first - window.first), one.end - window.first), one.embedding) for one in stretches[low:high]
    ]


def split(embeddings: np.ndarray, solo: np.ndarray) -> np.ndarray:
    """Who of the people in one voice speaks each of its stretches (n,); who speaks for less than ENOUGH is nobody new,
    and the stretches go to those who sound most alike."""
    labels = agglomerate(embeddings, solo, np.zeros((len(solo),) * 2, bool), SPLIT)
    total = np.bincount(labels, solo)
    people = np.flatnonzero(total >= min(ENOUGH, total.max()))
    means = [np.average(embeddings[labels == one], axis=0, weights=solo[labels == one]) for one in people]
    return np.unique(np.argmax(embeddings @ unit(np.stack(means)).T, axis=1), return_inverse=True)[1]


def groups(found: Sequence[Local], low: int = 1, high: int = 0) -> list[tuple[np.ndarray, int]]:
    """The speakers of one block, `low` to `high` where the voices allow it: (mean of unit vectors, how many)."""
    if not found:
        return []
    enough = min(SOLO, max(one.solo for one in found))
    founders = [one for one in found if one.solo >= enough]
    means = np.stack([one.embedding for one in founders])
    windows, whole = np.array([one.window for one in founders]), np.array([one.whole for one in founders])
    apart = (windows[:, None] == windows) & whole[:, None] & whole  # voices that were split are not sure of others
    labels = agglomerate(means, np.ones(len(means)), apart, THRESHOLD, low, high)
    return [(means[labels == label].mean(0), int((labels == label).sum())) for label in range(labels.max() + 1)]


def vote(windows: Sequence[Window], stretches: Sequence[Stretch], speakers: np.ndarray) -> list[list[Span]]:
    """Spans per speaker: in each frame as many speak as the windows say on average, those with most windows first."""
    total = windows[-1].first + FRAMES
    votes = np.zeros((total, len(speakers)), np.float32)
    together, seen = np.zeros(total, np.float32), np.zeros(total, np.float32)
    for window in windows:
        span = slice(window.first, window.first + FRAMES)
        together[span] += window.together
        seen[span] += 1
        votes[span] += told(window, within(window, stretches), speakers)
    count = np.rint(together / np.maximum(seen, 1)).astype(int)
    rank = np.argsort(np.argsort(-votes, axis=1, kind="stable"), axis=1)
    speaks = (rank < count[:, None]) & (votes > 0)
    return [runs(speaks[:, speaker]) for speaker in range(len(speakers))]


def told(window: Window, near: Sequence[tuple[slice, np.ndarray]], speakers: np.ndarray) -> np.ndarray:
    """Who speaks in each frame of a window (589, speakers): cell by cell its voices go to different speakers, to those
    who sound most alike in the cell and in the whole voice."""
    likeness, known = np.zeros((FRAMES, len(speakers))), np.zeros(FRAMES, bool)
    for span, embedding in near:
        likeness[span], known[span] = speakers @ embedding, True
    alone = window.alone & known
    whole = [likeness[mask].mean(0) if mask.any() else np.zeros(len(speakers)) for mask in alone]
    speaks = np.zeros((FRAMES, len(speakers)), bool)
    for edge in range(-(window.first % CELL), FRAMES, CELL):
        cell = slice(max(0, edge), edge + CELL)
        present = [voice for voice in range(len(alone)) if window.active[voice, cell].any()]
        if not present:
            continue
        sums = [likeness[cell][alone[voice, cell]].sum(0) * HOP + TRUST * whole[voice] for voice in present]
        solo = [alone[voice, cell].sum() * HOP + TRUST for voice in present]
        for voice, speaker in zip(present, assign(np.stack(sums) / np.array(solo)[:, None]), strict=True):
            if speaker >= 0:
                speaks[cell, speaker] |= window.active[voice, cell]
    return speaks


def spans(mask: np.ndarray) -> list[tuple[int, int]]:
    """The runs of a mask: first frame and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def runs(mask: np.ndarray) -> list[Span]:
    """The runs of a mask in seconds: a frame stands for the middle of the sound it sees."""
    return [(a * HOP + MIDDLE - HOP / 2, b * HOP + MIDDLE - HOP / 2) for a, b in spans(mask)]


def named(found: list[list[Span]], speakers: np.ndarray) -> tuple[tuple[Turn, ...], tuple[Voice, ...]]:
    """Spans and vectors by speaker as turns and voices; who never speaks gets no name."""
    order = sorted((number for number, own in enumerate(found) if own), key=lambda number: found[number][0])
    turns = [Turn(start=a, end=b, speaker=f"S{name}") for name, number in enumerate(order, 1) for a, b in found[number]]
    voices = [
        Voice(speaker=f"S{name}", embedding=tuple(speakers[number].round(5).tolist()))
        for name, number in enumerate(order, 1)
    ]
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))), tuple(voices)

"""Clips that show and say the same: of each group the one that the run took up first stays.

Re-uploads, re-encodings and clips cut from two copies of one video differ in their bytes but hardly in their perceptual
hashes. Clips that share parts of hashes and a length are compared still by still, so that a million clips need no
million times a million comparisons. What they say must agree too, which tells apart the clips of a slide show. A clip
is judged by those before it alone, in order of shards: a run that grows never changes its mind on an old clip.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from pydantic import Field

from asid.pipeline.captions.text import squash
from asid.pipeline.rows import Clip, Decision
from asid.pipeline.stage import CorpusPass, StageConfig

BANDS = 4  # of 16 bits: two hashes that differ in fewer than 4 bits share one whole
KEYED = 8  # stills of a clip by which it is looked up
CLOSEST = 32  # clips with the most parts of hashes in common are compared
SEARCHED = 1024  # clips that share one part are looked at; what is shared by more (black, a common title) tells little
SHINGLE, SKETCH = 6, 24  # letters of speech hashed together, and hashes kept


class NearDuplicatesConfig(StageConfig):
    """Say from where on two clips are the same."""

    max_distance: float = Field(6.0, ge=0, le=64, description="mean bits of 64 in which the stills may differ")
    max_gap: float = Field(1.0, ge=0, description="seconds between two stills that are compared")
    max_length_ratio: float = Field(1.1, ge=1, le=1.25, description="longer clip over shorter one")
    min_speech: float = Field(0.5, ge=0, le=1, description="share of what is said that must agree")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of one clip: under a kilobyte."""

    id: str
    duration: float
    times: array[float]
    hashes: array[int]
    speech: array[int]  # the smallest hashes of what is said; empty without speech


class NearDuplicates(CorpusPass[Clip, NearDuplicatesConfig]):
    """Find clips that repeat others."""

    name = "near_duplicates"
    version = 2
    # Only what is compared: the words of the utterances, most of a row, stay on disk.
    columns = (
        "id", "duration", "frames.list.element.time", "frames.list.element.phash", "utterances.list.element.text"
    )  # fmt: skip

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        clips = [fingerprint(row) for row in rows]
        for clip, first, distance in duplicates(clips, self.config):
            yield Decision(
                id=clip.id, value=f"duplicate_of:{first.id}", detail=f"stills differ by {distance:.1f} of 64 bits"
            )


def fingerprint(row: dict[str, Any]) -> Fingerprint:
    """Make what is compared of a clip."""
    frames = sorted(row["frames"], key=lambda frame: frame["time"])
    said = squash(" ".join(utterance["text"] for utterance in row["utterances"]))
    return Fingerprint(
        row["id"],
        row["duration"],
        array("d", (frame["time"] for frame in frames)),
        array("Q", (int(frame["phash"], 16) for frame in frames)),
        sketch(said),
    )


def sketch(said: str) -> array[int]:
    """The smallest hashes of its runs of letters: two texts share as many as their runs agree (bottom-k MinHash)."""
    runs = {said[at : at + SHINGLE] for at in range(max(1, len(said) - SHINGLE + 1))} - {""}
    hashes = (int.from_bytes(blake2b(run.encode("utf-8", "replace"), digest_size=8).digest(), "big") for run in runs)
    return array("Q", sorted(hashes)[:SKETCH])


def duplicates(
    clips: Sequence[Fingerprint], config: NearDuplicatesConfig
) -> Iterator[tuple[Fingerprint, Fingerprint, float]]:
    """Each clip that repeats an earlier one that stays, with it and their distance. `clips` are in the order in which
    they were taken up."""
    index = Index(clips, config.max_length_ratio)
    stays = np.ones(len(clips), bool)
    for number, clip in enumerate(clips):
        near = ((distance(clip, clips[other], config.max_gap), other) for other in index.earlier(number, stays))
        for apart, other in sorted(pair for pair in near if pair[0] <= config.max_distance):
            if agreement(clip.speech, clips[other].speech) >= config.min_speech:
                stays[number] = False
                yield clip, clips[other], apart
                break


class Index:
    """Which clips share a part of a hash and about their length. Sorted once; no key is hashed, no bucket held."""

    def __init__(self, clips: Sequence[Fingerprint], length_ratio: float):
        self.lengths = np.array([clip.duration for clip in clips])
        self.length_ratio = length_ratio
        keys, owners = array("Q"), array("L")
        self.begins = array("L", [0])  # of each clip's keys
        for number, clip in enumerate(clips):
            own = sorted(set(_keys(clip)))
            keys.extend(own)
            owners.extend([number] * len(own))
            self.begins.append(len(keys))
        all_keys = np.frombuffer(keys, np.uint64)
        order = np.argsort(all_keys, kind="stable")  # within a key by clip
        in_order = all_keys[order]
        fresh = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if len(keys) else np.zeros(0, int)
        sizes = np.diff(np.r_[fresh, len(keys)])
        self.owners = np.frombuffer(owners, np.uint64)[order].astype(np.uint32)
        self.place = np.empty(len(keys), np.uint32)  # of each key among the sorted ones
        self.place[order] = np.arange(len(keys), dtype=np.uint32)
        self.start = np.repeat(fresh, sizes).astype(np.uint32)  # of the run of equal keys, by place

    def earlier(self, number: int, stays: np.ndarray) -> list[int]:
        """Clips before this one that stay, are about as long and share the most keys, a key that was rare until
        then counting for more than a common one; of equal ones the first."""
        places = self.place[self.begins[number] : self.begins[number + 1]]
        starts = self.start[places]
        ends = np.minimum(places, starts + SEARCHED)
        runs = [self.owners[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        if not runs:
            return []
        others, which = np.unique(np.concatenate(runs), return_inverse=True)
        shared = np.bincount(which, np.repeat(1.0 / (places - starts + 1.0), ends - starts), len(others))
        longer = np.maximum(self.lengths[others], self.lengths[number])
        fits = stays[others] & (longer <= self.length_ratio * np.minimum(self.lengths[others], self.lengths[number]))
        others, shared = others[fits], shared[fits]
        closest: list[int] = others[np.argsort(-shared, kind="stable")[:CLOSEST]].tolist()
        return closest


def _keys(clip: Fingerprint) -> Iterator[int]:
    """A part of a still's hash with the clip's length on a coarse scale. Two scales, shifted by half a step, so that
    lengths that are close share a step of one of them."""
    size = math.log(max(clip.duration, 0.1)) / math.log(1.25)
    for scale, step in ((0, math.floor(size)), (1, math.floor(size + 0.5))):
        for value in clip.hashes[:: math.ceil(len(clip.hashes) / KEYED) or 1]:
            for band in range(BANDS):
                yield (step & 0xFFF) << 24 | scale << 20 | band << 16 | (value >> 16 * band & 0xFFFF)


def agreement(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated share of runs that two texts have in common (Jaccard). Silence agrees with silence."""
    union = sorted({*one, *other})[:SKETCH]
    both = {*one} & {*other}
    return sum(value in both for value in union) / len(union) if union else 1.0


def distance(one: Fingerprint, other: Fingerprint, gap: float) -> float:
    """Mean number of differing bits, over the stills of both, between each and the likest of the other clip within
    `gap` seconds; a still without such a partner counts as a chance pair, 32 bits."""
    return (_distance(one, other, gap) + _distance(other, one, gap)) / 2


def _distance(one: Fingerprint, other: Fingerprint, gap: float) -> float:
    total = 0
    for time, value in zip(one.times, one.hashes, strict=True):
        near = other.hashes[bisect_left(other.times, time - gap) : bisect_right(other.times, time + gap)]
        total += min(((value ^ partner).bit_count() for partner in near), default=32)
    return total / len(one.times) if one.times else 32.0

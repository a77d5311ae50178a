"""Which spans of a video become clips. Pure.

All boundaries are found at once, as the cheapest path through the places where a boundary may lie: where a shot
opens, or, dearer, at the quietest and stillest moment of each second. No boundary lies inside a word, whoever speaks.
A boundary lies where a frame begins, or at most `NEAR` before one, so that every clip has a picture from its start.
What fits into no clip is dropped with a reason: clips and drops together are the whole video, without overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from asid.pipeline.rows import Shot, Signal, Sound, Span, Utterance

NEAR = 0.1  # s
# Costs, each far above the next: losing material, cutting away from a shot's edge, joining shots that should be
# single, a bad moment. Lengths off the target cost a few units.
DROPPED = 1e4  # per second
INSIDE = 1e3
JOINED = 1e2
BADNESS = 1e1
BESIDE = 2e1  # beside a shot's edge that lies in a word, and as much again for each second away

Times = np.ndarray  # float64, sorted


class ClipPolicy(BaseModel):
    """What a clip may be. ASID-1M: 5 s to 3 min; DiaDem: at most 20 s."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_seconds: float = Field(5.0, ge=0.5)
    max_seconds: float = Field(180.0, gt=0.5, le=3600)
    target_seconds: float = Field(30.0, gt=0, description="shots are joined to about this length")
    multi_shot: bool = Field(True, description="false: one shot a clip")
    merge_short: bool = Field(True, description="of single shots: join one to a neighbour; false: drop it")
    whole: bool = Field(False, description="a video is one clip, as it is: neither cut nor encoded again")
    longer: Literal["drop", "cut"] = Field("drop", description="with `whole`: what becomes of one above `max_seconds`")
    keep_short_videos: bool = Field(True, description="a video below `min_seconds` is one clip; false: dropped")
    black_below: float = Field(0.04, ge=0, le=1, description="mean luma of a black picture")
    max_black: float = Field(0.9, ge=0, le=1, description="share of a clip that may be black; 1 keeps all")
    frozen_below: float = Field(0.0005, ge=0, le=1, description="change between frames of a frozen picture")
    max_frozen: float = Field(1.0, ge=0, le=1, description="share of a clip that may be frozen; 1 keeps all")

    @model_validator(mode="after")
    def _in_order(self) -> ClipPolicy:
        if self.max_seconds <= self.min_seconds:
            raise ValueError("max_seconds must be above min_seconds")
        return self


class Drop(Span):
    """`reason`: short, long (with `whole`), no_place_to_cut (a word, or one standing frame, longer than `max_seconds`),
    does_not_fit (`min_seconds` and `max_seconds` are too close), black, frozen."""

    reason: str


@dataclass(frozen=True)
class Places:
    """Where boundaries may lie. `crossed_from`, `crossed_to`: for each shot's edge, the places between which a clip
    must lie wholly to the left or the right of it; both are the edge itself unless it lies in a word."""

    at: Times
    cost: np.ndarray
    crossed_from: Times
    crossed_to: Times


def choose_spans(
    duration: float,
    times: Sequence[float] | np.ndarray,
    shots: Sequence[Shot],
    utterances: Sequence[Utterance],
    signal: Sequence[Signal],
    sounds: Sequence[Sound],
    policy: ClipPolicy,
) -> tuple[list[Span], list[Drop]]:
    """Clips and drops, each in order of time. `times`: when each frame of the video begins, `duration` when the last
    one ends, in seconds. Raises ValueError for times that are not finite or a duration that is not positive."""
    words = _spoken(utterances)
    edges = [shot.start for shot in shots]
    moments = [moment.time for moment in signal], [time for sound in sounds for time in (sound.start, sound.end)]
    for values in ([duration], times, words, edges, *moments):
        if not np.all(np.isfinite(np.asarray(values, dtype=np.float64))):
            raise ValueError("a time is not a finite number")
    if duration <= 0:
        raise ValueError(f"a duration of {duration} s")
    if duration < policy.min_seconds:
        if not policy.keep_short_videos:
            return [], [Drop(start=0.0, end=duration, reason="short")]
        chosen, drops = [Span(start=0.0, end=duration)], list[Drop]()
    elif policy.whole and duration > policy.max_seconds and policy.longer == "drop":
        return [], [Drop(start=0.0, end=duration, reason="long")]
    elif policy.whole and duration <= policy.max_seconds:
        chosen, drops = [Span(start=0.0, end=duration)], list[Drop]()
    else:
        frames = np.unique(np.asarray(times, dtype=np.float64))
        places = _places(duration, frames[(frames > 0) & (frames < duration)], edges, words, signal, sounds, policy)
        chosen, drops = _cheapest(places, policy)
    spans = []
    for span, reason in zip(chosen, _ruled_out(chosen, signal, policy), strict=True):
        if reason:
            drops.append(Drop(start=span.start, end=span.end, reason=reason))
        else:
            spans.append(span)
    return spans, sorted(drops, key=lambda drop: drop.start)


# --- places ------------------------------------------------------------------------------------------------------


def _spoken(utterances: Sequence[Utterance]) -> np.ndarray:
    """Intervals that must stay whole, shape (n, 2): words, and utterances that have none."""
    spans = [(w.start, w.end) for u in utterances for w in (u.words or (u,))]
    return np.array(spans, dtype=np.float64).reshape(-1, 2)


def _union(spans: np.ndarray, duration: float) -> tuple[Times, Times]:
    """Starts and ends of the stretches that are covered. Words that only touch leave a place between them."""
    spans = np.clip(spans[spans[:, 1] > spans[:, 0]], 0.0, duration)
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    if not len(spans):
        return np.empty(0), np.empty(0)
    reach = np.maximum.accumulate(spans[:, 1])
    opens = np.concatenate(([True], spans[1:, 0] >= reach[:-1]))
    return spans[opens, 0], reach[np.concatenate((np.flatnonzero(opens)[1:] - 1, [len(spans) - 1]))]


def _places(
    duration: float,
    frames: Times,
    edges: Sequence[float],
    words: np.ndarray,
    signal: Sequence[Signal],
    sounds: Sequence[Sound],
    policy: ClipPolicy,
) -> Places:
    starts, ends = _union(words, duration)
    free = frames[~_inside(frames, starts, ends)]
    between = ends[:-1][ends[:-1] == starts[1:]] if len(ends) else np.empty(0)  # words without a pause
    free = np.union1d(free, between[_lead(between, frames) <= NEAR])
    free = free[(free > 0) & (free < duration)]
    ends_too = np.concatenate(([0.0], frames, [duration]))
    cut = np.unique([onto for edge in edges if 0 < (onto := _onto(edge, ends_too)) < duration])
    usable = cut[~_inside(cut, starts, ends)]
    cost = {0.0: 0.0, duration: 0.0}
    bad = _badness(free, frames, starts, ends, signal, sounds)
    for at in _best_of_each_second(free, bad, policy):
        cost[float(free[at])] = INSIDE + BADNESS * float(bad[at])
    crossed = {edge: (edge, edge) for edge in usable.tolist()}
    for edge in np.setdiff1d(cut, usable).tolist():
        after = int(np.searchsorted(free, edge))
        left = float(free[after - 1]) if after else 0.0
        right = float(free[after]) if after < len(free) else duration
        crossed[edge] = (left, right)
        for time in (left, right):
            cost[time] = min(cost.get(time, INSIDE), BESIDE * (1 + abs(time - edge)))
    cost |= {0.0: 0.0, duration: 0.0} | dict.fromkeys(usable.tolist(), 0.0)
    at = np.array(sorted(cost))
    around = np.array([crossed[edge] for edge in sorted(crossed)], dtype=np.float64).reshape(-1, 2)
    return Places(at, np.array([cost[time] for time in at.tolist()]), around[:, 0], around[:, 1])


def _inside(times: Times, starts: Times, ends: Times) -> np.ndarray:
    """Which times lie strictly inside one of the stretches, which are sorted and apart."""
    if not len(starts):
        return np.zeros(len(times), dtype=bool)
    before = np.searchsorted(starts, times, side="left") - 1  # the last stretch that starts earlier
    return (before >= 0) & (times < ends[before])


def _lead(times: Times, frames: Times) -> np.ndarray:
    """Seconds until the next frame begins."""
    waits: np.ndarray = np.append(frames, np.inf)[np.searchsorted(frames, times)] - times
    return waits


def _onto(edge: float, frames: Times) -> float:
    """The beginning of the frame that a shot's edge means; infinite when there is none near."""
    near = frames[max(0, int(np.searchsorted(frames, edge)) - 1) :][:2]
    best = float(near[np.argmin(np.abs(near - edge))])
    return best if abs(best - edge) <= NEAR else math.inf


def _badness(
    times: Times, frames: Times, starts: Times, ends: Times, signal: Sequence[Signal], sounds: Sequence[Sound]
) -> np.ndarray:
    """0 for a good moment to cut at, up to about 4: motion, loudness, nearness to a word, off a frame's beginning."""
    bad = np.where(np.isin(times, frames), 0.0, 1.0)
    if signal:
        moments = sorted((s.time, s.change + s.residual) for s in signal)
        bad += np.minimum(1.0, np.interp(times, *np.array(moments).T) * 10)
    if sounds:
        spans = np.array(sorted((s.start, s.end, s.level if s.kind != "silence" else -90.0) for s in sounds))
        last = np.searchsorted(spans[:, 0], times, side="right") - 1
        heard = (last >= 0) & (times < spans[last, 1])
        bad += np.where(heard, np.clip((spans[last, 2] + 60) / 60, 0, 1), 0)
    if len(starts):
        pause = np.minimum(_lead(times, starts), _lead(-times, -ends[::-1]))
        bad += 1 - np.minimum(1.0, pause / 0.3)
    return bad


def _best_of_each_second(free: Times, bad: np.ndarray, policy: ClipPolicy) -> np.ndarray:
    """Indices of one place in every second, closer where the allowed lengths lie close together; and both sides of
    what is too long to be in a clip."""
    bins = np.floor(free / min(1.0, (policy.max_seconds - policy.min_seconds) / 8))
    order = np.lexsort((free, bad, bins))
    first = np.diff(bins[order], prepend=-1.0) > 0
    long = np.flatnonzero(np.diff(free) > policy.max_seconds)
    return np.unique(np.concatenate((order[first], long, long + 1)))


# --- the cheapest path -------------------------------------------------------------------------------------------


def _cheapest(places: Places, policy: ClipPolicy) -> tuple[list[Span], list[Drop]]:
    at, count = places.at, len(places.at)
    target = min(max(policy.target_seconds, policy.min_seconds), policy.max_seconds)
    passed = np.searchsorted(places.crossed_to, at, side="left")  # edges that lie wholly to the left of each place
    behind = np.searchsorted(places.crossed_from, at, side="right")
    best, back, clip = np.full(count, np.inf), np.zeros(count, dtype=int), np.zeros(count, dtype=bool)
    best[0] = 0.0
    for here in range(count - 1):
        so_far = best[here] + places.cost[here]
        dropped = so_far + DROPPED * (at[here + 1] - at[here])
        if dropped < best[here + 1]:
            best[here + 1], back[here + 1], clip[here + 1] = dropped, here, False
        low = int(np.searchsorted(at, at[here] + policy.min_seconds * (1 - 1e-9)))
        high = int(np.searchsorted(at, at[here] + policy.max_seconds * (1 + 1e-9), side="right"))
        lengths = at[low:high] - at[here]
        cost = so_far + np.log2(lengths / target) ** 2
        if not policy.multi_shot:
            joined = np.maximum(passed[low:high] - behind[here], 0)
            cost += JOINED * joined if policy.merge_short else np.where(joined, np.inf, 0)
        cost[(lengths < policy.min_seconds) | (lengths > policy.max_seconds)] = np.inf
        better = np.flatnonzero(cost < best[low:high]) + low
        best[better], back[better], clip[better] = cost[better - low], here, True
    return _walk(places, back, clip, policy)


def _walk(places: Places, back: np.ndarray, clip: np.ndarray, policy: ClipPolicy) -> tuple[list[Span], list[Drop]]:
    at, here = places.at, len(places.at) - 1
    spans: list[Span] = []
    lost: list[tuple[int, int]] = []  # neighbouring losses are one
    while here:
        before = int(back[here])
        if clip[here]:
            spans.append(Span(start=float(at[before]), end=float(at[here])))
        elif lost and lost[-1][0] == here:
            lost[-1] = (before, lost[-1][1])
        else:
            lost.append((before, here))
        here = before
    drops = []
    for first, last in lost:
        if at[last] - at[first] < policy.min_seconds:
            reason = "short"
        elif np.max(np.diff(at[first : last + 1])) > policy.max_seconds:
            reason = "no_place_to_cut"
        else:
            reason = "does_not_fit"
        drops.append(Drop(start=float(at[first]), end=float(at[last]), reason=reason))
    return spans[::-1], drops


def _ruled_out(spans: Sequence[Span], signal: Sequence[Signal], policy: ClipPolicy) -> list[str]:
    """For each span why it may not be a clip by what is seen in it, or ""."""
    seen = np.array(sorted((s.time, s.brightness < policy.black_below, s.change < policy.frozen_below) for s in signal))
    seen = seen.reshape(-1, 3)
    black, frozen = np.cumsum(np.vstack((np.zeros(3), seen)), axis=0).T[1:]
    reasons = []
    for span in spans:
        first, last = np.searchsorted(seen[:, 0], (span.start, span.end))
        count = max(1, last - first)
        if (black[last] - black[first]) / count > policy.max_black:
            reasons.append("black")
        else:
            reasons.append("frozen" if (frozen[last] - frozen[first]) / count > policy.max_frozen else "")
    return reasons

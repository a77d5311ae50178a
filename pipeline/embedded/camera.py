"""Camera and editing, from the shots, the measured motion and the stills' hashes. No weights: arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean, median

from pydantic import Field

from asid.pipeline.attributes import Attribute
from asid.pipeline.embedded.base import Annotator, ClipEvidence, EmbeddedSettings
from asid.pipeline.embedded.words import listing, number, ordinal
from asid.pipeline.rows import Fact, Shot, Signal

Motion = tuple[float, float, float]  # pan, tilt, zoom

MOTION, CUTS, HASHES = "asid/camera-motion", "asid/shots", "asid/phash"
TRANSITIONS = {"cut": "cuts to", "fade": "fades to", "dissolve": "dissolves into", "start": "cuts to"}
CHANGED = 0.003  # mean difference between frames, 0..1, above which something moves
LOST = 0.3  # share of the samples in which the camera may be lost and still be said to hold still
FALLEN = 0.02  # s: a shot this close to the clip's start has begun before it


class CameraSettings(EmbeddedSettings):
    """Say from where on a movement of the camera is told."""

    moving: float = Field(0.035, gt=0, description="least pan or tilt, frame widths or heights per second")
    zooming: float = Field(0.04, gt=0, description="least growth per second")
    shaking: float = Field(0.06, gt=0, description="spread of pan and tilt about their course, per second")
    min_seconds: float = Field(0.7, gt=0, description="a shorter movement is not told")
    pause: float = Field(0.8, ge=0, description="s: a movement that goes on after a shorter rest is one")
    same_view: int = Field(8, ge=0, le=64, description="most differing bits of 64 between stills of one view")


class Camera(Annotator):
    """Tell cuts, transitions and movements of the camera."""

    kind = "camera"
    settings_type = CameraSettings
    settings: CameraSettings

    def open(self) -> tuple[str, ...]:
        return MOTION, CUTS, HASHES

    def find(self, clip: ClipEvidence) -> list[Fact]:
        """Find the clip's cuts and movements."""
        shots = visible(clip.shots, clip.duration)
        facts = [
            *structure(shots if clip.shots else [], clip.duration),
            *transitions(shots, views(clip, shots, self.settings.same_view)),
        ]
        moves = [list(movements(inside(clip.signal, shot), shot, self.settings)) for shot in shots]
        if clip.signal and not any(moves) and not followed(clip.signal):
            return facts
        if clip.signal and not any(moves):
            text = "the camera holds still throughout" if len(shots) > 1 else "the camera holds still"
            return [*facts, _fact(0.0, clip.duration, "camera", text, 0.8, MOTION)]
        for number_, (shot, found) in enumerate(zip(shots, moves, strict=True)):
            facts += found
            after_motion = not found and number_ and moves[number_ - 1]
            if after_motion and shot.end - shot.start >= 2 and followed(inside(clip.signal, shot)):
                facts.append(_fact(shot.start, shot.end, "camera", "the camera holds still", 0.6, MOTION))
        return facts


def visible(shots: Sequence[Shot], duration: float) -> list[Shot]:
    """Those that last within the clip; a clip without shots is one."""
    found = [shot for shot in shots if min(shot.end, duration) - max(shot.start, 0.0) > FALLEN]
    return found or [Shot(start=0.0, end=duration, first_frame=0, last_frame=0, opens_with="start")]


def inside(signal: Sequence[Signal], shot: Shot) -> list[Signal]:
    """Give the samples that lie in a shot."""
    return [sample for sample in signal if shot.start <= sample.time < shot.end]


def followed(samples: Sequence[Signal]) -> bool:
    """Whether the camera could be followed: where the picture changes and no motion at all was measured, too little of
    it agreed on one, and nothing is known of the camera."""
    lost = [s for s in samples if s.change > CHANGED and s.pan == s.tilt == s.zoom == s.residual == 0]
    return bool(samples) and len(lost) <= LOST * len(samples)


def structure(shots: Sequence[Shot], duration: float) -> Iterator[Fact]:
    """How many shots, where they were found."""
    count = len(shots)
    if not count:
        return
    text = "the clip is a single shot without a cut" if count == 1 else f"the clip has {number(count)} shots"
    yield _fact(0.0, duration, "narrative", text, 0.9, CUTS)


def views(clip: ClipEvidence, shots: Sequence[Shot], bits: int) -> list[int]:
    """For each shot the number of the first earlier one with the same view, else its own."""
    hashes = [[int(still.phash, 16) for still in clip.frames if shot.start <= still.time < shot.end] for shot in shots]
    found: list[int] = []
    for place, own in enumerate(hashes):
        known = [
            other
            for other in range(place)
            if found[other] == other and any((one ^ two).bit_count() <= bits for one in own for two in hashes[other])
        ]
        found.append(known[0] if known and found[place - 1] != known[0] else place)
    return found


def transitions(shots: Sequence[Shot], seen: Sequence[int]) -> Iterator[Fact]:
    """Every shot after the first, by how it opens; a view that comes back is named as such."""
    for place, shot in enumerate(shots):
        if place == 0:
            if shot.opens_with == "fade" and shot.start <= FALLEN:
                yield _fact(shot.start, shot.start, "camera", "the picture fades in", 0.8, CUTS)
            continue
        last = place == len(shots) - 1
        how = TRANSITIONS[shot.opens_with]
        if seen[place] != place:
            view = f"the view of the {ordinal(seen[place] + 1)} shot"
            text = f"the picture {'cuts back to' if how == 'cuts to' else how} {view}"
            text += f" for the {ordinal(place + 1)}{' and last' if last else ''} shot"
        else:
            text = f"the picture {how} the {ordinal(place + 1)}{' and last' if last else ''} shot"
        yield _fact(shot.start, shot.end, "camera", text, 0.9, CUTS if seen[place] == place else HASHES)


def movements(samples: Sequence[Signal], shot: Shot, limits: CameraSettings) -> Iterator[Fact]:
    """Runs of samples that move alike, and shaking; in order of time."""
    if len(samples) < 2:
        return
    step = median(later.time - sooner.time for sooner, later in pairwise(samples))
    shakes = shaky(samples, limits)
    if shakes:
        yield _fact(shot.start, shot.end, "camera", "the picture shakes", 0.7, MOTION)
    smooth = smoothed(samples, round(limits.pause / step) if shakes else 0)
    for kind, first, last in runs([course(motion, limits) for motion in smooth], round(limits.pause / step)):
        start, end = samples[first].time, min(samples[last].time + step, shot.end)
        if end - start >= min(limits.min_seconds, 0.6 * (shot.end - shot.start)):
            start = shot.start if start - shot.start <= step else start
            yield _fact(start, end, "camera", f"the camera {listing(kind)}", 0.85, MOTION)


def runs(kinds: Sequence[tuple[str, ...]], pause: int) -> list[tuple[tuple[str, ...], int, int]]:
    """Kind, first and last sample of each stretch of one movement; one that goes on after at most `pause` samples of
    anything else is the same."""
    found: list[tuple[tuple[str, ...], int, int]] = []
    at = 0
    for kind, run in groupby(kinds):
        size = sum(1 for _ in run)
        if kind:
            same = [place for place, (other, _, last) in enumerate(found) if other == kind and at - last - 1 <= pause]
            if same:
                found[same[-1]] = (kind, found[same[-1]][1], at + size - 1)
                del found[same[-1] + 1 :]
            else:
                found.append((kind, at, at + size - 1))
        at += size
    return found


def smoothed(samples: Sequence[Signal], reach: int) -> list[Motion]:
    """Pan, tilt, zoom: the median of three neighbours, which drops a single wrong measurement, then the mean of `reach`
    neighbours on each side, which evens out a shaking hand."""
    raw = [(sample.pan, sample.tilt, sample.zoom) for sample in samples]
    calm = [_middle(raw[max(0, place - 1) : place + 2], median) for place in range(len(raw))]
    return [_middle(calm[max(0, place - reach) : place + reach + 1], fmean) for place in range(len(calm))]


def _middle(few: Sequence[Motion], middle: Callable[[Iterable[float]], float]) -> Motion:
    pan, tilt, zoom = (middle([motion[axis] for motion in few]) for axis in range(3))
    return pan, tilt, zoom


def shaky(samples: Sequence[Signal], limits: CameraSettings) -> bool:
    """Whether the measurements jump about their course, to and fro. A camera that is lost every other moment, as in
    drawings of which parts move, jumps between nothing and something: that is no shake."""
    still = sum(sample.pan == sample.tilt == 0 for sample in samples)
    if len(samples) < 8 or still > LOST * len(samples):
        return False
    calm = smoothed(samples, 2)
    off = [(one.pan - motion[0], one.tilt - motion[1]) for one, motion in zip(samples, calm, strict=True)]
    spread = max(math.sqrt(fmean(value[axis] ** 2 for value in off)) for axis in (0, 1))
    turns = max(sum(one[axis] * two[axis] < 0 for one, two in pairwise(off)) for axis in (0, 1))
    return spread >= limits.shaking and turns >= 0.3 * len(samples)


def course(motion: Motion, limits: CameraSettings) -> tuple[str, ...]:
    """Name the directions of a movement that are strong enough to be told."""
    pan, tilt, zoom = motion
    kinds = []
    if abs(pan) >= limits.moving:
        kinds.append("pans to the right" if pan > 0 else "pans to the left")
    if abs(tilt) >= limits.moving:
        kinds.append("tilts up" if tilt > 0 else "tilts down")
    if abs(zoom) >= limits.zooming:
        kinds.append("zooms in" if zoom > 0 else "zooms out")
    return tuple(kinds)


def _fact(start: float, end: float, attribute: Attribute, text: str, score: float, model: str) -> Fact:
    start = max(start, 0.0)
    return Fact(start=start, end=max(end, start), attribute=attribute, text=text, score=score, model=model)

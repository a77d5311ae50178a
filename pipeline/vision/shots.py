"""Shots of a video, from its small frames in order. Pure: no files, no processes.

Detectors propose cuts, frame by frame (`detectors`); they are asked to propose too many. Each proposal is then
looked at from both sides (`looks.difference`): what a flash, a fast turn of the camera or a screen in the picture
made is dropped. Gradual transitions are found apart (`gradual`); TransNetV2 finds more of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from asid.pipeline.rows import Shot
from asid.pipeline.vision.detectors import find_detector
from asid.pipeline.vision.gradual import EMPTY, RECENT, GradualFinder, Transition, apart
from asid.pipeline.vision.likeness import Look, change, difference, step
from asid.pipeline.vision.settings import ShotSettings

FLASH = 0.28  # s: what comes back within it was a flash, not a cut
CLEAR_RATIO = 3.0  # change at the cut over the change around it
LEAST = 2.0  # mean step of gray and colour at a cut: of a dark picture one step of colour can be a quarter of all hues
HELD = 4  # frames that are a shot of their own between two of another view, however brief
BARE = 12.0  # standard deviation of what a flash leaves of a picture
ALIKE = -0.6  # difference of the first and the others of such a shot
LEAST_EMPTY = 6.0  # the same between two empty pictures, of which one may be the last of a ramp
KEPT_OLDER = 4  # frames kept beyond those within reach, for time stamps with holes
Opening = Literal["start", "cut", "fade", "dissolve"]


@dataclass(frozen=True)
class Boundary:
    """A shot opens at frame `index`. `weight`: how different the views are."""

    index: int
    time: float
    opens_with: Opening
    weight: float


def find_shots(frames: Iterable[Look], end: float, settings: ShotSettings | None = None) -> tuple[Shot, ...]:
    """The shots of a whole picture; `end` in seconds closes the last one. Nothing without frames."""
    finder = ShotFinder(settings or ShotSettings())
    for frame in frames:
        finder.add(frame)
    return finder.finish(end)


class ShotFinder:
    """Takes the frames one by one, in order; some may be left out. Memory does not grow with the video but for its
    boundaries. Inside, frames are known by their place among those that came."""

    def __init__(self, settings: ShotSettings):
        self._settings = settings
        self._detector = find_detector(settings.detector).open(settings.proposing)
        self._gradual = GradualFinder() if settings.gradual else None
        self._near: deque[Look] = deque()
        self._changes: deque[float] = deque()  # beside _near: from the frame before, a frame
        self._proposed: deque[int] = deque()
        self._cuts: list[Boundary] = []
        self._first = 0  # place of the first of _near
        self._told = 0  # of _cuts

    def add(self, look: Look) -> None:
        """Look at the next frame."""
        before = self._near[-1] if self._near else look
        moved = step(before, look)
        self._changes.append(moved / max(1, look.index - before.index))
        self._near.append(look)
        self._proposed.extend(self._detector.propose(look))
        while self._proposed and look.time - self._at(self._proposed[0]).time >= FLASH:
            self._judge(self._proposed.popleft())
        reach = 3 * FLASH
        kept = KEPT_OLDER + self._detector.lag
        while len(self._near) > kept and look.time - self._near[kept].time > reach:
            self._near.popleft()
            self._changes.popleft()
            self._first += 1
        if self._gradual:
            self._gradual.add(look, moved)

    def opening(self, time: float) -> float:
        """When the shot seen at `time` began, as far as is known by now; `time` is at most some seconds ago."""
        known = [*self._cuts[-RECENT:], *(self._gradual.found[-RECENT:] if self._gradual else ())]
        return max((one.time for one in known if one.time <= time), default=0.0)

    def new_cuts(self) -> list[int]:
        """Frames at which cuts were found since this was asked last; some may yet turn out to be part of more."""
        told, self._told = self._told, len(self._cuts)
        return [cut.index for cut in self._cuts[told:]]

    def finish(self, end: float, frames: int = 0) -> tuple[Shot, ...]:
        """`frames`: how many the video has, where some were left out at its end."""
        if not self._near:
            return ()
        self._proposed.extend(self._detector.close())
        while self._proposed:
            self._judge(self._proposed.popleft())
        last = self._near[-1]
        soft = apart([*self._detector.transitions, *self._gradual.finish()]) if self._gradual else []
        bounds = spaced(merged(self._cuts, soft), self._settings.min_shot, last.time)
        return shots_between(bounds, max(frames, last.index + 1), max(end, last.time))

    def _judge(self, place: int) -> None:
        """Keep a proposed cut if the views on its sides differ, and neither comes back across it at once."""
        first = self._first
        if place <= first:
            return
        after, before = self._at(place), self._at(place - 1)
        moved = step(before, after)
        if moved < (LEAST if max(before.spread, after.spread) >= EMPTY else LEAST_EMPTY):
            return
        weight = difference(before, after)
        around = [self._changes[i - first] for i in (place - 2, place - 1, place + 1, place + 2) if self._has(i)]
        ratio = moved / max(1e-6, sum(around) / max(1, len(around)))
        settings = self._settings
        if weight < (settings.clear if ratio >= CLEAR_RATIO else settings.unclear):
            return
        later = [look for look in self._near if look.index >= after.index and look.time - after.time < FLASH]
        earlier = [look for look in self._near if look.index <= before.index and before.time - look.time < FLASH]
        if not (_comes_back(before, later) or _comes_back(after, earlier[::-1])):
            self._cuts.append(Boundary(after.index, after.time, "cut", weight))

    def _at(self, place: int) -> Look:
        return self._near[place - self._first]

    def _has(self, place: int) -> bool:
        return self._first < place < self._first + len(self._near)


def merged(cuts: Iterable[Boundary], soft: Iterable[Transition]) -> list[Boundary]:
    """Cuts and gradual transitions in order. A cut inside a transition belongs to it."""
    soft = list(soft)
    hard = [cut for cut in cuts if not any(one.start <= cut.time <= one.end for one in soft)]
    return sorted([*hard, *(Boundary(one.index, one.time, one.kind, 1.0) for one in soft)], key=lambda b: b.index)


def spaced(bounds: Iterable[Boundary], least: float, last: float) -> list[Boundary]:
    """Without those that open a shot shorter than `least` seconds: the lighter of two goes. `last`: the last frame."""
    kept: list[Boundary] = []
    for one in bounds:
        if one.index < 1 or one.time <= 0:
            continue
        if kept and one.time - kept[-1].time < max(least, 1e-9):
            if one.weight > kept[-1].weight:
                kept[-1] = one
        else:
            kept.append(one)
    return kept


def shots_between(bounds: list[Boundary], frames: int, end: float) -> tuple[Shot, ...]:
    """The shots that `bounds` part: of `frames` frames, from 0 to `end` seconds, with no gap."""
    opened = [Boundary(0, 0.0, "start", 1.0), *bounds]
    closed = [(one.time, one.index - 1) for one in bounds] + [(end, frames - 1)]
    return tuple(
        Shot(start=one.time, end=until, first_frame=one.index, last_frame=last, opens_with=one.opens_with)
        for one, (until, last) in zip(opened, closed, strict=True)
    )


def moved(shots: Sequence[Shot], places: Mapping[int, tuple[int, float] | None]) -> tuple[Shot, ...]:
    """The shots; those that open at a frame of `places` open at the (frame, time) that stands there instead, or, for
    None, go on in the shot before."""
    opened = [(shot, places.get(shot.first_frame, (shot.first_frame, shot.start))) for shot in shots]
    kept = [(shot, *place) for shot, place in opened if place]
    closed = [(at, index - 1) for _, index, at in kept[1:]] + [(shot.end, shot.last_frame) for shot in shots[-1:]]
    return tuple(
        shot.model_copy(update={"start": at, "first_frame": index, "end": end, "last_frame": last})
        for (shot, index, at), (end, last) in zip(kept, closed, strict=True)
    )


def _comes_back(view: Look, others: list[Look]) -> bool:
    """Whether the nearest of `others`, in order from the cut, shows `view` again, after a flash and no brief shot."""
    if len(others) < 2:
        return False
    nearest = min(others[1:], key=lambda other: change(view, other))
    return difference(view, nearest) < 0 and not _is_held(others)


def _is_held(looks: list[Look]) -> bool:
    """Whether the first view stays for a while, as where brief shots take turns: a flash is bare or goes out, and what
    passes before the camera moves on."""
    held = list(takewhile(lambda look: look.spread > BARE and difference(looks[0], look) < ALIKE, looks))
    return len(held) >= HELD

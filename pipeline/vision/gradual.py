"""Gradual transitions between shots: dissolves, wipes and fades, found on a few frames a second.

Of a stretch that begins as one view and ends as another, the frames between say what happened. In a dissolve each is
a mixture of both ends with a falling share of the first; in a wipe each place shows one end or the other; a moving
camera gives frames that neither explains. A fade goes through an empty picture: it parts two shots only where one was
seen before and another comes after, so the light that comes up over the first shot, or goes down over the last, is
none; and its ramps, in which one view grows darker or brighter, are no dissolves of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from asid.pipeline.vision.likeness import Look, change, differ, step

MAX_JUMP = 0.5  # from one frame to the next, of the whole change: beyond it there is a cut
STEP = 0.08  # s between the frames looked at
SPANS = (0.64, 1.12, 1.76, 2.64)  # s, of the stretches tried; a transition must fit inside one
PATCH = (20, 11)  # pixels: small enough that slow movement does not matter
MIN_CHANGE = 8.0  # gray steps between the ends
MIN_DIFFERENCE = 0.1
MAX_UNEXPLAINED = 0.08  # of the squared difference of the ends
BETWEEN = 0.12, 0.88  # shares that belong to neither end
MAX_RISE = 0.1  # of the share from one frame to the next
MIN_BETWEEN = 3  # frames of such a share: two happen when a cut is blurred
RELIT = 0.85  # correlation, over the lit places, of a view with itself at another brightness
SHADOW = 24  # gray below which a place is dark: black bars would correlate anything
EMPTY, FADED = 5.0, 0.35  # standard deviation of an empty picture; or this part of what it was before
PAGE = 3, 0.9  # gray steps within which this share of a page lies: words on one ground, which may change without a cut
RISEN = 3.0  # steps by which the standard deviation grows when a picture comes, be it a few words on white
GROWN = 1.01  # from one frame to the next, while the picture goes or comes
BY_DEGREES = 2  # frames between the full picture and the empty one: one happens when a cut is blurred
LONGEST_EMPTY, LONGEST_DIM = 8.0, 1.7  # s, of an empty picture, and of one that only grew dim
BRIEFLY = 1.0  # s, of an empty picture that belongs to the cut before or after it
LONGEST_RAMP = 1.5  # s in which a picture comes
RECENT = 16  # transitions with which another is compared


@dataclass(frozen=True)
class Transition:
    """The new shot is counted from frame `index` at `time`, the middle; `start` and `end` in seconds."""

    kind: Literal["fade", "dissolve"]
    index: int
    time: float
    start: float
    end: float
    doubt: float = 0.0  # what the frames between leave unexplained


class GradualFinder:
    """Takes every frame; keeps three seconds of a few a second."""

    def __init__(self) -> None:
        self._kept: list[Look] = []
        self._patches: list[np.ndarray] = []
        self._jumps: list[float] = []  # beside _kept: greatest step since the one before
        self._coming: list[bool] = []  # beside _kept: empty, or in a ramp up from an empty picture
        self._jump = 0.0
        self.found: list[Transition] = []  # as they are found, some again and again: `finish` chooses
        self._fades = _Fades()

    def add(self, look: Look, step: float) -> None:
        """`step`: how much changed from the frame before (`looks.step`)."""
        self._jump = max(self._jump, step)
        if self._kept and look.time - self._kept[-1].time < STEP - 0.01:
            return
        goes_on = bool(self._coming) and self._coming[-1] and look.spread >= GROWN * self._kept[-1].spread
        self._coming.append(look.spread < EMPTY or goes_on)
        self._kept.append(look)
        self._patches.append(_patch(look))
        self._jumps.append(self._jump)
        self._jump = 0.0
        while len(self._kept) > 1 and look.time - self._kept[1].time > SPANS[-1]:
            del self._kept[0], self._patches[0], self._jumps[0], self._coming[0]
        fade = self._fades.add(self._kept)
        if fade:
            self.found.append(fade)
        for span in SPANS:
            if self._blended(span):
                break

    def finish(self) -> list[Transition]:
        """Give the transitions that were found."""
        return apart(self.found)

    def _blended(self, span: float) -> bool:
        """Whether the last `span` seconds are a dissolve or wipe; it is noted unless it is a better known one."""
        last = self._kept[-1]
        first = next(i for i, look in enumerate(self._kept) if last.time - look.time <= span)
        looks = self._kept[first:]
        if len(looks) < MIN_BETWEEN + 2 or change(looks[0], last) < MIN_CHANGE:
            return False
        if last.spread < EMPTY or self._coming[first]:
            return False
        if max(self._jumps[first + 1 :]) > MAX_JUMP * step(looks[0], last):
            return False
        a, b, halfway = self._patches[first], self._patches[-1], self._patches[first + len(looks) // 2]
        if not _between(a, b, halfway):
            return False
        shares, doubt = _explained(a, b, np.stack(self._patches[first + 1 : -1]))
        if doubt > MAX_UNEXPLAINED:
            return False
        middle = 1 + int(np.argmin(np.abs(shares - 0.5)))
        mixed = np.flatnonzero((shares > BETWEEN[0]) & (shares < BETWEEN[1])) + 1
        start, end = looks[mixed[0] - 1].time, looks[mixed[-1] + 1].time
        found = Transition("dissolve", looks[middle].index, looks[middle].time, start, end, doubt)
        if any(one.doubt <= doubt and _overlap(one, found) for one in self.found[-RECENT:]):
            return True
        if not differ(looks[0], last, MIN_DIFFERENCE) or _relit(looks[0], last):
            return False
        self.found.append(found)
        return True


def apart(found: Iterable[Transition]) -> list[Transition]:
    """In order, no two overlapping: fades first, then the best explained."""
    kept: list[Transition] = []
    for one in sorted(found, key=lambda t: (t.kind != "fade", t.doubt, t.time)):
        if not any(_overlap(other, one) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda t: t.time)


def _overlap(kept: Transition, one: Transition) -> bool:
    return kept.start < one.end and one.start < kept.end


class _Fades:
    """Watches for an empty picture between two that differ, entered or left by degrees."""

    def __init__(self) -> None:
        self._before: Look | None = None  # the last of the full picture
        self._since = 0.0  # s, when it was first seen to be faded
        self._going = 0  # frames by which it went, one after the other
        self._empty: list[Look] = []  # the emptiest, in order
        self._rising: list[Look] = []

    def add(self, kept: list[Look]) -> Transition | None:
        """Look at the last of `kept`. Gives the fade that is over with it."""
        look, (full, went) = kept[-1], _full(kept)
        if _is_faded(look, full) and (self._before is None or full.time > self._since):
            self._before, self._since, self._going, self._empty = full, look.time, went, [look]
            self._rising.clear()
            return None
        if self._before is None:
            return None
        if look.spread < self._lit:
            self._rising.clear()
            self._going = max(self._going, went if full is self._before else 0)
            self._sink(look)
            return None
        self._rising.append(look)
        came = look.time - self._rising[0].time > LONGEST_RAMP or look.spread < GROWN * kept[-2].spread
        return self._close(kept) if came else None

    @property
    def _lit(self) -> float:
        """Standard deviation from which on the picture is empty no more."""
        low = self._empty[0].spread
        return max(low / FADED, low + RISEN)

    def _sink(self, look: Look) -> None:
        """Take a frame of the empty picture, or of a ramp; forget what lasts too long."""
        low = self._empty[0].spread
        if look.spread < low - 0.5:
            self._empty = [look]
        elif look.spread <= low + 0.5:
            self._empty.append(look)
        if look.time - self._since > (LONGEST_EMPTY if low < EMPTY else LONGEST_DIM):
            self._forget()

    def _close(self, kept: list[Look]) -> Transition | None:
        before, empty = self._before, self._empty
        last = sorted(self._rising[-3:], key=lambda look: look.spread)  # a flash, or a cut, may be among them
        after, going = last[len(last) // 2], self._going
        self._forget()
        assert before is not None
        coming = _came(kept, empty[-1])
        least = max(going, coming) if empty[0].spread < EMPTY else min(going, coming)
        if least <= BY_DEGREES or (_is_page(before) and _is_page(after)):
            return None
        if not differ(before, after, 0.0):
            return None
        middle = empty[len(empty) // 2]
        briefly = after.time - empty[0].time < BRIEFLY
        start = before if briefly or going > BY_DEGREES else empty[0]  # a cut beside a long empty picture is one
        end = after if briefly or coming > BY_DEGREES else empty[-1]
        return Transition("fade", middle.index, middle.time, start.time, end.time)

    def _forget(self) -> None:
        self._before, self._empty = None, []
        self._rising.clear()


def _full(kept: list[Look]) -> tuple[Look, int]:
    """The full picture from which the last of `kept` has come by growing emptier all the time, and in how many
    frames."""
    went = 0
    while went + 1 < len(kept) and kept[-went - 2].spread >= GROWN * kept[-went - 1].spread:
        went += 1
    return kept[-went - 1], went


def _came(kept: list[Look], empty: Look) -> int:
    """In how many frames, one after the other, a picture has come after `empty`."""
    first = last = next((place for place, look in enumerate(kept) if look is empty), 0)
    while last + 1 < len(kept) and kept[last + 1].spread >= GROWN * kept[last].spread:
        last += 1
    return last - first


def _is_faded(look: Look, full: Look) -> bool:
    return full.spread > EMPTY and look.spread < FADED * full.spread


def _is_page(look: Look) -> bool:
    ground = float(np.median(look.tiny))
    return float((np.abs(look.tiny - ground) <= PAGE[0]).mean()) >= PAGE[1]


def _relit(a: Look, b: Look) -> bool:
    """Whether both are one view at different brightness: what is bright in one is bright in the other."""
    one, other = (cv2.resize(look.tiny, PATCH, interpolation=cv2.INTER_AREA).ravel() for look in (a, b))
    lit = np.maximum(one, other) > SHADOW
    if lit.sum() < 2 or min(one[lit].std(), other[lit].std()) < 1.0:
        return False
    return float(np.corrcoef(one[lit], other[lit])[0, 1]) > RELIT


def _shares(a: np.ndarray, b: np.ndarray, between: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of `a` in each of `between` (n, d) as a dissolve and as a wipe, (2, n), and what each leaves unexplained,
    as a part of the squared difference of the ends, (2, n)."""
    gap = a - b
    total = max(1.0, float(gap @ gap))
    mixed = (between - b) @ gap / total
    rest = ((between - b - mixed[:, None] * gap) ** 2).sum(1) / total
    to_a, to_b = (between - a) ** 2, (between - b) ** 2
    wiped = (to_a < to_b) @ gap**2 / total
    return np.stack([mixed, wiped]), np.stack([rest, np.minimum(to_a, to_b).sum(1) / total])


def _explained(a: np.ndarray, b: np.ndarray, between: np.ndarray) -> tuple[np.ndarray, float]:
    """Shares by the better of dissolve and wipe, and what it leaves unexplained in the worst frame: infinite when
    neither has its course."""
    best = np.zeros(len(between)), np.inf
    for shares, unexplained in zip(*_shares(a, b, between), strict=True):
        inside = (shares > BETWEEN[0]) & (shares < BETWEEN[1])
        worst = float(unexplained.max())
        if inside.sum() >= MIN_BETWEEN and np.all(np.diff(shares) < MAX_RISE) and worst < best[1]:
            best = shares, worst
    return best


def _between(a: np.ndarray, b: np.ndarray, one: np.ndarray) -> bool:
    """Whether `one` can lie in a dissolve or wipe from `a` to `b`: quick, and true of all that do."""
    _, doubt = _shares(a, b, one[None])
    return bool(doubt.min() < MAX_UNEXPLAINED)


def _patch(look: Look) -> np.ndarray:
    return cv2.resize(look.planes, PATCH, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()

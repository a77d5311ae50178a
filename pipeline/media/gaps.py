"""Cuts among frames that were left out, found to the frame while the rest of the picture is still decoded.

A cut seen between two spared frames lies at one of the frames between them. These are decoded from the keyframe
before on, once for the cuts of that keyframe, by one process beside the one that decodes the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from asid.pipeline.media.frames import Decoding, between
from asid.pipeline.media.timeline import Timeline

MOST = 0.6  # of the change among a few frames; in a fade of as many no step is
TOGETHER = 500  # gaps that one process fills: its command line and its output stay small
Gap = tuple[int, int]  # the frames on its sides
Places = dict[int, tuple[int, float] | None]


class Gaps:
    """Those of one decoding, as a context; there are none where no frame was left out.

    A keyframe is taken at its word: encoders place one where a shot opens, and what is left out before it belongs to
    what came before.
    """

    def __init__(self, decoding: Decoding, timeout: float):
        self._decoding, self._timeout = decoding, timeout
        self._waiting: defaultdict[int, list[Gap]] = defaultdict(list)  # by the keyframe they are decoded from
        self._begun: list[Future[Places]] = []
        self._known: set[int] = set()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Gaps:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def _timeline(self) -> Timeline:
        assert self._decoding.timeline, "frames were left out by it"
        return self._decoding.timeline

    def fill(self, cuts: Iterable[int], until: int) -> None:
        """Begin with the gaps before the frames `cuts`, but for those of the keyframe that frame `until` needs, as
        there may be more of them."""
        self._note(cuts)
        if self._waiting:
            now = self._timeline.key(until)
            self._begin([key for key in self._waiting if key < now])

    def places(self, cuts: Sequence[int]) -> Places:
        """For those of the frames `cuts` that follow a gap, the frame and the time where the cut is; None where the
        picture changes little by little. Without those whose gap does not decode."""
        self._note(cuts)
        self._begin(list(self._waiting))
        found: Places = {}
        for filling in self._begun:
            found |= filling.result()
        return {index: found[index] for index in cuts if index in found}

    def _note(self, cuts: Iterable[int]) -> None:
        for index in cuts:
            before = self._decoding.before.get(index)
            if before is not None and not self._timeline.keys[index] and index not in self._known:
                self._known.add(index)
                self._waiting[self._timeline.key(before)].append((before, index))

    def _begin(self, keys: Iterable[int]) -> None:
        for key in keys:
            waiting = sorted(self._waiting.pop(key))
            for first in range(0, len(waiting), TOGETHER):
                self._begun.append(self._pool.submit(self._filled, waiting[first : first + TOGETHER]))

    def _filled(self, gaps: Sequence[Gap]) -> Places:
        found: Places = {}
        frames = between(self._decoding, gaps, self._timeout)
        for (before, after), inside in zip(gaps, frames, strict=False):  # none where they do not decode
            step = sharpest(np.abs(np.diff(inside.astype(np.int16), axis=0)).mean(axis=(1, 2)))
            found[after] = None if step is None else self._place(before + 1 + step)
        return found

    def _place(self, index: int) -> tuple[int, float]:
        return index, float(self._timeline.times[index])


def sharpest(changes: np.ndarray) -> int | None:
    """Which of the changes from frame to frame is a cut: the one that is most of them all."""
    at = int(changes.argmax())
    return at if changes[at] >= MOST * changes.sum() else None

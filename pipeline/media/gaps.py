"""Cuts among frames that were left out, found to the frame while the rest of the picture is still decoded.

A cut seen between two spared frames lies at one of the frames between them. These are decoded from the keyframe
before on, once for all cuts of that keyframe, by one process beside the one that decodes the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from pipeline.media.frames import Decoding, between
from pipeline.media.timeline import Timeline

MOST = 0.6  # of the change among a few frames; in a fade of as many no step is
Gap = tuple[int, int]  # the frames on its sides


class Gaps:
    """Those of one decoding, as a context; there are none where no frame was left out.

    A keyframe is taken at its word: encoders place one where a shot opens, and what is left out before it belongs to
    what came before.
    """

    def __init__(self, decoding: Decoding, timeout: float):
        self._decoding, self._timeout = decoding, timeout
        self._waiting: defaultdict[int, list[Gap]] = defaultdict(list)  # by the keyframe they are decoded from
        self._begun: list[tuple[list[Gap], Future[list[np.ndarray]]]] = []
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

    def places(self, cuts: Sequence[int]) -> dict[int, tuple[int, float] | None]:
        """For those of the frames `cuts` that follow a gap, the frame and the time where the cut is; None where the
        picture changes little by little. Without those whose gap does not decode."""
        self._note(cuts)
        self._begin(list(self._waiting))
        found: dict[int, tuple[int, float] | None] = {}
        for gaps, filling in self._begun:
            for (before, after), frames in zip(gaps, filling.result(), strict=False):  # none where they do not decode
                found[after] = self._opening(before, frames)
        return {index: found[index] for index in cuts if index in found}

    def _note(self, cuts: Iterable[int]) -> None:
        for index in cuts:
            before = self._decoding.before.get(index)
            if before is not None and not self._timeline.keys[index] and index not in self._known:
                self._known.add(index)
                self._waiting[self._timeline.key(before)].append((before, index))

    def _begin(self, keys: Iterable[int]) -> None:
        for key in keys:
            gaps = sorted(self._waiting.pop(key))
            filling = self._pool.submit(between, self._decoding, gaps, self._timeout)
            self._begun.append((gaps, filling))

    def _opening(self, before: int, frames: np.ndarray) -> tuple[int, float] | None:
        step = sharpest(np.abs(np.diff(frames.astype(np.int16), axis=0)).mean(axis=(1, 2)))
        if step is None:
            return None
        opens = before + 1 + step
        return opens, float(self._timeline.times[opens])


def sharpest(changes: np.ndarray) -> int | None:
    """Which of the changes from frame to frame is a cut: the one that is most of them all."""
    at = int(changes.argmax())
    return at if changes[at] >= MOST * changes.sum() else None

"""Captions that roll: a line is shown again above the next one, or grows word by word. Each word is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

APART = 0.15  # s between two cues of which the second still shows what the first did
LINES = 8  # of a cue that may be carried over to the next
OFTEN = 0.5  # of the cues that follow another at once: where so many carry a line over, captions roll


@dataclass(frozen=True)
class ShownCue:
    """Lines that are on the screen from `start` to `end`, in seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def read_once(cues: Sequence[ShownCue], timed: bool) -> list[ShownCue]:
    """The cues, in order, without the lines that the cue before shows already. `timed`: words in them have times of
    their own, as captions have that were made while somebody spoke. Other captions may say the same twice."""
    if not timed and not _rolls(cues):
        return list(cues)
    kept: list[ShownCue] = []
    before: ShownCue | None = None
    for cue in cues:
        lines = cue.lines
        if before and cue.start <= before.end + APART:
            if kept and (grown := _grown(before, cue)):
                last = kept[-1]
                kept[-1] = ShownCue(last.start, cue.end, (*last.lines[:-1], cue.lines[grown - 1]))
                lines = cue.lines[grown:]
            else:
                lines = cue.lines[_carried(before, cue) :]
        if lines:
            kept.append(ShownCue(cue.start, cue.end, lines))
        before = cue
    return kept


def _rolls(cues: Sequence[ShownCue]) -> bool:
    follow = [(a, b) for a, b in pairwise(cues) if b.start <= a.end + APART]
    rolled = sum(bool(_grown(a, b)) or _carried(a, b) > 0 for a, b in follow)
    new = sum(bool(_grown(a, b)) or 0 < _carried(a, b) < len(b.lines) for a, b in follow)
    return rolled >= 2 and new >= 1 and rolled >= OFTEN * len(follow)


def _carried(before: ShownCue, cue: ShownCue) -> int:
    """How many of the cue's first lines are the last ones of the cue before."""
    for count in range(min(len(before.lines), len(cue.lines), LINES), 0, -1):
        if before.lines[-count:] == cue.lines[:count]:
            return count
    return 0


def _grown(before: ShownCue, cue: ShownCue) -> int:
    """How many of the cue's first lines are the last ones of the cue before, of which the last has more words now."""
    for count in range(min(len(before.lines), len(cue.lines), LINES), 0, -1):
        same = before.lines[len(before.lines) - count : -1] == cue.lines[: count - 1]
        if same and cue.lines[count - 1].startswith(before.lines[-1] + " "):
            return count
    return 0

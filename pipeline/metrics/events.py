"""How many events of a video a caption misses, tells wrongly or makes up (video-SALMONN 2, section 4).

Miss = missed / events, Hall = (incorrect + hallucinated) / events, Total = Miss + Hall: over a set the ratio of sums,
as published, or the mean of the clips' ratios. A clip without a verdict counts as all missed; what it would have made
up nobody knows, so it is left out of Hall, and Hall says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asid.pipeline.metrics.figure import NO_REFERENCE, Absent, Figure, mean, split

Aggregation = Literal["ratio_of_sums", "mean_of_ratios"]

RUNS = 7  # of the judge, as published; the fourth by Total is reported

LOOPS = (re.compile(r"(.{1,49}?)\1{4,}", re.DOTALL), re.compile(r"(.{50,99}?)\1{3,}", re.DOTALL))


@dataclass(frozen=True, slots=True)
class EventCounts:
    """A judge's counts for one caption, of `events` that the reference has."""

    events: int
    missed: int
    incorrect: int
    hallucinated: int

    @property
    def faults(self) -> str:
        """What makes the counts impossible, or ""."""
        if min(self.events, self.missed, self.incorrect, self.hallucinated) < 0:
            return "a count is negative"
        if self.missed + self.incorrect > self.events:
            return f"{self.missed} missed and {self.incorrect} incorrect are more than the {self.events} events"
        return ""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A clip of `events` whose caption has no verdict, and why."""

    events: int
    why: str


EventVerdict = EventCounts | Unjudged


def figures(clips: Iterable[EventVerdict], aggregation: Aggregation = "ratio_of_sums") -> dict[str, Figure]:
    """Give `miss`, `hall` and `total` of a set. Clips whose reference has no event say nothing of any and are counted
    as missing, left out. Raises ValueError for counts that do not add up."""
    clips = list(clips)
    for clip in clips:
        if isinstance(clip, EventCounts) and clip.faults:
            raise ValueError(f"{clip.faults}: give an Unjudged with that reason in its place")
    told = [clip for clip in clips if clip.events > 0]
    empty = {NO_REFERENCE: len(clips) - len(told)} if len(told) < len(clips) else {}
    judged, missing = split(clip if isinstance(clip, EventCounts) else Absent(clip.why) for clip in told)
    miss = [(clip.missed if isinstance(clip, EventCounts) else clip.events, clip.events) for clip in told]
    hall = [(clip.incorrect + clip.hallucinated, clip.events) for clip in judged]
    values = _ratio(miss, aggregation), _ratio(hall, aggregation)
    total = None if None in values else sum(value for value in values if value is not None)
    scored, expected, missing = len(judged), len(clips), missing | empty
    return {
        "miss": Figure(values[0], scored, expected, missing),
        "hall": Figure(values[1], scored, expected, missing, "left out"),
        "total": Figure(total, scored, expected, missing),
    }


def _ratio(parts: Sequence[tuple[int, int]], aggregation: Aggregation) -> float | None:
    if aggregation == "mean_of_ratios":
        return mean(part / whole for part, whole in parts).value
    whole = sum(whole for _, whole in parts)
    return sum(part for part, _ in parts) / whole if whole else None


def median_run(runs: Sequence[Mapping[str, Figure]]) -> Mapping[str, Figure]:
    """Choose one of an odd number of runs: the middle one by Total, with its own Miss and Hall, as published. Runs
    without a Total sort last. Raises ValueError for no run or an even number, which has no middle."""
    if len(runs) % 2 == 0:
        raise ValueError(f"{len(runs)} runs have no middle one: give an odd number")
    ordered = sorted(runs, key=lambda run: float("inf") if (total := run["total"].value) is None else total)
    return ordered[len(runs) // 2]


def collapse_loops(text: str) -> str:
    """Leave one copy of what repeats itself: a unit of 1 to 49 characters five or more times in a row, of 50 to 99 four
    or more times. As the published scorer prepares a caption that fell into a loop."""
    for loop in LOOPS:
        text = loop.sub(r"\1", text)
    return text

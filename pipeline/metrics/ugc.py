"""UGC-VideoCap: a judge's marks of 1 to 5 for what a caption shows, sounds and details (UGC-VideoCaptioner).

Marks become percent by mean / 5 x 100. The lowest mark is 20 and not 0, so a missing mark, which counts as 0, lies
below every caption that was judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asid.pipeline.metrics.figure import Absent, Figure, mean

MOST = 5
DIMENSIONS = ("visual", "audio", "details")


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks of one caption, each 1 to 5. Raises ValueError for another."""

    visual: int
    audio: int
    details: int

    def __post_init__(self) -> None:
        for name in DIMENSIONS:
            mark = getattr(self, name)
            if isinstance(mark, bool) or not isinstance(mark, int) or not 1 <= mark <= MOST:
                raise ValueError(f"{name} has the mark {mark!r}, which is none of 1 to {MOST}")


def figures(clips: Iterable[Marks | Absent]) -> dict[str, Figure]:
    """Give `visual`, `audio`, `details` and `average` in percent. Missing clips count as 0."""
    clips = list(clips)
    made = {name: mean(one if isinstance(one, Absent) else 100 * getattr(one, name) / MOST for one in clips)
            for name in DIMENSIONS}  # fmt: skip
    whole = mean(one if isinstance(one, Absent) else 100 * sum(getattr(one, name) for name in DIMENSIONS)
                 / (MOST * len(DIMENSIONS)) for one in clips)  # fmt: skip
    return made | {"average": whole}

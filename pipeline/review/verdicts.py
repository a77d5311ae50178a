"""What reviewers have said, kept as it is given, and what follows from it."""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import median
from typing import Literal

from pydantic import Field, field_validator

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.rows import Record
from asid.pipeline.storage import Storage

Said = Literal["reliable", "error", "missing"]
FOLDER = "run:review"
NEAR = 2.0  # s: ASID's bound for what is left of timestamp deviation
REVIEWER = re.compile(r"^[\w-]{1,40}$")


class AnchorMark(Record):
    """An anchor and the second at which its event is in truth."""

    anchor: float
    true: float


class Verdict(Record):
    """What one reviewer says of one clip; a later one of the same reviewer takes its place. One that `adjudicates` is
    final, whatever the others say. `correction`: the caption as it should be, "" when it was not rewritten."""

    clip: str
    reviewer: str
    said: Said
    attribute: str = ""
    note: str = Field("", max_length=4000)
    marks: tuple[AnchorMark, ...] = Field((), max_length=500)
    correction: str = Field("", max_length=100_000)
    adjudicates: bool = False
    at: float = 0.0  # seconds since 1970

    @field_validator("attribute")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in ATTRIBUTES:
            raise ValueError(f"there is no attribute {value!r}")
        return value

    @field_validator("reviewer")
    @classmethod
    def _name(cls, value: str) -> str:
        if not REVIEWER.match(value):
            raise ValueError("a reviewer's name is letters, digits, - and _, at most 40")
        return value


class Book:
    """All verdicts of a run. Each session appends to a file of its own, so that sessions side by side lose nothing."""

    def __init__(self, storage: Storage):
        self.storage = storage
        self.mine: list[Verdict] = []
        self.uri = f"{FOLDER}/{time.time_ns():019d}-{uuid.uuid4().hex[:8]}.jsonl"

    def add(self, verdict: Verdict) -> Verdict:
        """Returns when the verdict is durable."""
        dated = verdict.model_copy(update={"at": time.time()})
        lines = "".join(said.model_dump_json() + "\n" for said in (*self.mine, dated))
        self.storage.write(self.uri, lines.encode())
        self.mine.append(dated)
        return dated

    def read(self) -> list[Verdict]:
        """Of all sessions, the oldest first."""
        found = []
        for name in self.storage.list(FOLDER):
            if name.endswith(".jsonl"):
                lines = self.storage.read(f"{FOLDER}/{name}").decode().splitlines()
                found += [Verdict.model_validate_json(line) for line in lines]
        return sorted(found, key=lambda verdict: verdict.at)


def latest(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Verdict]]:
    """The verdicts that count: clip -> reviewer -> verdict."""
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        found[verdict.clip][verdict.reviewer] = verdict
    return dict(found)


def settled(given: Iterable[Verdict]) -> Verdict | None:
    """The verdict on one clip: the adjudicator's, else the one that all agree on. None while they differ."""
    given = sorted(given, key=lambda verdict: verdict.at)
    final = [verdict for verdict in given if verdict.adjudicates]
    if final:
        return final[-1]
    return given[-1] if len({verdict.said for verdict in given}) == 1 else None


@dataclass(frozen=True)
class Assessment:
    """`reliable` of `judged` clips, with the interval in which the true share lies at 95 %. `disputed`: clips on which
    reviewers differ and nobody has decided; they count among neither. `agreement`: of two reviewers on clips that both
    judged, as a share; `kappa`: beyond chance (Cohen), None where chance leaves no room."""

    judged: int
    reliable: int
    low: float
    high: float
    disputed: tuple[str, ...]
    findings: dict[str, int]  # "error speech" -> clips
    agreement: dict[str, tuple[int, float, float | None]]  # "a, b" -> clips of both, share, kappa
    deviations: tuple[float, ...]  # s, sorted by size

    @property
    def share(self) -> float:
        """Share of the judged clips that are reliable."""
        return self.reliable / self.judged if self.judged else 0.0

    @property
    def median_deviation(self) -> float | None:
        """Median distance of marked anchors from the truth, in s; None without marks."""
        return median(map(abs, self.deviations)) if self.deviations else None

    @property
    def near(self) -> float | None:
        """Share of the marked anchors that are at most NEAR seconds off."""
        return sum(abs(off) <= NEAR for off in self.deviations) / len(self.deviations) if self.deviations else None


def result(verdicts: Iterable[Verdict]) -> Assessment:
    """Count what the verdicts come to."""
    by_clip = latest(verdicts)
    final = {clip: settled(given.values()) for clip, given in by_clip.items()}
    decided = [verdict for verdict in final.values() if verdict]
    reliable = sum(verdict.said == "reliable" for verdict in decided)
    low, high = wilson(reliable, len(decided))
    found = Counter(f"{v.said} {v.attribute}".strip() for v in decided if v.said != "reliable")
    off = [mark.anchor - mark.true for given in by_clip.values() for v in given.values() for mark in v.marks]
    return Assessment(
        judged=len(decided),
        reliable=reliable,
        low=low,
        high=high,
        disputed=tuple(sorted(clip for clip, verdict in final.items() if verdict is None)),
        findings=dict(sorted(found.items())),
        agreement=agreement(by_clip.values()),
        deviations=tuple(sorted(off, key=abs)),
    )


def wilson(hits: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval for a share, at 95 % by default; (0, 1) when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, z * z
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = z * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(0.0, centre - half), min(1.0, centre + half)


def agreement(clips: Iterable[dict[str, Verdict]]) -> dict[str, tuple[int, float, float | None]]:
    """For every two reviewers with clips in common. Adjudication is not a second opinion and does not count."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for given in clips:
        first_hand = sorted(name for name, verdict in given.items() if not verdict.adjudicates)
        for one, two in combinations(first_hand, 2):
            pairs[f"{one}, {two}"].append((given[one].said, given[two].said))
    return {names: (len(both), *_kappa(both)) for names, both in sorted(pairs.items())}


def _kappa(both: Sequence[tuple[str, str]]) -> tuple[float, float | None]:
    count = len(both)
    share = sum(one == two for one, two in both) / count
    ones, twos = Counter(one for one, _ in both), Counter(two for _, two in both)
    chance = sum(ones[said] * twos[said] for said in ones) / count**2
    return share, (share - chance) / (1 - chance) if chance < 1 else None

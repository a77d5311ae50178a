"""What reviewers have said, kept as it is given, and what follows from it."""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.intervals import share
from asid.pipeline.errors import UserError
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


class ReviewFinding(Record):
    """One thing that is wrong with a caption, or missing from it."""

    said: Literal["error", "missing"]
    attribute: str = ""
    note: str = Field("", max_length=4000)

    @field_validator("attribute")
    @classmethod
    def _known(cls, value: str) -> str:
        return _attribute(value)


class Verdict(Record):
    """What one reviewer says of one clip; a later one of the same reviewer takes its place. One that `adjudicates` is
    final, whatever the others say. `said`, `attribute` and `note` are the gravest finding's; `more`: the others.
    `correction`: the caption as it should be, "" when it was not rewritten."""

    clip: str
    reviewer: str
    said: Said
    attribute: str = ""
    note: str = Field("", max_length=4000)
    more: tuple[ReviewFinding, ...] = Field((), max_length=100)
    marks: tuple[AnchorMark, ...] = Field((), max_length=500)
    correction: str = Field("", max_length=100_000)
    adjudicates: bool = False
    at: float = 0.0  # seconds since 1970

    @field_validator("attribute")
    @classmethod
    def _known(cls, value: str) -> str:
        return _attribute(value)

    @field_validator("more")
    @classmethod
    def _beside(cls, value: tuple[ReviewFinding, ...], info: ValidationInfo) -> tuple[ReviewFinding, ...]:
        if value and info.data.get("said") == "reliable":
            raise ValueError("a reliable caption has no findings")
        return value

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong, as "error speech", one for each finding."""
        if self.said == "reliable":
            return ()
        found = [(self.said, self.attribute), *((one.said, one.attribute) for one in self.more)]
        return tuple(f"{said} {attribute}".strip() for said, attribute in found)

    @field_validator("reviewer")
    @classmethod
    def _name(cls, value: str) -> str:
        if not REVIEWER.match(value):
            raise ValueError("a reviewer's name is letters, digits, - and _, at most 40")
        return value


def _attribute(value: str) -> str:
    if value and value not in ATTRIBUTES:
        raise ValueError(f"there is no attribute {value!r}")
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
    """`reliable` of `judged` clips, with the interval in which the true share lies at 95 %: it is wider where clips of
    one video agree, and reaches from all disputed clips being bad to all being good. `disputed`: clips on which
    reviewers differ and nobody has decided; they are not among the judged. `agreement`: of two reviewers on clips that
    both judged, as a share; `kappa`: beyond chance (Cohen), None where chance leaves no room. `alpha`: of all reviewers
    beyond chance (Krippendorff, nominal); None for fewer than three, or where all say the same of all."""

    judged: int
    reliable: int
    low: float
    high: float
    disputed: tuple[str, ...]
    findings: dict[str, int]  # "error speech" -> how many
    agreement: dict[str, tuple[int, float, float | None]]  # "a, b" -> clips of both, share, kappa
    deviations: tuple[float, ...]  # s, sorted by size
    videos: int = 0  # that the judged clips are of
    reviewers: tuple[str, ...] = ()  # whose opinion is first-hand
    alpha: float | None = None
    unmeasured: str = ""  # why there is no alpha

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


def result(verdicts: Iterable[Verdict], videos: Mapping[str, str] | None = None) -> Assessment:
    """Count what the verdicts come to. `videos`: clip -> the video it is of; a clip that is not there stands alone."""
    by_clip = latest(verdicts)
    final = {clip: settled(given.values()) for clip, given in by_clip.items()}
    decided = [verdict for verdict in final.values() if verdict]
    reliable = sum(verdict.said == "reliable" for verdict in decided)
    disputed = [clip for clip, verdict in final.items() if verdict is None]
    low, high = bounds(decided, disputed, videos or {})
    found = Counter(line for verdict in decided for line in verdict.findings)
    first_hand = [{name: v.said for name, v in given.items() if not v.adjudicates} for given in by_clip.values()]
    reviewers = sorted({name for said in first_hand for name in said})
    beyond, why = None, ""
    try:
        beyond = alpha(first_hand) if len(reviewers) > 2 else None
    except UserError as error:
        why = str(error)
    off = [mark.anchor - mark.true for given in by_clip.values() for v in given.values() for mark in v.marks]
    return Assessment(
        judged=len(decided),
        reliable=reliable,
        low=low,
        high=high,
        disputed=tuple(sorted(disputed)),
        findings=dict(sorted(found.items())),
        agreement=agreement(by_clip.values()),
        deviations=tuple(sorted(off, key=abs)),
        videos=len({(videos or {}).get(verdict.clip, verdict.clip) for verdict in decided}),
        reviewers=tuple(reviewers),
        alpha=beyond,
        unmeasured=why,
    )


def bounds(decided: Sequence[Verdict], disputed: Sequence[str], videos: Mapping[str, str]) -> tuple[float, float]:
    """The interval of the reliable share (Wilson, 95 %, clustered by video): its lower end as if every disputed clip
    were bad, its upper end as if every one were good."""
    known = [(videos.get(verdict.clip, verdict.clip), verdict.said == "reliable") for verdict in decided]
    open_ones = [videos.get(clip, clip) for clip in disputed]
    ends = [share([*known, *((video, good) for video in open_ones)]) for good in (False, True)]
    return ends[0].low, ends[1].high


def alpha(clips: Iterable[Mapping[str, str]]) -> float | None:
    """Krippendorff's alpha for nominal values, of what each reviewer said of each clip, gaps and all; None where there
    is nothing to compare. Raises UserError where the library is missing."""
    import numpy as np

    try:
        import krippendorff
    except ImportError as error:
        raise UserError(
            "agreement of more than two reviewers needs krippendorff: pip install 'asid-verify[review]'"
        ) from error
    values = ("reliable", "error", "missing")
    table = np.array([[list(said.values()).count(value) for value in values] for said in clips])
    table = table[table.sum(1) > 1]
    if not len(table) or (table.sum(0) > 0).sum() < 2:
        return None
    return float(krippendorff.alpha(value_counts=table, level_of_measurement="nominal"))


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

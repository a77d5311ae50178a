"""Fig. 3, measured: one auditor on the captions of each stage of the same clips, by nobody who wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from random import Random

from asid.pipeline.asking.stage import together
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.auditor import AttributeReport, Auditing
from asid.pipeline.auditing.intervals import Share, share
from asid.pipeline.captions import latest
from asid.pipeline.models.base import ModelError
from asid.pipeline.rows import Captioned, Drafted, Judged, Record, Refined, Verified
from asid.pipeline.stage import Unprocessable


class RateInterval(Record):
    """A share with the interval in which the true one lies 95 times in 100."""

    count: int
    trials: int
    low: float
    high: float

    @classmethod
    def of(cls, found: Share) -> RateInterval:
        return cls(count=found.count, trials=found.trials, low=found.low, high=found.high)

    @property
    def value(self) -> float:
        return self.count / self.trials if self.trials else 0.0


class Measured(Record):
    """Rates of one stage's captions (ASID, Fig. 3), as an auditor found them. In no rate: clips that it gave no answer
    for (`failed`), and those with an attribute of which it could hear nothing at all (`unheard`). `partly`: clips in
    the rates of which it could not hear every VERIFY point."""

    model: str
    point: str  # draft, verified, refined, kept, or an annotator's name
    no_error: RateInterval
    no_missing: RateInterval
    clean: RateInterval
    failed: int
    unheard: int = 0
    partly: int = 0


def _draft(row: Captioned) -> str:
    return row.draft if isinstance(row, Drafted) else ""


def _verified(row: Captioned) -> str:
    return row.verified if isinstance(row, Verified) else ""


def _refined(row: Captioned) -> str:
    return row.caption if isinstance(row, Refined) else ""


def _kept(row: Captioned) -> str:
    return latest.caption(row) if isinstance(row, Judged) and row.kept else ""


POINTS: dict[str, Callable[[Captioned], str]] = {
    "draft": _draft, "verified": _verified, "refined": _refined, "kept": _kept,
}  # fmt: skip


def caption_at(row: Captioned, point: str) -> str:
    """The clip's caption at a stage, or an annotator's; "" where it has none."""
    if point in POINTS:
        return POINTS[point](row)
    return next((candidate.caption for candidate in row.candidates if candidate.annotator == point), "")


def sample(rows: Iterable[Captioned], size: int, seed: int) -> list[Captioned]:
    """`size` clips drawn by chance, or all there are, in the order of their ids."""
    found = sorted(rows, key=lambda row: row.id)
    drawn = Random(seed).sample(found, size) if size < len(found) else found
    return sorted(drawn, key=lambda row: row.id)


async def measure(
    auditing: Auditing, rows: Sequence[Captioned], points: Sequence[str], attributes: Sequence[str] = ATTRIBUTES
) -> list[Measured]:
    """The rates of each point. A clip for which the auditor fails in one attribute counts as failed, never as good."""
    return [await _point(auditing, rows, point, attributes) for point in points]


async def _point(auditing: Auditing, rows: Sequence[Captioned], point: str, attributes: Sequence[str]) -> Measured:
    told = [(row, text) for row in rows if (text := caption_at(row, point))]

    async def one(row: Captioned, text: str) -> list[AttributeReport] | None:
        try:
            return await together(auditing.look(row, attribute, text) for attribute in attributes)
        except (ModelError, Unprocessable):
            return None

    looks = list(zip(told, await asyncio.gather(*(one(row, text) for row, text in told)), strict=True))
    answered = [(row.video, found) for (row, _), found in looks if found is not None]
    judged = [
        (video, findings, any(look.unheard for look in found))
        for video, found in answered
        if len(findings := [look.findings for look in found if look.findings]) == len(found)
    ]
    outcomes = [
        (video, not any(one.errors for one in found), not any(one.missing for one in found))
        for video, found, _ in judged
    ]
    return Measured(
        model=auditing.name,
        point=point,
        no_error=RateInterval.of(share((video, right) for video, right, _ in outcomes)),
        no_missing=RateInterval.of(share((video, whole) for video, _, whole in outcomes)),
        clean=RateInterval.of(share((video, right and whole) for video, right, whole in outcomes)),
        failed=len(told) - len(answered),
        unheard=len(answered) - len(judged),
        partly=sum(partly for _, _, partly in judged),
    )

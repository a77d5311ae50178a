"""How far an auditor can be believed: what it finds of planted errors, and how often it objects to true rewordings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from rapidfuzz import fuzz

from asid.pipeline.asking.answers import Findings
from asid.pipeline.auditing.intervals import share
from asid.pipeline.auditing.measuring import RateInterval
from asid.pipeline.auditing.planting import FAULTS, VARIANTS, Plant, plant
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import grounds
from asid.pipeline.captions.text import squash
from asid.pipeline.models.base import ModelError
from asid.pipeline.rows import Captioned, Record
from asid.pipeline.stage import Unprocessable

LIKE = 80.0  # of 100: a finding whose words are this like the planted ones is about them
SURE = 2.3263478740408408  # of a normal distribution, 98 % within: an auditor is chosen by this figure
EVERY = {True: "every error", False: "every rewording"}
RULES = "rules"  # the auditor that is no model

Finder = Callable[[Captioned, str, str], Awaitable[Findings | None]]  # clip, attribute, caption


class Power(Record):
    """Of one kind of planted error (`fault`), the share found; of a kind of true rewording, the share objected to.
    Intervals hold 98 times in 100."""

    model: str
    kind: str
    fault: bool
    hit: RateInterval
    failed: int  # questions without an answer


@dataclass(frozen=True)
class Planted:
    """A plant in one clip's caption, with the caption as it was."""

    clip: Captioned
    plant: Plant
    before: str


def planted(clips: Iterable[tuple[Captioned, str]], kinds: Sequence[str], seed: int, each: int) -> list[Planted]:
    """At most `each` plants of every kind, over as many clips as there are, drawn by chance."""
    found: dict[str, list[Planted]] = {kind: [] for kind in kinds}
    for clip, caption in clips:
        case = CaptionCase(caption, grounds(clip))
        for kind in kinds:
            made = plant(kind, case, Random(f"{seed}/{kind}/{clip.id}"))
            if made is not None:
                found[kind].append(Planted(clip, made, caption))
    chance = Random(seed)
    return [one for made in found.values() for one in (chance.sample(made, each) if len(made) > each else made)]


async def power(model: str, find: Finder, plants: Sequence[Planted]) -> list[Power]:
    """What an auditor finds of them, kind by kind."""

    async def one(planted: Planted) -> bool | None:
        try:
            found = await find(planted.clip, planted.plant.attribute, planted.plant.caption)
        except (ModelError, Unprocessable):
            return None
        return None if found is None else names(found, planted.plant)

    hits = await asyncio.gather(*map(one, plants))
    return _by_kind(model, [(planted, hit) for planted, hit in zip(plants, hits, strict=True)])


def of_rules(plants: Sequence[Planted]) -> list[Power]:
    """The same of rules alone: a plant is found when a rule names it by a fitting kind and did not before."""
    outcomes: list[tuple[Planted, bool | None]] = []
    for one in plants:
        known = grounds(one.clip)
        before = [problem.kind for problem in examine(one.before, known)]
        new = [problem.kind for problem in examine(one.plant.caption, known)]
        for kind in before:
            if kind in new:
                new.remove(kind)
        outcomes.append((one, bool(new) if one.plant.kind in VARIANTS else bool(set(new) & one.plant.expects)))
    return _by_kind(RULES, outcomes)


def _by_kind(model: str, outcomes: Sequence[tuple[Planted, bool | None]]) -> list[Power]:
    """One figure for all errors, one for all rewordings, then one for each kind."""
    groups = {EVERY[True]: set(FAULTS), EVERY[False]: set(VARIANTS)} | {kind: {kind} for kind in (*FAULTS, *VARIANTS)}
    found = []
    for name, kinds in groups.items():
        mine = [(one, hit) for one, hit in outcomes if one.plant.kind in kinds]
        known = share(((one.clip.video, hit) for one, hit in mine if hit is not None), SURE)
        if mine:
            failed = sum(hit is None for _, hit in mine)
            fault = kinds <= set(FAULTS)
            found.append(Power(model=model, kind=name, fault=fault, hit=RateInterval.of(known), failed=failed))
    return found


def names(found: Findings, plant: Plant) -> bool:
    """Whether a finding is about the planted words: an error that quotes them, or, where words were left out, something
    missing that has them."""
    told = squash(plant.snippet)
    said = [squash(error.snippet) for error in found.errors]
    said += [squash(f"{item.what}") for item in found.missing]
    return any(one and fuzz.partial_ratio(told, one) >= LIKE and len(one) >= min(4, len(told)) for one in said)

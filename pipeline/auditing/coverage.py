"""What captions tell, as a tree: attribute, VERIFY point, groups of phrases (ASID, Fig. 6 and appendix E).

The first two levels are the attributes and their points, by hand. For the third a model copies from each attribute's
caption the phrases that tell something, with their points; then it groups the phrases of each point, a batch at a time
with the groups so far in view, and puts groups together where there are too many. Each question is kept with its
answer, so that a count that was broken off goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, StrictInt

from asid.pipeline.asking import evidence
from asid.pipeline.asking.exchange import ask
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.auditor import Auditing
from asid.pipeline.captions import latest
from asid.pipeline.captions.text import squash
from asid.pipeline.models.base import ModelError, Request
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Captioned, Drafted, Record

BATCH = 60  # phrases that are grouped at a time
MOST = 12  # groups of a point
REST = "other"  # of phrases that a model would not group


class Mention(Record):
    """A few words of a caption, and the number of the point that they are about."""

    point: StrictInt
    phrase: str


class Mentions(Record):
    """All that a caption tells about the points of one attribute."""

    mentions: list[Mention]


class PhraseGroup(Record):
    """A name, and the numbers of what belongs to it."""

    name: str = Field(min_length=1, max_length=60)
    phrases: list[StrictInt] = Field(min_length=1)


class PhraseGroups(Record):
    """Phrases, or groups of them, put together by what they mean."""

    groups: list[PhraseGroup]


class PointCoverage(Record):
    """What the captions of some clips tell about one point. `clips`: that tell anything; `groups`: mentions by name."""

    attribute: str
    point: str
    clips: int
    mentions: int
    groups: dict[str, int]


class Coverage(Record):
    """The tree of a run. `failed`: captions of one attribute for which there is no answer."""

    model: str
    clips: int
    failed: int
    points: tuple[PointCoverage, ...]


async def cover(auditing: Auditing, rows: Sequence[Captioned]) -> Coverage:
    """Count what the captions of these clips tell, attribute by attribute."""
    told = [(row, name, text) for row in rows for name in ATTRIBUTES if (text := caption_of(row, name))]
    found = await asyncio.gather(*(_mentions(auditing, *one) for one in told))
    by_point: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (row, name, _), mentions in zip(told, found, strict=True):
        for mention in mentions or ():
            point = auditing.entries[name].verify[mention.point - 1]
            by_point.setdefault((name, point), []).append((row.id, plain(mention.phrase)))
    order = [(name, point) for name in ATTRIBUTES for point in auditing.entries[name].verify]
    points = await asyncio.gather(*(_point(auditing, *key, by_point.get(key, [])) for key in order))
    failed = sum(mentions is None for mentions in found)
    return Coverage(model=auditing.name, clips=len(rows), failed=failed, points=tuple(points))


def caption_of(row: Captioned, attribute: str) -> str:
    """The clip's own caption of an attribute; the one of all where the recipe takes none apart."""
    captions = getattr(row, "captions", None)
    if captions:
        return str(getattr(captions, attribute))
    return latest.caption(row) if isinstance(row, Drafted) else ""


async def _mentions(auditing: Auditing, row: Captioned, attribute: str, caption: str) -> list[Mention] | None:
    """The phrases of one caption; None where there is no answer."""
    entry = auditing.entries[attribute]
    values = {
        "attribute": attribute,
        "about": entry.about,
        "points": "\n".join(f"{number}. {point}" for number, point in enumerate(entry.verify, 1)),
        "caption": evidence.caption(caption),
    }
    try:
        found = await _asked(auditing, "phrases", values, Mentions, lambda one: _off(one, len(entry.verify), caption),
                             row.id, attribute)  # fmt: skip
    except ModelError:
        return None
    return list(found.mentions)


def _off(found: Mentions, points: int, caption: str) -> str | None:
    """Why these cannot be phrases of the caption; None when they can."""
    whole = squash(caption)
    for mention in found.mentions:
        if not 1 <= mention.point <= points:
            return f"there is no point {mention.point}: they are numbered 1 to {points}"
        if not squash(mention.phrase) or squash(mention.phrase) not in whole:
            return f"{mention.phrase!r} does not stand in the caption"
    return None


async def _point(auditing: Auditing, attribute: str, point: str, told: Sequence[tuple[str, str]]) -> PointCoverage:
    counts = Counter(phrase for _, phrase in told)
    groups = await _grouped(auditing, attribute, point, counts) if counts else {}
    return PointCoverage(attribute=attribute, point=point, clips=len({clip for clip, _ in told}), mentions=len(told),
                         groups=groups)  # fmt: skip


async def _grouped(auditing: Auditing, attribute: str, point: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Mentions by the name of their group, the largest first."""
    names: dict[str, str] = {}  # phrase -> group
    order = sorted(counts, key=lambda phrase: (-counts[phrase], phrase))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        there = sorted({*names.values()} - {REST})
        values = {
            "attribute": attribute, "point": point, "phrases": numbered(batch),
            "groups": fence("groups", "\n".join(there) or "(none yet)"),
        }  # fmt: skip
        names |= await _assigned(auditing, "groups", values, batch, attribute)
    sizes = totals(names, counts)
    kinds = [name for name in sizes if name != REST]
    if len(kinds) > MOST:
        values = {
            "attribute": attribute, "point": point, "most": str(MOST),
            "groups": numbered([f"{name} ({sizes[name]})" for name in kinds]),
        }  # fmt: skip
        wider = await _assigned(auditing, "merge", values, kinds, attribute)
        sizes = totals({phrase: wider.get(name, name) for phrase, name in names.items()}, counts)
    return sizes


async def _assigned(
    auditing: Auditing, prompt: str, values: Mapping[str, str], members: Sequence[str], attribute: str
) -> dict[str, str]:
    """The group of each member; REST where there is no answer."""
    try:
        found = await _asked(auditing, prompt, values, PhraseGroups, lambda one: misnumbered(one, len(members)), "",
                             attribute)  # fmt: skip
    except ModelError:
        return dict.fromkeys(members, REST)
    return {members[number - 1]: plain(group.name) or REST for group in found.groups for number in group.phrases}


def misnumbered(found: PhraseGroups, count: int) -> str | None:
    """Why not every number from 1 to `count` stands exactly once; None when it does."""
    numbers = Counter(number for group in found.groups for number in group.phrases)
    if twice := [number for number, times in numbers.items() if times > 1]:
        return f"{twice[0]} stands twice"
    if wrong := sorted(set(numbers) ^ set(range(1, count + 1))):
        return f"{wrong[0]} is {'left out' if wrong[0] in range(1, count + 1) else 'no number of these'}"
    return None


def plain(text: str) -> str:
    """Give a phrase or a name as it is counted: in lower case, with single spaces, without punctuation around it."""
    return " ".join(text.lower().split()).strip(".,;:!?\"'()[]")


def totals(names: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, int]:
    """Mentions of each group, the largest first."""
    found: Counter[str] = Counter()
    for phrase, name in names.items():
        found[name] += counts[phrase]
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def numbered(texts: Iterable[str]) -> str:
    """Fence texts, numbered from 1."""
    return fence("phrases", "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1)))


async def _asked(
    auditing: Auditing, prompt: str, values: Mapping[str, str], kind: type[Record], check: Any, row: str, attribute: str
) -> Any:
    text = auditing.prompts.render(f"coverage/{prompt}", **values)
    request = Request(task=prompt, prompt=text, answer_schema=kind.model_json_schema(), model=auditing.name, row=row,
                      attribute=attribute)  # fmt: skip
    async with auditing.seats:
        return (await ask(auditing.model, request, kind, reasks=auditing.reasks, check=check)).value

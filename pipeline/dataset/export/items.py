"""What every format is made from: kept clips, read a batch at a time, and the questions and answers of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.captions.anchors import Section, compose, parse
from asid.pipeline.captions.text import CLOSERS, SENTENCE_END
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run

ItemKind = Literal["all", "single", "subset"]
SUBSET_SIZES = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept clip with what exports need of it; the names are those of `Judged`."""

    id: str
    video: str
    split: str
    uri: str
    source_uri: str
    offset: float
    duration: float
    sound: bool
    language: str
    licence: str
    source: str
    caption: str
    captions: dict[str, str]  # by attribute; none of a recipe that does not take captions apart
    frames: Sequence[dict[str, Any]]
    rejected: str = ""  # of a preference pair; `caption` is the chosen one
    rejected_by: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""  # the ground-truth caption of a pair, where one was tallied against
    margin: float = 0.0  # of a pair
    width: int = 0
    height: int = 0


COLUMNS = tuple(one.name for one in fields(Kept) if one.name not in ("split", "frames"))


@dataclass(frozen=True, slots=True)
class Item:
    """A question and its answer. `attributes` is empty for the caption of them all."""

    kind: ItemKind
    attributes: tuple[str, ...]
    prompt: str
    answer: str
    rejected: str = ""  # a worse answer


def kept(run: Run, finished: Iterable[str], splits: Splits, frames: bool = False) -> Iterator[Kept]:
    """The kept clips of these shards, in order. Memory does not grow with the run: rows are read a batch at a time, and
    no column but those needed. `frames`: also where the stills are."""
    step = list(run.steps)[-1]
    made = run.types(step)[1].model_fields
    columns = [*(name for name in COLUMNS if name in made), "kept", *(["frames"] if frames else [])]
    for shard in finished:
        for row in shards.read_columns(run.storage, run.uri(step, shard), columns):
            if row.pop("kept"):
                yield Kept(split=splits.of(row["video"]), **({"frames": (), "captions": {}} | row))


def items(clip: Kept, wordings: Wordings, kinds: Collection[ItemKind]) -> Iterator[Item]:
    """What the clip teaches. An attribute of which the clip gives nothing is not asked for."""
    given = [name for name in ATTRIBUTES if clip.captions.get(name)]
    if "all" in kinds:
        question = wordings.asked(clip.id, clip.rejected_by) if clip.rejected else wordings.ask(clip.id)
        yield Item("all", (), question, clip.caption, clip.rejected)
    if "single" in kinds:
        for name in given:
            yield Item("single", (name,), wordings.ask(clip.id, (name,)), clip.captions[name])
    if "subset" in kinds:
        for size in SUBSET_SIZES:
            if names := wordings.subset(clip.id, given, size):
                answer = woven([clip.captions[name] for name in names])
                yield Item("subset", names, wordings.ask(clip.id, names), answer)


def woven(texts: Sequence[str]) -> str:
    """Weave captions into one paragraph: in order of time, each second named once, in their own order within it. Where
    one caption breaks into another a sentence ends, and the next begins with a capital."""
    blocks = [(block, (number, place)) for number, text in enumerate(texts) for place, block in enumerate(parse(text))]
    blocks.sort(key=lambda entry: -1 if entry[0].anchor is None else entry[0].anchor)
    joined: list[Section] = []
    last = (0, -1)
    for block, (number, place) in blocks:
        again = bool(joined) and joined[-1].anchor == block.anchor
        goes_on = not again and (number, place - 1) == last
        last = (number, place)
        if joined and not goes_on:
            joined[-1] = replace(joined[-1], text=_ended(joined[-1].text))
        if again:
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text} {_begun(block.text)}")
        else:
            joined.append(block if goes_on else replace(block, lead=_begun(block.lead)))
    return compose(joined)


def _ended(text: str) -> str:
    """A block as a sentence: what it ends in is a full stop or the like, perhaps within quotation marks."""
    bare = text.rstrip(" \n,;")
    return f"{bare}." if bare and not bare.rstrip(CLOSERS).endswith(tuple(SENTENCE_END)) else bare


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]

"""The training sets of ASID-Captioner (004, section 4 and Tab. 10), drawn from a run.

Stage 1 learns single attributes up to 3 minutes, stage 2 all attributes up to 30 seconds, stage 3 all attributes from
30 seconds to 3 minutes. How many items of a stage, or of one source in it, are drawn is a count or a share; which ones
depends on their clips, their attributes and the seed alone. Rows longer than the stage's sequence are told and left
out: ms-swift swaps them for others without a word.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from asid.pipeline.chance import draw
from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.items import Item, ItemKind, Kept, items
from asid.pipeline.dataset.export.splits import TRAIN
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.models.budget import QWEN, Sent, fit, qwen_tokens, text_tokens

AMOUNT = re.compile(r"(?:(?P<count>\d+)|(?P<share>\d*\.\d+)|(?P<percent>\d+(?:\.\d+)?)%)")
SYSTEM = 64  # tokens of the chat's frame and the system text


@dataclass(frozen=True)
class TrainingStage:
    """One stage: what it takes, of which length in seconds (above `low`, up to `high`), and how its trainer sees it
    (`benchmarks.md` section 5)."""

    name: str
    low: float
    high: float
    single: bool
    max_length: int  # tokens
    max_pixels: int  # of a frame
    total_pixels: int  # of a video

    def tokens(self, clip: Kept, item: Item) -> int:
        """Count the tokens of a row by the processor's arithmetic, and bound those of its text."""
        seconds, sound = clip.duration, clip.duration if clip.sound else 0.0
        look = Sent(clip.width or 1280, clip.height or 720, video=seconds, sound=sound)
        given = {"fps": 2.0, "max_pixels": self.max_pixels, "total_pixels": self.total_pixels}
        seen = fit(qwen_tokens, QWEN, given, look, "", None)
        return qwen_tokens(seen, look) + text_tokens(item.prompt + item.answer) + SYSTEM


STAGES = (
    TrainingStage("stage1", -1.0, 180.0, True, 16384, 401408, 20070400),
    TrainingStage("stage2", -1.0, 30.0, False, 16384, 401408, 20070400),
    TrainingStage("stage3", 30.0, 180.0, False, 22384, 200704, 12042240),
)


def stage_of(clip: Kept, item: Item) -> TrainingStage | None:
    """Give the stage that an item belongs to; none for clips above 3 minutes. Several attributes go with all."""
    single = item.kind == "single"
    return next((one for one in STAGES if one.single == single and one.low < clip.duration <= one.high), None)


@dataclass(frozen=True)
class Amounts:
    """How much of each stage, or of a source in it, is drawn: a count (int) or a share (float); all where none is
    given. A source that is named has an amount of its own; the stage's is for the other sources together."""

    given: Mapping[tuple[str, str], int | float] = field(default_factory=dict)

    def group(self, stage: str, source: str) -> tuple[str, str]:
        return (stage, source) if (stage, source) in self.given else (stage, "")

    def take(self, group: tuple[str, str], there: int) -> int:
        wanted = self.given.get(group, there)
        return round(wanted * there) if isinstance(wanted, float) else wanted


def amounts(words: Sequence[str]) -> Amounts:
    """Read amounts as typed: `stage1=150000`, `stage2:FineVideo=0.5`, `stage3=20%`. Raises ExportError."""
    found: dict[tuple[str, str], int | float] = {}
    for word in words:
        about, _, amount = word.rpartition("=")
        stage, _, source = about.partition(":")
        said = AMOUNT.fullmatch(amount)
        if stage not in {one.name for one in STAGES} or said is None:
            raise ExportError(f"--draw {word}: write it as stage1=150000, stage2:SOURCE=0.5 or stage3=20%")
        share = float(said["share"] or 0) or float(said["percent"] or 0) / 100
        if share > 1:
            raise ExportError(f"--draw {word}: a share is at most 1, or 100%")
        found[stage, source] = int(said["count"]) if said["count"] else share
    return Amounts(found)


@dataclass
class Drawn:
    """What was drawn. `last` of a group: the highest number that still belongs to it."""

    seed: int
    amounts: Amounts
    last: dict[tuple[str, str], float] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def stage(self, clip: Kept, item: Item) -> TrainingStage | None:
        """Give the stage in whose files an item is; None: it was not drawn."""
        stage = stage_of(clip, item)
        if stage is None or clip.split != TRAIN or stage.tokens(clip, item) > stage.max_length:
            return None
        group = self.amounts.group(stage.name, clip.source)
        return stage if _number(self.seed, clip, item) <= self.last.get(group, -1.0) else None

    def note(self) -> dict[str, dict[str, int]]:
        return {stage: dict(sorted(counts.items())) for stage, counts in sorted(self.counts.items())}


def draw_stages(
    clips: Iterable[Kept], wordings: Wordings, kinds: Sequence[ItemKind], amounts: Amounts, seed: int
) -> Drawn:
    """Draw the items of each stage: one number is kept of each item that may be taken. Raises ExportError where there
    are fewer than a count asks for."""
    drawn = Drawn(seed, amounts)
    numbers: dict[tuple[str, str], list[float]] = defaultdict(list)  # negative: the largest is on top
    there: Counter[tuple[str, str]] = Counter()
    for clip in clips:
        for item in items(clip, wordings, kinds) if clip.split == TRAIN else ():
            stage = stage_of(clip, item)
            if stage is None:
                drawn.counts["none"]["over_3_minutes"] += 1
                continue
            counts, group = drawn.counts[stage.name], amounts.group(stage.name, clip.source)
            if stage.tokens(clip, item) > stage.max_length:
                counts["over_long"] += 1
                continue
            there[group] += 1
            heapq.heappush(numbers[group], -_number(seed, clip, item))
            wanted = amounts.given.get(group)
            if isinstance(wanted, int) and len(numbers[group]) > wanted:
                heapq.heappop(numbers[group])
    for group, count in sorted(there.items()):
        taken = amounts.take(group, count)
        if taken > count:
            about = group[0] + (f" from {group[1]}" if group[1] else "")
            raise ExportError(f"{about}: {taken} items are asked for, and there are {count} that fit: ask for less")
        chosen = sorted(-number for number in numbers[group])[:taken]
        drawn.last[group] = chosen[-1] if chosen else -1.0
        drawn.counts[group[0]]["drawn"] += taken
        drawn.counts[group[0]]["not_drawn"] += count - taken
    if missing := [f"{stage}:{source}" for stage, source in amounts.given if (stage, source) not in there]:
        known = ", ".join(sorted({f"{stage}:{source}" if source else stage for stage, source in there}))
        raise ExportError(f"--draw {missing[0].removesuffix(':')}: the run has no such items; it has {known or 'none'}")
    return drawn


def _number(seed: int, clip: Kept, item: Item) -> float:
    return draw("stage", seed, clip.id, item.kind, *item.attributes)

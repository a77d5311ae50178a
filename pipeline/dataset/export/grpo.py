"""Sets for GRPO: a question, and what rewards compare the answer with in columns of its own.

AVoCaDO (section 3.2) draws 2K of its clips; DiaDem (section 4.3) leaves out what is too easy, and has what is hard
twice in its second stage: `asid.rewards.partition` makes that list, and it is given here as JSON.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asid.pipeline.chance import draw
from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.items import Item, Kept
from asid.pipeline.dataset.export.splits import TRAIN


@dataclass(frozen=True)
class GrpoSet:
    """Which clips, and how often each. `count` 0: all of them; `times` None: each once."""

    count: int = 0
    times: Mapping[str, int] | None = None

    def choose(self, clips: Iterable[Kept], seed: int) -> dict[str, int]:
        """Give the clips of the training split that are drawn, each with how often it stands. Raises ExportError where
        there are fewer, or a clip that is named is not there."""
        there = dict.fromkeys((clip.id for clip in clips if clip.split == TRAIN), 1)
        wanted = there if self.times is None else dict(self.times)
        if unknown := [id for id in wanted if id not in there]:
            raise ExportError(f"{len(unknown)} of the clips named are not among the kept ones, such as {unknown[0]}")
        if self.count > len(wanted):
            raise ExportError(f"{self.count} clips are asked for, and there are {len(wanted)}: ask for less")
        order = sorted(wanted, key=lambda id: draw("grpo", seed, id))
        return {id: wanted[id] for id in order[: self.count or None]}


def clips_of(path: Path) -> Counter[str]:
    """Read a JSON list of clip ids, each as often as it is to stand. Raises ExportError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or not found:
        raise ExportError(f"{path}: a list of clip ids is due, as `asid.rewards.partition(…).second` gives it")
    return Counter(found)


def row(clip: Kept, item: Item, marks: str) -> dict[str, Any]:
    """A question without its answer, which is in `solution`: ms-swift takes the last assistant turn away."""
    return {"messages": [{"role": "user", "content": marks + item.prompt}], "solution": item.answer, "id": clip.id}

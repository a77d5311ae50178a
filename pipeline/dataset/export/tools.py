"""What an exporter is, and what it is given to write with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asid.pipeline.dataset.export.folder import Folder
from asid.pipeline.dataset.export.items import Item, ItemKind, Kept, items
from asid.pipeline.dataset.export.media import ExportedMedia
from asid.pipeline.dataset.export.stages import Drawn
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.storage import Storage


@dataclass(frozen=True)
class Tools:
    """Hold what a format needs beside the clips: where to write, media, questions."""

    folder: Folder
    media: ExportedMedia
    wordings: Wordings
    storage: Storage
    kinds: Sequence[ItemKind]
    audio: str  # "video": heard in the video itself; "file": also as a file of its own; "none": not at all
    tar_bytes: int
    drawn: Drawn | None = None  # the items of the training stages; None: every item, in no stage
    grpo: Mapping[str, int] | None = None  # how often each clip stands in a set for GRPO; None: it is none

    def items(self, clip: Kept) -> Iterator[Item]:
        """Give the questions and answers that a clip is trained on."""
        for item in items(clip, self.wordings, self.kinds):
            if self.drawn is None or self.drawn.stage(clip, item):
                yield item

    def group(self, clip: Kept, item: Item) -> str:
        """Name the file's group of an item: its training stage where stages are drawn, else its split."""
        stage = self.drawn.stage(clip, item) if self.drawn else None
        return stage.name if stage else clip.split


@dataclass(frozen=True)
class Exporter:
    """A format that a trainer reads. `write` gets the kept clips in order, each once, and the tools; `pairs`: it has a
    form for preference pairs; `frames`: it needs the clips' stills."""

    write: Callable[[Iterable[Kept], Tools], None]
    pairs: bool = False
    frames: bool = False


def truth(clip: Kept) -> dict[str, Any]:
    """What a preference pair carries beside its answers: the ground truth, for a loss that weighs it, and how far apart
    the answers are."""
    return {**({"reference": clip.reference} if clip.reference else {}), "margin": clip.margin}


def messages(item: Item, marks: str) -> list[dict[str, str]]:
    """A conversation of one turn; `marks` stand for the media, before the question."""
    return [{"role": "user", "content": marks + item.prompt}, {"role": "assistant", "content": item.answer}]

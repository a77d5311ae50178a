"""What a format is given to write with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asid.pipeline.dataset.export.folder import Folder
from asid.pipeline.dataset.export.items import Item, ItemKind, Kept, items
from asid.pipeline.dataset.export.media import Media
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.storage import Storage


@dataclass(frozen=True)
class Tools:
    folder: Folder
    media: Media
    wordings: Wordings
    storage: Storage
    kinds: Sequence[ItemKind]
    audio: str  # "video": heard in the video itself; "file": also as a file of its own; "none": not at all
    tar_bytes: int

    def items(self, clip: Kept) -> Iterator[Item]:
        return items(clip, self.wordings, self.kinds)


def messages(item: Item, marks: str) -> list[dict[str, str]]:
    """A conversation of one turn; `marks` stand for the media, before the question."""
    return [{"role": "user", "content": marks + item.prompt}, {"role": "assistant", "content": item.answer}]

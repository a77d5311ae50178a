"""Where an exported row finds its video, its sound and its stills."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Literal

from asid.pipeline.dataset.export.folder import ExportError, Folder
from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.media import excerpt
from asid.pipeline.media.process import MediaError
from asid.pipeline.storage import Storage, to_path

Where = Literal["absolute", "relative", "copy"]
TIMEOUT = 600.0  # s to cut one clip, or its sound, out of a file
EARLY = 0.05  # s that a clip's file may begin before the clip and still count as the clip


class ExportedMedia:
    """`absolute` and `relative` name the run's own files, from the root of the disk or from the export's folder; `copy`
    puts every file that is named into the export, under `media/`."""

    def __init__(self, storage: Storage, folder: Folder, where: Where):
        self.storage, self.folder, self.where = storage, folder, where

    def video(self, clip: Kept) -> str:
        """Raises ExportError for a clip without a file of its own, unless it is copied."""
        if self.where != "copy":
            if not own_file(clip):
                raise ExportError(
                    f"{clip.id} is a span of a longer file, in which no trainer seeks: export with --media copy"
                )
            if named := self._named(clip.uri):
                return named
        return self._place(f"{_stem(clip)}{suffix(clip)}", self.content(clip))

    def sound(self, clip: Kept) -> str:
        """The clip's sound as a WAV file: 16 kHz, mono."""
        with _told_of(clip):
            data = excerpt.sound(self.storage.local(clip.uri), clip.offset, clip.offset + clip.duration, TIMEOUT)
        return self._place(f"{_stem(clip)}.wav", data)

    def content(self, clip: Kept) -> bytes:
        """The clip as a file of its own."""
        with _told_of(clip):
            if own_file(clip):
                return self.storage.read(clip.uri)
            return excerpt.video(self.storage.local(clip.uri), clip.offset, clip.offset + clip.duration, TIMEOUT)

    def _named(self, uri: str) -> str:
        """How a row names a file of the run; "" where its path is no text."""
        address = self.storage.resolve(uri)
        if not address.startswith("file://"):
            return address
        path = os.fspath(to_path(address))
        if self.where == "relative":
            path = os.path.relpath(path, self.folder.path.absolute())
        try:
            path.encode()
        except UnicodeEncodeError:
            return ""
        return path

    def _place(self, name: str, data: bytes) -> str:
        self.folder.file(name).write_bytes(data)
        return os.fspath(self.folder.final(name).absolute()) if self.where == "absolute" else name


@contextlib.contextmanager
def _told_of(clip: Kept) -> Iterator[None]:
    try:
        yield
    except (MediaError, OSError) as error:
        raise ExportError(f"the video of {clip.id} cannot be read: {error}") from error


def own_file(clip: Kept) -> bool:
    """Whether the clip's file holds the clip and nothing else."""
    return clip.uri != clip.source_uri and clip.offset <= EARLY


def suffix(clip: Kept) -> str:
    """Of the clip's file, once it has one of its own."""
    return os.path.splitext(clip.uri)[1] if own_file(clip) else ".mp4"


def _stem(clip: Kept) -> str:
    """Few files to a folder, however many clips there are."""
    return f"media/{clip.video[:2]}/{clip.id}"

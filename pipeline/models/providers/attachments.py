"""Media of a request as bytes: read where they lie, cut where only a span is meant."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asid.pipeline.media import excerpt
from asid.pipeline.media.process import MediaError, MediaKilled
from asid.pipeline.models.base import BadRequest, Media
from asid.pipeline.storage import Storage

TIMEOUT = 300.0  # s of ffmpeg for one medium
CACHE_BYTES = 256 << 20  # a clip is asked about many times in a row: once by each audit
MIMES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".mpg": "video/mpeg", ".mpeg": "video/mpeg",
    ".ts": "video/mp2t", ".mts": "video/mp2t", ".m2ts": "video/mp2t", ".flv": "video/x-flv", ".wmv": "video/wmv",
    ".3gp": "video/3gpp", ".ogv": "video/ogg",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac",
}  # fmt: skip


@dataclass(frozen=True)
class Blob:
    """Hold media as they are sent."""

    data: bytes
    mime: str
    time: float | None = None  # s of the clip, of a still

    @property
    def base64(self) -> str:
        """The bytes in base 64."""
        return base64.b64encode(self.data).decode()

    @property
    def data_uri(self) -> str:
        """The bytes as a `data:` address."""
        return f"data:{self.mime};base64,{self.base64}"


def mime_of(name: str, kind: str) -> str:
    """Give the media type of a file by its name, else the usual one of its kind."""
    default = {"video": "video/mp4", "audio": "audio/wav", "image": "image/jpeg"}[kind]
    return MIMES.get(Path(name).suffix.lower(), default)


@dataclass
class Attachments:
    """What one provider has read lately. A file that cannot be read raises BadRequest: it concerns its row alone.
    `takes`: kinds of video that the provider takes, others are made MP4; empty: it takes any."""

    storage: Storage
    takes: frozenset[str] = frozenset()
    cache: OrderedDict[tuple[str, ...], Sequence[Blob]] = field(default_factory=OrderedDict)

    async def whole(self, medium: Media) -> Blob:
        """A video or still as it is, or the span of a video cut out; sound always as WAV of its own."""
        return (await self._kept(("whole", *_place(medium)), self._whole, medium))[0]

    async def stills(
        self,
        medium: Media,
        fps: float,
        most: int,
        side: int,
        max_pixels: int | None = None,
        total_pixels: int | None = None,
    ) -> Sequence[Blob]:
        """Stills of a video with their times, within pixels of one and of all."""

        def sample(medium: Media) -> Sequence[Blob]:
            path = self.storage.local(medium.uri)
            found = excerpt.stills(path, medium.start, medium.end, fps, most, side, TIMEOUT, max_pixels, total_pixels)
            return [Blob(data, "image/jpeg", time) for time, data in found]

        key = ("stills", *_place(medium), f"{fps}/{most}/{side}/{max_pixels}/{total_pixels}")
        return await self._kept(key, sample, medium)

    def _whole(self, medium: Media) -> Sequence[Blob]:
        path = self.storage.local(medium.uri)
        mime = mime_of(path.name, medium.kind)
        if medium.kind == "audio" and not (mime.startswith("audio/") and not _is_span(medium)):
            return [Blob(excerpt.sound(path, medium.start, medium.end, TIMEOUT), "audio/wav")]
        if medium.kind == "video" and not _is_span(medium) and self.takes and mime not in self.takes:
            return [Blob(excerpt.as_mp4(path, TIMEOUT), "video/mp4")]
        if medium.kind == "video" and _is_span(medium):
            return [Blob(excerpt.video(path, medium.start, medium.end, TIMEOUT), "video/mp4")]
        return [Blob(path.read_bytes(), mime, medium.time)]

    async def _kept(
        self, key: tuple[str, ...], make: Callable[[Media], Sequence[Blob]], medium: Media
    ) -> Sequence[Blob]:
        if key not in self.cache:
            try:
                self.cache[key] = await asyncio.to_thread(make, medium)
            except FileNotFoundError as error:
                raise BadRequest(f"the {medium.kind} is not there: {medium.uri}") from error
            except MediaKilled:  # says nothing of the file
                raise
            except MediaError as error:
                raise BadRequest(f"the {medium.kind} cannot be prepared: {error}") from error
        self.cache.move_to_end(key)
        found = self.cache[key]
        size = sum(len(blob.data) for blobs in self.cache.values() for blob in blobs)
        while size > CACHE_BYTES and len(self.cache) > 1:
            _, dropped = self.cache.popitem(last=False)
            size -= sum(len(blob.data) for blob in dropped)
        return found


def _is_span(medium: Media) -> bool:
    return medium.start > 0 or medium.end is not None


def _place(medium: Media) -> tuple[str, ...]:
    return (medium.kind, medium.uri, medium.sha256, str(medium.start), str(medium.end), str(medium.time))

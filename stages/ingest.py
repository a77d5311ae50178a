"""Ingest: from an address to a checked video. Reads the bytes once for their hash, then probes them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from asid.pipeline import inputs, media
from asid.pipeline.inputs.base import Listed
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.settings import ProbeLimits
from asid.pipeline.rows import Video
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.media.probe import Probe

OURS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}  # the machine's trouble, not the file's


class IngestConfig(StageConfig):
    """Say which files are taken, and how they are packed."""

    limits: ProbeLimits = ProbeLimits()
    probe_timeout: float = Field(30.0, gt=0, description="seconds for each reading of a file by ffprobe")
    shard_minutes: float = Field(60.0, gt=0, description="of video in a shard, on average")
    shard_rows: int = Field(500, ge=1, description="videos in a shard, at most")
    max_failure_rate: float | None = Field(1.0, ge=0, le=1, description="broken files are what ingest is for")


class Ingest(Stage[Listed, Video, IngestConfig]):
    """One listed file. What is inside a tar or on the Hub is taken into the run first. Shards are packed afterwards."""

    name = "ingest"
    tools = ("ffmpeg", "ffprobe")
    version = 2

    async def process(self, row: Listed) -> Video:
        return await asyncio.to_thread(self._ingest, row)

    def _ingest(self, row: Listed) -> Video:
        try:
            uri = take(row, self.context.storage)
            path = self.context.storage.local(uri)
            sha256, size = content_hash(path)
            if not size:
                raise Unprocessable("the file is empty", "empty")
            found = media.probe.probe(path, self.config.probe_timeout, self.config.limits)
        except MediaError as error:
            if error.kind == "no_tool":
                raise
            raise Unprocessable(str(error), error.kind) from error
        except (OSError, EOFError) as error:
            if isinstance(error, OSError) and error.errno in OURS:
                raise
            raise Unprocessable(*_reason(error)) from error
        return video(row, uri, sha256, size, found)


def video(row: Listed, uri: str, sha256: str, size: int, found: Probe) -> Video:
    """Make the row of a file that has been probed."""
    track = next((track for track in found.audio if track.default), found.audio[0] if found.audio else None)
    return Video(
        id=sha256[:16],
        uri=uri,
        name=row.name,
        sha256=sha256,
        size=size,
        duration=found.duration,
        shown_from=found.start,
        width=found.width,
        height=found.height,
        fps=found.fps,
        video_codec=found.codec,
        audio_codec=track.codec if track else "",
        audio_streams=len(found.audio),
        licence=row.licence,
        source=row.source,
        tags=row.tags,
        duplicates=(),
    )


def take(row: Listed, storage: Storage) -> str:
    """The address of the row's bytes: its own, or in the run for bytes that are no file yet."""
    if not (inputs.tars.is_member(row.uri) or inputs.hub.is_hub(row.uri)):
        return row.uri
    with storage.scratch() as folder:
        target = Path(folder) / "taken"
        if inputs.hub.is_hub(row.uri):
            target = inputs.hub.fetch(row.uri, Path(folder))
        else:
            inputs.tars.copy_member(row.uri, target, storage)
        uri = inputs.hub.taken_uri(content_hash(target)[0], row.name)
        if not storage.exists(uri):
            storage.put_file(uri, target)
    return uri


def content_hash(path: Path) -> tuple[str, int]:
    """SHA-256 and number of the bytes. Opened so that a pipe put in the file's place cannot make us wait."""
    total, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file", os.fspath(path))
        buffer = memoryview(bytearray(1 << 20))
        while count := file.readinto(buffer):
            total.update(buffer[:count])
            size += count
    return total.hexdigest(), size


def _reason(error: OSError | EOFError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "missing"
    if isinstance(error, PermissionError):
        return "its permissions do not let us read it", "no_permission"
    if isinstance(error, EOFError):
        return str(error), "cut_short"
    return (error.strerror if error.errno else "") or str(error), "unreadable"

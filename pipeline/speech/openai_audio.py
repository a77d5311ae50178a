"""A served recogniser behind /v1/audio/transcriptions: OpenAI, a vLLM or speaches server with a Whisper, …

Asked at an address of its own, or as one of the manifest's models. Each block of at most five minutes is one request.
A model whose name says `diarize` gives its own speakers, without word times; for the others the torch-free diarizer
tells speakers apart here.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field

from asid.pipeline import speech
from asid.pipeline.rows import Word
from asid.pipeline.speech.base import RATE, Block, Heard, Segment
from asid.pipeline.speech.embedded import fit
from asid.pipeline.speech.recognisers import Recogniser, SpeakerSettings

# Servers may name a language in English instead of giving its code.
CODES = {
    **{"english": "en", "chinese": "zh", "german": "de", "spanish": "es", "russian": "ru", "korean": "ko"},
    **{"french": "fr", "japanese": "ja", "portuguese": "pt", "turkish": "tr", "polish": "pl", "dutch": "nl"},
    **{"arabic": "ar", "swedish": "sv", "italian": "it", "indonesian": "id", "hindi": "hi", "finnish": "fi"},
    **{"vietnamese": "vi", "hebrew": "he", "ukrainian": "uk", "greek": "el", "czech": "cs", "danish": "da"},
}
SPREAD = "word times are spread evenly over each line of the server's"
UNLINKED = "the server's speakers are not linked from one block of five minutes to the next"
UNRATED = "the server gives no probability for its words"


class OpenAIAudioSettings(SpeakerSettings):
    """Settings of a served recogniser."""

    HOW: ClassVar[frozenset[str]] = frozenset({"endpoint", "key"})

    weights: str = Field("whisper-1", min_length=1, description="the served model's name")
    endpoint: str = Field("", description="base URL of the API; empty: OpenAI's own")
    key: str = Field("", description="NAME of the variable with the key; empty: the usual one")


class AudioServer(Protocol):
    """Something that answers as the audio API does."""

    def transcribe(self, wav: bytes, language: str, diarized: bool) -> dict[str, Any]: ...


class OpenAIAudio:
    """Have speech recognised by a server that speaks OpenAI's audio API."""

    def __init__(self, settings: OpenAIAudioSettings, threads: int, server: AudioServer | None = None):
        self.settings, self.threads = settings, threads
        self._given = server
        self.own_speakers = "diarize" in settings.weights
        self.name = settings.weights

    def open(self) -> None:
        from asid.pipeline.models.providers.openai.transcription import Transcriber

        self._server: AudioServer = self._given or Transcriber(self.name, self.settings.endpoint, self.settings.key)
        self._networks = (
            speech.diarize.Networks(self.threads) if self.settings.diarize and not self.own_speakers else None
        )
        if self._networks:
            self.name = f"{self.name}; pyannote community-1 ({self._networks.mark})"

    def hear(self, blocks: Iterable[Block]) -> Heard:
        limits = (self.settings.min_speakers, self.settings.max_speakers)
        diarizer = speech.diarize.Diarizer(self._networks, *limits) if self._networks else None
        segments: list[Segment] = []
        language, asked, rated = self.settings.language, 0, False
        for block in blocks:
            if not block.speech:
                continue
            answer = self._server.transcribe(wav(block.samples), language, self.own_speakers)
            asked += 1
            language = language or code(str(answer.get("language") or ""))
            segments += diarized(answer, block, asked) if self.own_speakers else verbose(answer, block)
            rated |= any("avg_logprob" in part for part in answer.get("segments") or ())
            if diarizer:
                diarizer.add(block)
        if not segments:
            return Heard((), (), "", 0.0)
        notes = (
            (SPREAD,) * self.own_speakers + (UNLINKED,) * (self.own_speakers and asked > 1) + (UNRATED,) * (not rated)
        )
        turns, voices = diarizer.speakers() if diarizer else ((), ())
        return Heard(tuple(segments), turns, language, fit(segments) if rated else 1.0, voices, notes=notes)


def wav(samples: np.ndarray) -> bytes:
    """A 16-bit WAV file at 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def code(language: str) -> str:
    """Give a language's ISO 639-1 code; "" for one that is not known."""
    language = language.strip().lower()
    return language if len(language) in (2, 3) else CODES.get(language, "")


def verbose(answer: dict[str, Any], block: Block) -> list[Segment]:
    """Segments of a `verbose_json` answer with their words; without word times the text of a segment is spread."""
    words = [
        Word(start=a, end=b, text=text, score=1.0, speaker="")
        for word in answer.get("words") or ()
        for a, b, text in [(*placed(word, block), str(word["word"]).strip())]
        if text
    ]
    parts = answer.get("segments") or [{"start": 0.0, "end": block.end - block.start, "text": answer.get("text", "")}]
    segments: list[Segment] = []
    for number, part in enumerate(parts):
        _, end = placed(part, block)
        last = number == len(parts) - 1
        own = [word for word in words if last or (word.start + word.end) / 2 <= end]
        words = words[len(own) :]
        own = own or spread(str(part["text"]), *placed(part, block))
        if own:
            doubts = (part.get("avg_logprob", 0.0), part.get("no_speech_prob", 0.0), part.get("compression_ratio", 1.0))
            segments.append(Segment(tuple(own), *map(float, doubts)))
    return segments


def diarized(answer: dict[str, Any], block: Block, number: int) -> list[Segment]:
    """Segments of a `diarized_json` answer; `number` of the request keeps its speakers apart from other requests'."""
    lines = [
        spread(str(part["text"]), *placed(part, block), speaker=f"{number}:{part['speaker']}")
        for part in answer.get("segments") or ()
    ]
    return [Segment(tuple(words)) for words in lines if words]


def placed(part: dict[str, Any], block: Block) -> tuple[float, float]:
    """Start and end on the picture's clock, inside the block."""
    start = min(max(block.start, block.start + float(part["start"])), block.end)
    return start, min(max(start, block.start + float(part["end"])), block.end)


def spread(text: str, start: float, end: float, speaker: str = "") -> list[Word]:
    """The words of a text laid evenly, by their letters, over a span."""
    texts = text.split()
    total = sum(len(one) + 1 for one in texts)
    words, at = [], start
    for one in texts:
        until = at + (end - start) * (len(one) + 1) / total
        words.append(Word(start=at, end=until, text=one, score=1.0, speaker=speaker))
        at = until
    return words


OPENAI_AUDIO = Recogniser(OpenAIAudioSettings, OpenAIAudio, ask=OpenAIAudio)

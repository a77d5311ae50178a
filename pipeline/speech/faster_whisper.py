"""Whisper through CTranslate2 (no torch), with word times; speakers by the torch-free diarizer when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from asid.pipeline import speech
from asid.pipeline.rows import Word
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import RATE, UNSPACED, Block, Heard, MissingPart, Segment, Span, Tongue
from asid.pipeline.speech.languages import LanguageStretch, Main, Odds, ruling, stretches
from asid.pipeline.speech.recognisers import Device, Recogniser, SpeakerSettings

CHUNK = 28.0  # s that the model reads at once: it was trained on 30
PAUSE = 2.0  # s of silence that it reads across
FRAMES = 100  # of the recogniser's features in a second
FEWEST, MOST = 5 * FRAMES, 30 * FRAMES  # features by which a language is told: what is shorter is padded with silence


class FasterWhisperSettings(SpeakerSettings):
    """Settings of Whisper through CTranslate2."""

    HOW: ClassVar[frozenset[str]] = frozenset({"device", "batch"})

    weights: str = Field("large-v3", min_length=1, description="a Whisper size, hub repository or folder")
    device: Device = "auto"
    compute_type: str = Field("default", description="of CTranslate2: int8, float16, float32, …")
    beam: int = Field(5, ge=1)
    batch: int = Field(8, ge=1, description="chunks of speech that the model reads at once")


class FasterWhisper:
    """`model` is a size (`large-v3`), a hub repository, or a folder."""

    def __init__(
        self,
        model: str = "large-v3",
        device: str = "auto",
        compute_type: str = "default",
        language: str = "",
        beam: int = 5,
        batch: int = 8,
        threads: int = 1,
        diarize: bool = True,
        min_speakers: int = 1,
        max_speakers: int = 0,
    ):
        self.model, self.device, self.compute_type = model, device, compute_type
        self.language, self.beam, self.batch, self.threads = language, beam, batch, threads
        self.diarize, self.min_speakers, self.max_speakers = diarize, min_speakers, max_speakers
        self.name = f"faster-whisper {model}"

    def open(self) -> None:
        from huggingface_hub import errors

        try:
            self._whisper = self._recogniser()(
                self.model,
                device=self.device,
                compute_type=self.compute_type,
                cpu_threads=self.threads,
                **self._held(),
            )
        except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, ValueError, RuntimeError) as error:
            raise MissingPart(f"faster-whisper cannot load {self.model!r}: {str(error).splitlines()[0]}") from error
        self._batched = self._reader()(self._whisper)
        self._networks = speech.diarize.Networks(self.threads) if self.diarize else None
        self.name = self._describe()

    def _recogniser(self) -> Any:
        """The class of the model."""
        from faster_whisper import WhisperModel

        return WhisperModel

    def _reader(self) -> Any:
        """The class of what reads chunks with the model."""
        from faster_whisper import BatchedInferencePipeline

        return BatchedInferencePipeline

    def _held(self) -> dict[str, Any]:
        """What is given to the recogniser's class of weights that lie in no folder."""
        return {}

    def _describe(self) -> str:
        import faster_whisper

        weight = Path(self.model) / "model.bin"
        mark = f" ({weights.digest(weight)[:8]})" if weight.is_file() else ""
        known = Path(self.model).name if weight.is_file() else self.model
        return self._with_speakers(f"faster-whisper {faster_whisper.__version__} {known}{mark}")

    def _with_speakers(self, words: str) -> str:
        return f"{words}; pyannote community-1 ({self._networks.mark})" if self._networks else words

    @property
    def multilingual(self) -> bool:
        """Whether the weights know other languages than English."""
        return bool(self._whisper.model.is_multilingual)

    def hear(self, blocks: Iterable[Block]) -> Heard:
        diarizer = (
            speech.diarize.Diarizer(self._networks, self.min_speakers, self.max_speakers) if self._networks else None
        )
        segments: list[Segment] = []
        main = Main()
        tongues: list[Tongue] = []
        for block in blocks:
            if not block.speech:
                continue
            for part in self._tongues(block, main):
                segments += self._read(block, part)
                tongues.append(part)
            if diarizer:
                diarizer.add(block)
        turns, voices = diarizer.speakers() if diarizer else ((), ())
        if not self.language and self.multilingual:
            return Heard(tuple(segments), turns, *ruling(tongues), voices, tuple(tongues))
        return Heard(tuple(segments), turns, *(ruling(tongues) if segments else ("", 0.0)), voices)

    def _tongues(self, block: Block, main: Main) -> list[Tongue]:
        """The block's speech by language; all of it in the one that was asked for or that the model knows."""
        language = self.language or ("" if self.multilingual else "en")
        if language:
            return [Tongue(language, 1.0, block.speech)]
        return main.tell([(stretch, self._odds(block, stretch)) for stretch in stretches(block.speech)])

    def _odds(self, block: Block, stretch: LanguageStretch) -> Odds:
        """Probability of each language over the first 30 s of the stretch. Its features are padded no further than they
        have to be: an encoder that reads 8 s instead of 30 takes a quarter of the time and tells languages as well."""
        from faster_whisper import audio

        pieces = [block.samples[_sample(block, start) : _sample(block, end)] for start, end in stretch.spans]
        features = self._whisper.feature_extractor(np.concatenate(pieces))
        features = audio.pad_or_trim(features, min(MOST, max(FEWEST, features.shape[-1])))
        (found,) = self._whisper.model.detect_language(self._whisper.encode(features))
        return {token.strip("<|>"): float(probability) for token, probability in found}

    def _read(self, block: Block, part: Tongue) -> list[Segment]:
        clips = [{"start": a - block.start, "end": b - block.start} for a, b in chunks(part.spans)]
        found, _ = self._batched.transcribe(
            block.samples,
            language=part.language,
            clip_timestamps=clips,
            word_timestamps=True,
            beam_size=self.beam,
            batch_size=self.batch,
        )
        segments = [
            Segment(
                spelled(one.words, block, part.language not in UNSPACED),
                float(one.avg_logprob),
                float(one.no_speech_prob),
                float(one.compression_ratio),
            )
            for one in found
            if one.words
        ]
        return [one for one in segments if one.words]


def _sample(block: Block, time: float) -> int:
    return round((time - block.start) * RATE)


def spelled(words: Iterable[Any], block: Block, spaced: bool) -> tuple[Word, ...]:
    """Whisper's words on the picture's clock, inside their block. Where a language puts spaces between words, a piece
    without one in front belongs to the word before: `Sci` and `-Fi` are one."""
    result: list[Word] = []
    for word in words:
        start = min(block.start + max(0.0, float(word.start)), block.end)
        end = max(start, min(block.start + float(word.end), block.end))
        text, score = str(word.word).strip(), float(word.probability)
        if result and spaced and not str(word.word).startswith(" "):
            last = result[-1]
            joined = {"end": max(last.end, end), "text": last.text + text, "score": min(last.score, score)}
            result[-1] = last.model_copy(update=joined)
        elif text:
            result.append(Word(start=start, end=end, text=text, score=score, speaker=""))
    return tuple(result)


def chunks(speech: Iterable[Span], longest: float = CHUNK, pause: float = PAUSE) -> list[Span]:
    """Spans of speech joined across short pauses into what is read at once; longer ones are cut evenly."""
    joined: list[Span] = []
    for start, end in speech:
        if joined and end - joined[-1][0] <= longest and start - joined[-1][1] <= pause:
            joined[-1] = (joined[-1][0], end)
            continue
        parts = max(1, -int(-(end - start) // longest))
        size = (end - start) / parts
        joined += [(start + part * size, start + (part + 1) * size) for part in range(parts)]
    return joined


def _make(settings: FasterWhisperSettings, threads: int) -> FasterWhisper:
    return FasterWhisper(
        settings.weights,
        settings.device,
        settings.compute_type,
        settings.language,
        settings.beam,
        settings.batch,
        threads,
        settings.diarize,
        settings.min_speakers,
        settings.max_speakers,
    )


FASTER_WHISPER = Recogniser(FasterWhisperSettings, _make)

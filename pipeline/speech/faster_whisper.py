"""Whisper through CTranslate2 (no torch), with word times; speakers by the torch-free diarizer when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from asid.pipeline.rows import Word
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import UNSPACED, Block, Heard, MissingPart, Segment, Span
from asid.pipeline.speech.diarize import Diarizer, Networks

CHUNK = 28.0  # s that the model reads at once: it was trained on 30
PAUSE = 2.0  # s of silence that it reads across


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
        from faster_whisper import BatchedInferencePipeline
        from huggingface_hub import errors

        try:
            self._whisper = self._recogniser()(
                self.model, device=self.device, compute_type=self.compute_type, cpu_threads=self.threads
            )
        except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, ValueError, RuntimeError) as error:
            raise MissingPart(f"faster-whisper cannot load {self.model!r}: {str(error).splitlines()[0]}") from error
        self._batched = BatchedInferencePipeline(self._whisper)
        self._networks = Networks(self.threads) if self.diarize else None
        self.name = self._describe()

    def _recogniser(self) -> Any:
        """The class of the model."""
        from faster_whisper import WhisperModel

        return WhisperModel

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
        diarizer = Diarizer(self._networks, self.min_speakers, self.max_speakers) if self._networks else None
        segments: list[Segment] = []
        language, score = self.language, 1.0
        for block in blocks:
            if not block.speech:
                continue
            found, spoken, sure = self._read(block, language)
            if not language:
                language, score = spoken, sure  # the first speech decides for the recording
            segments += found
            if diarizer:
                diarizer.add(block)
        turns, voices = diarizer.speakers() if diarizer else ((), ())
        return Heard(tuple(segments), turns, language if segments else "", score if segments else 0.0, voices)

    def _read(self, block: Block, language: str) -> tuple[list[Segment], str, float]:
        clips = [{"start": a - block.start, "end": b - block.start} for a, b in chunks(block.speech)]
        found, about = self._batched.transcribe(
            block.samples,
            language=language or None,
            clip_timestamps=clips,
            word_timestamps=True,
            beam_size=self.beam,
            batch_size=self.batch,
        )
        segments = [
            Segment(
                spelled(one.words, block, about.language not in UNSPACED),
                float(one.avg_logprob),
                float(one.no_speech_prob),
                float(one.compression_ratio),
            )
            for one in found
            if one.words
        ]
        segments = [one for one in segments if one.words]
        return segments, str(about.language), float(about.language_probability)


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

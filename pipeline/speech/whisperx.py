"""WhisperX: batched Whisper, word times by forced alignment, speakers by pyannote. Needs torch: the extra `whisperx`,
in an environment of its own, because its pins fight those of the base install.

Reads `weights`, `device`, `compute_type`, `language`, `beam`, `batch`, `aligner`, `diarize`, `diarizer` and the
numbers of speakers. pyannote's pipeline hears a recording as a whole: it is kept in memory, 230 MB an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.rows import Turn, Word
from pipeline.speech.backends import Hearing
from pipeline.speech.base import Block, Heard, MissingPart, Segment
from pipeline.speech.faster_whisper import FasterWhisper

GATED = (
    "{repository} is gated: accept its terms at https://huggingface.co/{repository} and export HF_TOKEN=…, or set "
    "`diarizer: embedded`, which needs no token and no torch"
)


class WhisperX(FasterWhisper):
    def __init__(self, settings: Hearing, threads: int):
        reading = (settings.compute_type, settings.language, settings.beam, settings.batch, threads)
        limits = (settings.min_speakers, settings.max_speakers)
        own = settings.diarize and settings.diarizer == "embedded"
        super().__init__(settings.weights or "large-v3", settings.device, *reading, own, *limits)
        self.pyannote = settings.diarizer if settings.diarize and not own else ""
        self.aligner = settings.aligner
        self._aligners: dict[str, tuple[Any, Any] | None] = {}  # by language; None: there is no model for it
        self._notes: list[str] = []

    def open(self) -> None:
        try:
            import torch
            import whisperx
        except ImportError as error:
            raise MissingPart(
                f"whisperx cannot be imported ({error}): pip install 'asid-verify[whisperx]' in an environment of its "
                "own, or set `backend: faster_whisper`"
            ) from error
        if self.pyannote and not Path(self.pyannote).exists():
            self._need_token(self.pyannote)
        if self.device == "auto":
            self.device = "cuda" if torch.cuda.is_available() else "cpu"
        super().open()  # the model's folder or download, and the torch-free diarizer if that is chosen
        self._lib = whisperx
        self._pipeline = whisperx.load_model(
            self.model,
            self.device,
            compute_type=self.compute_type,
            language=self.language or None,
            asr_options={"beam_size": self.beam},
            model=self._whisper,
            threads=self.threads,
        )
        self._diarization = self._load_pyannote() if self.pyannote else None
        self.name = f"whisperx on {self.name}" + (f"; {self.pyannote}" if self.pyannote else "")

    def _need_token(self, repository: str) -> None:
        from huggingface_hub import get_token

        if not get_token():
            raise MissingPart(GATED.format(repository=repository))

    def _load_pyannote(self) -> Any:
        from huggingface_hub.errors import HfHubHTTPError
        from whisperx.diarize import DiarizationPipeline

        try:
            return DiarizationPipeline(self.pyannote, device=self.device)
        except (HfHubHTTPError, AttributeError) as error:  # pyannote gives None for a pipeline it may not read
            raise MissingPart(GATED.format(repository=self.pyannote)) from error

    def hear(self, blocks: Iterable[Block]) -> Heard:
        self._notes = []
        kept: list[np.ndarray] = []
        heard = super().hear(self._keeping(blocks, kept) if self._diarization else blocks)
        turns, segments = heard.turns, heard.segments
        if self._diarization and segments:
            table = self._diarization(
                np.concatenate(kept), min_speakers=self.min_speakers, max_speakers=self.max_speakers or None
            )
            turns = tuple(
                Turn(start=float(row.start), end=float(row.end), speaker=str(row.speaker)) for row in table.itertuples()
            )
            segments = tuple(attributed(self._lib, table, segment) for segment in segments)
        return Heard(segments, turns, heard.language, heard.language_score, heard.voices, tuple(self._notes))

    @staticmethod
    def _keeping(blocks: Iterable[Block], kept: list[np.ndarray]) -> Iterator[Block]:
        for block in blocks:
            kept.append(block.samples)
            yield block

    def _read(self, block: Block, language: str) -> tuple[list[Segment], str, float]:
        score = 1.0
        if not language:
            language, score, _ = self._whisper.detect_language(block.samples, vad_filter=True)
        aligner = self._aligner(language)
        if aligner is None:
            segments, _, _ = super()._read(block, language)
            return segments, language, score
        found = self._pipeline.transcribe(block.samples, batch_size=self.batch, language=language)["segments"]
        model, about = aligner
        return (
            [
                segment
                for one in found
                if (segment := aligned(self._lib.align([one], model, about, block.samples, self.device), one, block))
            ],
            language,
            score,
        )

    def _aligner(self, language: str) -> tuple[Any, Any] | None:
        if language not in self._aligners:
            try:
                self._aligners[language] = self._lib.load_align_model(language, self.device, self.aligner or None)
            except ValueError:
                self._aligners[language] = None
        if self._aligners[language] is None:
            note = f"no alignment model for {language}: word times are Whisper's own"
            self._notes += [note] if note not in self._notes else []
        return self._aligners[language]


def aligned(result: dict[str, Any], asked: dict[str, Any], block: Block) -> Segment | None:
    """WhisperX's words on the picture's clock. A word that alignment could not place (digits, signs) stands between
    its neighbours, with score 0."""
    raw = [word for segment in result["segments"] for word in segment.get("words", ())]
    words: list[Word] = []
    last = float(asked["start"])
    for index, word in enumerate(raw):
        later = (float(one["start"]) for one in raw[index + 1 :] if "start" in one)
        start = float(word.get("start", last))
        end = float(word.get("end", next(later, float(asked["end"]))))
        start, end = max(0.0, start), max(start, end)
        last = end
        text, score = str(word["word"]).strip(), float(word.get("score", 0.0))
        if text:
            words.append(Word(start=block.start + start, end=block.start + end, text=text, score=score, speaker=""))
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return Segment(tuple(words), float(asked.get("avg_logprob", 0.0)), compression=compression(text))


def compression(text: str) -> float:
    from faster_whisper.transcribe import get_compression_ratio

    return float(get_compression_ratio(text))


def attributed(whisperx: Any, table: Any, segment: Segment) -> Segment:
    """The segment with WhisperX's choice of a speaker for each word; a word outside all turns has none."""
    words = [{"start": word.start, "end": word.end, "word": word.text} for word in segment.words]
    whole = {"start": segment.start, "end": segment.end, "text": segment.text, "words": words}
    given = whisperx.assign_word_speakers(table, {"segments": [whole]})["segments"][0]["words"]
    return Segment(
        tuple(
            word.model_copy(update={"speaker": str(one.get("speaker", ""))})
            for word, one in zip(segment.words, given, strict=True)
        ),
        segment.logprob,
        segment.no_speech,
        segment.compression,
    )

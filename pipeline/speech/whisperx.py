"""WhisperX: batched Whisper, word times by forced alignment, speakers by pyannote. Needs torch, and an environment of
its own, because its pins fight those of the base install.

pyannote's pipeline hears a recording as a whole: it is kept in memory, 230 MB an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from asid.pipeline.rows import Turn, Voice, Word
from asid.pipeline.speech.base import RATE, Block, Heard, MissingPart, Segment, Tongue
from asid.pipeline.speech.faster_whisper import FasterWhisper, FasterWhisperSettings
from asid.pipeline.speech.recognisers import Recogniser

GATED = (
    "{repository} is gated: accept its terms at https://huggingface.co/{repository} and export HF_TOKEN=…, or set "
    "`diarizer: embedded`, which needs no token and no torch"
)
HERE = (
    "whisperx cannot be imported ({error}): give the stage `resources: {{env: whisperx}}` and the manifest "
    "`environments: {{whisperx: {{packages: [whisperx==3.8.6]}}}}`, or set `backend: faster_whisper`"
)
SENTENCES = (
    "WhisperX cuts text into sentences with nltk's punkt_tab, which is not here and cannot be fetched: "
    "python -m nltk.downloader punkt_tab, or set `backend: faster_whisper`"
)


class WhisperXSettings(FasterWhisperSettings):
    """Settings of WhisperX."""

    aligner: str = Field("", description="alignment model; empty: the usual one of the language")
    diarizer: str = Field(
        "pyannote/speaker-diarization-community-1",
        description="hub repository or folder of a pyannote pipeline; `embedded`: the torch-free one",
    )


class WhisperX(FasterWhisper):
    """Recognise with WhisperX: aligned words, and its diarizer or the embedded one."""

    def __init__(self, settings: WhisperXSettings, threads: int):
        reading = (settings.compute_type, settings.language, settings.beam, settings.batch, threads)
        limits = (settings.min_speakers, settings.max_speakers)
        own = settings.diarize and settings.diarizer == "embedded"
        super().__init__(settings.weights, settings.device, *reading, own, *limits)
        self.pyannote = settings.diarizer if settings.diarize and not own else ""
        self.aligner = settings.aligner
        self._aligners: dict[str, tuple[Any, dict[str, Any]]] = {}  # by name
        self._notes: list[str] = []

    def open(self) -> None:
        # pyannote.audio would tell its makers how long each file is.
        os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")
        try:
            import torch
            import whisperx
        except ImportError as error:
            raise MissingPart(HERE.format(error=error)) from error
        if self.pyannote and not Path(self.pyannote).exists():
            self._need_token(self.pyannote)
        torch.set_num_threads(self.threads)
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
        need_sentences()
        if self.language:
            self._aligner(self.language)
        self._diarization = self._load_pyannote() if self.pyannote else None
        self.name = f"whisperx on {self.name}" + (f"; {self.pyannote}" if self.pyannote else "")

    def _recogniser(self) -> Any:
        from whisperx import asr

        return asr.WhisperModel

    def _need_token(self, repository: str) -> None:
        from huggingface_hub import get_token, try_to_load_from_cache

        if not get_token() and not isinstance(try_to_load_from_cache(repository, "config.yaml"), str):
            raise MissingPart(GATED.format(repository=repository))

    def _load_pyannote(self) -> Any:
        from huggingface_hub import errors
        from whisperx import diarize

        try:
            return diarize.DiarizationPipeline(self.pyannote, device=self.device)
        except errors.RepositoryNotFoundError as error:  # also what is gated
            raise MissingPart(GATED.format(repository=self.pyannote)) from error
        except (errors.HfHubHTTPError, OSError) as error:
            raise MissingPart(f"pyannote cannot load {self.pyannote!r}: {first_line(error)}") from error

    def hear(self, blocks: Iterable[Block]) -> Heard:
        self._notes = []
        kept: list[np.ndarray] = []
        heard = super().hear(self._keeping(blocks, kept) if self._diarization else blocks)
        turns, segments, voices = heard.turns, heard.segments, heard.voices
        if self._diarization and segments:
            samples = np.concatenate(kept)
            table, vectors = self._diarization(
                samples,
                min_speakers=self.min_speakers,
                max_speakers=self.max_speakers or None,
                return_embeddings=True,
            )
            turns = tuple(heard_turns(table, len(samples) / RATE))
            segments = tuple(attributed(self._lib, table, segment) for segment in segments)
            voices = voiced(vectors)
        return replace(heard, segments=segments, turns=turns, voices=voices, notes=tuple(self._notes))

    @staticmethod
    def _keeping(blocks: Iterable[Block], kept: list[np.ndarray]) -> Iterator[Block]:
        for block in blocks:
            kept.append(block.samples)
            yield block

    def _read(self, block: Block, part: Tongue) -> list[Segment]:
        aligner = self._aligner(part.language)
        if aligner is None:
            self._note(f"no alignment model for {part.language}: word times are Whisper's own")
            return super()._read(block, part)
        sound = alone(block, part)
        found = self._pipeline.transcribe(sound, batch_size=self.batch, language=part.language)["segments"]
        segments = []
        for one in (one for one in found if one["text"].strip()):
            segment = aligned(self._lib.align([one], *aligner, sound, self.device), one, block)
            segments += [segment] if segment else self._unaligned(one, block, part)
        return segments

    def _unaligned(self, one: dict[str, Any], block: Block, part: Tongue) -> list[Segment]:
        """A chunk whose text has no place in its sound, such as more letters than frames: read again by Whisper."""
        span = (block.start + float(one["start"]), block.start + float(one["end"]))
        self._note(f"no alignment at {span[0]:.1f}-{span[1]:.1f}: word times are Whisper's own")
        return super()._read(block, replace(part, spans=(span,)))

    def _note(self, line: str) -> None:
        self._notes += [line] if line not in self._notes else []

    def _aligner(self, language: str) -> tuple[Any, Any] | None:
        """Model and what WhisperX keeps beside it; None when it knows of no model for the language."""
        from whisperx import alignment

        known = (alignment.DEFAULT_ALIGN_MODELS_TORCH, alignment.DEFAULT_ALIGN_MODELS_HF)
        name = self.aligner or known[0].get(language) or known[1].get(language)
        if not name:
            return None
        if name not in self._aligners:
            try:
                self._aligners[name] = self._lib.load_align_model(language, self.device, name)
            except (ValueError, OSError) as error:
                raise MissingPart(f"the alignment model {name!r} cannot be loaded: {first_line(error)}") from error
        model, about = self._aligners[name]
        return model, about | {"language": language}


def need_sentences() -> None:
    """Have the data that WhisperX's alignment splits sentences with, or MissingPart."""
    import nltk

    try:
        nltk.data.find("tokenizers/punkt_tab/english/")
    except LookupError as error:
        if not nltk.download("punkt_tab", quiet=True):
            raise MissingPart(SENTENCES) from error


def first_line(error: BaseException) -> str:
    """Give the first line of an error."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def alone(block: Block, part: Tongue) -> np.ndarray:
    """The block's samples, silent where its speech is in another language."""
    if set(block.speech) <= set(part.spans):
        return block.samples
    samples = np.zeros_like(block.samples)
    for start, end in part.spans:
        span = slice(round((start - block.start) * RATE), round((end - block.start) * RATE))
        samples[span] = block.samples[span]
    return samples


def heard_turns(table: Any, seconds: float) -> Iterator[Turn]:
    """pyannote's turns; its last window may reach past the recording."""
    for row in table.itertuples():
        if row.start < seconds:
            yield Turn(start=float(row.start), end=min(float(row.end), seconds), speaker=str(row.speaker))


def voiced(vectors: dict[str, list[float]] | None) -> tuple[Voice, ...]:
    """pyannote's vectors by speaker, at unit length; a speaker who is never heard alone has none."""
    sizes = {speaker: float(np.linalg.norm(vector)) for speaker, vector in (vectors or {}).items()}
    return tuple(
        Voice(speaker=speaker, embedding=tuple((np.array(vector) / sizes[speaker]).round(5).tolist()))
        for speaker, vector in (vectors or {}).items()
        if sizes[speaker] > 0
    )


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
    ratio = compression(str(asked["text"]).strip())
    return Segment(tuple(words), float(asked.get("avg_logprob", 0.0)), compression=ratio)


def compression(text: str) -> float:
    """Give Whisper's compression ratio of a text: high when it repeats itself."""
    from faster_whisper import transcribe

    return float(transcribe.get_compression_ratio(text))


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


WHISPERX = Recogniser(WhisperXSettings, WhisperX, packages=(("whisperx", "whisperx==3.8.6"),))

"""Which backend hears: settings that a manifest may give, and the backend they describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from asid.pipeline.speech.base import Backend

if TYPE_CHECKING:
    from asid.pipeline.speech.openai_audio import AudioServer


class Hearing(BaseModel):
    """Settings of the backend; each says in its file which of them it reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["embedded", "faster_whisper", "whisperx", "openai_audio"] = "embedded"
    weights: str = Field(
        "",
        description="a Whisper size, hub repository or folder, the served model's name, or, of the "
        "embedded backend, `base` (99 languages) or `tiny.en` (English, thrice as fast); empty: the usual one",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: str = Field("default", description="of CTranslate2: int8, float16, float32, …")
    language: str = Field("", pattern="^([a-z]{2,3})?$", description="ISO 639-1; empty: found out where possible")
    beam: int = Field(5, ge=1)
    batch: int = Field(8, ge=1, description="chunks of speech that the model reads at once")
    diarize: bool = Field(True, description="tell speakers apart")
    min_speakers: int = Field(1, ge=1)
    max_speakers: int = Field(0, ge=0, description="0: as many as there are")
    aligner: str = Field("", description="of whisperx: alignment model; empty: the usual one of the language")
    diarizer: str = Field(
        "pyannote/speaker-diarization-community-1",
        description="of whisperx: hub repository or folder of a pyannote pipeline; `embedded`: the torch-free one",
    )
    endpoint: str = Field("", description="of openai_audio: base URL of the API; empty: the provider's own")
    key: str = Field("", description="of openai_audio: NAME of the variable with the key; empty: the usual one")


def make(settings: Hearing, threads: int, server: AudioServer | None = None) -> Backend:
    """The backend, not yet opened: nothing heavy is imported before `open`. `server` answers for openai_audio."""
    speakers = {"min_speakers": settings.min_speakers, "max_speakers": settings.max_speakers}
    if settings.backend == "embedded":
        from asid.pipeline.speech.embedded import Embedded

        return Embedded(
            settings.weights or "base", settings.language, threads, settings.beam, settings.diarize, **speakers
        )
    if settings.backend == "faster_whisper":
        from asid.pipeline.speech.faster_whisper import FasterWhisper

        return FasterWhisper(
            settings.weights or "large-v3",
            settings.device,
            settings.compute_type,
            settings.language,
            settings.beam,
            settings.batch,
            threads,
            settings.diarize,
            **speakers,
        )
    if settings.backend == "whisperx":
        from asid.pipeline.speech.whisperx import WhisperX

        return WhisperX(settings, threads)
    from asid.pipeline.speech.openai_audio import OpenAIAudio

    return OpenAIAudio(settings, threads, server)

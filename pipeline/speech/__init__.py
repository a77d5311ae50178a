"""Hearing: who said what and when. Recognisers give words and turns; `words` makes utterances of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from asid.pipeline import late

# Names of recognisers in a manifest (`backend`), and where their records are.
RECOGNISERS: Mapping[str, str] = {
    "embedded": "asid.pipeline.speech.embedded:EMBEDDED",
    "faster_whisper": "asid.pipeline.speech.faster_whisper:FASTER_WHISPER",
    "whisperx": "asid.pipeline.speech.whisperx:WHISPERX",
    "openai_audio": "asid.pipeline.speech.openai_audio:OPENAI_AUDIO",
}

if TYPE_CHECKING:
    from asid.pipeline.speech import asked, diarize, reading, sound_classes, subtitles, sync, transcript

__all__ = ["asked", "diarize", "reading", "sound_classes", "subtitles", "sync", "transcript"]

if not TYPE_CHECKING:  # or every name would be a module, for who checks types
    __getattr__ = late.modules(__name__, __all__)

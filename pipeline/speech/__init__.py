"""Hearing: who said what and when. Recognisers give words and turns; `words` makes utterances of them."""

from __future__ import annotations

from collections.abc import Mapping

# Names of recognisers in a manifest (`backend`), and where their records are.
RECOGNISERS: Mapping[str, str] = {
    "embedded": "asid.pipeline.speech.embedded:EMBEDDED",
    "faster_whisper": "asid.pipeline.speech.faster_whisper:FASTER_WHISPER",
    "whisperx": "asid.pipeline.speech.whisperx:WHISPERX",
    "openai_audio": "asid.pipeline.speech.openai_audio:OPENAI_AUDIO",
}

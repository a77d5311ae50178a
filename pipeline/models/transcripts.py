"""What OpenAI's audio API is asked for a transcript, and what its answer has used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from asid.pipeline.models.base import Response, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.faults import checked
from asid.pipeline.models.replies import load, tokens


def transcription(language: str, diarized: bool) -> dict[str, Any]:
    """The fields of a request: for words and segments with their times, or for segments with their speakers."""
    body: dict[str, Any] = {"language": language} if language else {}
    if diarized:
        return body | {"response_format": "diarized_json", "chunking_strategy": "auto"}
    return body | {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}


def read_transcript(body: bytes, config: ModelConfig, seconds: float, pause: float) -> Response:
    """The answer as JSON text. `seconds` of sound were sent: they are charged where the server counts no tokens. Raises
    ModelError."""
    answer = dict(checked(load(body)))
    return Response(
        text=json.dumps(answer, ensure_ascii=False),
        model=config.model,
        provider=config.provider,
        usage=usage_of(answer.get("usage"), seconds),
        pause=pause,
    )


def usage_of(usage: Any, seconds: float) -> Usage:
    """Give the usage that a server tells, or seconds of sound where it tells none."""
    if not isinstance(usage, Mapping) or usage.get("type") == "duration" or "input_tokens" not in usage:
        return Usage(audio_seconds=seconds)
    return Usage(
        input_tokens=tokens(usage, "input_tokens"),
        output_tokens=tokens(usage, "output_tokens"),
        audio_tokens=tokens(usage, "input_token_details", "audio_tokens"),
    )

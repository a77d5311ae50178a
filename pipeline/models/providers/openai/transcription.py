"""Transcription by an endpoint that speaks OpenAI's audio API."""

from __future__ import annotations

from typing import Any

import openai

from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.faults import checked
from asid.pipeline.models.keys import read_key
from asid.pipeline.models.providers.openai.client import meaning
from asid.pipeline.models.replies import load
from asid.pipeline.models.transcripts import transcription
from asid.pipeline.models.wire import GuardedSyncClient

RETRIES = 5  # by the client itself, which honours retry-after


class Transcriber:
    """`key` names the environment variable; empty: OpenAI's usual one, or none with an `endpoint`."""

    def __init__(self, model: str, endpoint: str, key: str, timeout: float = 600.0, retries: int = RETRIES):
        self.model = model
        config = ModelConfig(provider="openai", model=model, base_url=endpoint, key=key)
        self.key = read_key(config)
        self.client = openai.OpenAI(
            api_key=self.key.secret,
            base_url=endpoint or None,
            timeout=timeout,
            max_retries=retries,
            http_client=GuardedSyncClient(timeout, self.key.secret, self.key.name),
        )

    def transcribe(self, wav: bytes, language: str, diarized: bool) -> dict[str, Any]:
        """The server's answer as it came: `verbose_json` with words, or `diarized_json`. Raises ModelError."""
        try:
            raw = self.client.audio.transcriptions.with_raw_response.create(
                file=("sound.wav", wav, "audio/wav"), model=self.model, **transcription(language, diarized)
            )
        except openai.OpenAIError as error:
            raise meaning(error, self.key.clean(str(error))) from None
        return dict(checked(load(raw.content)))

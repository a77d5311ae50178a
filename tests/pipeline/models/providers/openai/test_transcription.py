"""Transcription by an endpoint that speaks OpenAI's audio API: what is said when it does not come off."""

from __future__ import annotations

import pytest

from asid.pipeline.models.base import Misconfigured, Transient
from asid.pipeline.models.providers.openai.transcription import Transcriber
from tests.servers.llm import LlmServer

SECRET = "planted-key-0123456789abcdef"


def test_a_missing_key_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("T2_AUDIO_KEY", raising=False)
    with pytest.raises(Misconfigured, match="export T2_AUDIO_KEY="):
        Transcriber("whisper-1", "", "T2_AUDIO_KEY")


def test_a_server_without_ears_is_told_and_no_key_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2_AUDIO_KEY", SECRET)
    with LlmServer() as server:
        asked = Transcriber("whisper-1", f"{server.url}/v1", "T2_AUDIO_KEY")
        with pytest.raises(Misconfigured, match="no ears") as caught:
            asked.transcribe(b"RIFF", "en", False)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(vars(asked)["key"])


def test_one_that_is_not_there_may_come_back() -> None:
    with pytest.raises(Transient):
        Transcriber("whisper-1", "http://127.0.0.1:9/v1", "", timeout=5.0, retries=0).transcribe(b"RIFF", "", False)

"""A served recogniser that is asked as the manifest's models are."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.base import TRANSCRIBE, Misconfigured, Model, Request, Response
from asid.pipeline.speech.asked import AskedTranscriber
from asid.pipeline.storage import to_path
from tests.kits.modelkit import Listed, replaying, response, stored


def sound(frames: int, rate: int = 16000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"\0\0" * frames)
    return file.getvalue()


class Looking(Listed):
    """Looks whether the sound is there when it is asked."""

    async def generate(self, request: Request) -> Response:
        self.files = [to_path(medium.uri) for medium in request.media]
        self.seen = [file.read_bytes() for file in self.files]
        return await super().generate(request)


async def heard(model: Model, wav: bytes, language: str = "", diarized: bool = False) -> dict[str, Any]:
    asked = AskedTranscriber(model, asyncio.get_running_loop())
    asked.row = "video1"
    return await asyncio.to_thread(asked.transcribe, wav, language, diarized)


def test_the_question_has_the_sound_its_length_and_what_is_wanted() -> None:
    model, wav = Looking(json.dumps({"text": "hi"})), sound(8000)
    assert asyncio.run(heard(model, wav, "he", diarized=True)) == {"text": "hi"}
    (asked,) = model.asked
    assert (asked.task, asked.row, asked.prompt) == (TRANSCRIBE, "video1", "")
    assert asked.settings == {"language": "he", "diarized": True, "seconds": 0.5}
    assert asked.media[0].sha256 == hashlib.sha256(wav).hexdigest()
    assert model.seen == [wav]


def test_the_file_is_there_while_it_is_asked_about_and_gone_after() -> None:
    model = Looking("{}")
    asyncio.run(heard(model, sound(10)))
    assert not any(file.exists() for file in model.files)


def test_seconds_are_those_of_the_sounds_own_rate() -> None:
    model = Looking("{}")
    asyncio.run(heard(model, sound(8000, rate=8000)))
    assert model.asked[0].settings["seconds"] == 1.0


def test_what_the_model_raises_reaches_who_hears_and_leaves_no_file() -> None:
    model = Looking(Misconfigured("no key"))
    with pytest.raises(Misconfigured, match="no key"):
        asyncio.run(heard(model, sound(10)))
    assert not any(file.exists() for file in model.files)


def test_the_same_sound_is_paid_for_once_and_other_sound_again(tmp_path: Path) -> None:
    provider = Listed(response('{"text": "hi"}'))

    async def work() -> list[dict[str, Any]]:
        model = replaying(provider)
        return [await heard(model, sound(frames)) for frames in (100, 100, 200)]

    assert stored(tmp_path, work) == [{"text": "hi"}] * 3
    assert len(provider.asked) == 2

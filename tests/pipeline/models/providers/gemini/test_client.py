"""The official google-genai client against a server on loopback."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.media import process
from asid.pipeline.media.probe import probe
from asid.pipeline.models.base import Media, Misconfigured, Refused, Request, Response, Transient, Truncated
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.gemini.client import GeminiModel
from asid.pipeline.storage import Storage, to_uri
from tests.kits.modelkit import Caption, request
from tests.servers.llm import Behaviour, LlmServer

KEY = "AIza-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 40)  # whole files are sent as they are
    return path


def model(server: LlmServer, **more: Any) -> GeminiModel:
    settings = {"provider": "gemini", "model": "tiny", "base_url": server.url, "key": "TEST_KEY", **more}
    return GeminiModel(ModelConfig(**settings), Storage("/nonexistent"))


def say(server: LlmServer, *asked: Request, **more: Any) -> list[Response]:
    async def scene() -> list[Response]:
        opened = model(server, **more)
        given = [one.model_copy(update={"settings": opened.config.settings}) for one in asked or (request(),)]
        try:
            return list(await asyncio.gather(*map(opened.generate, given)))
        finally:
            await opened.close()

    return asyncio.run(scene())


def parts(server: LlmServer) -> list[dict[str, Any]]:
    """What was sent, with names as the documentation has them: the client writes some in snake case."""
    contents = server.seen.bodies[-1]["contents"]
    return camel((contents[0] if isinstance(contents, list) else contents)["parts"])


def camel(value: Any) -> Any:
    if isinstance(value, list):
        return [camel(item) for item in value]
    if isinstance(value, dict):
        return {re.sub(r"_(\w)", lambda match: match[1].upper(), name): camel(item) for name, item in value.items()}
    return value


def video(clip: Path, **more: Any) -> Request:
    return request(media=(Media(kind="video", uri=to_uri(clip), sha256="1", **more),))


def test_an_answer_with_what_the_server_says_of_it() -> None:
    with LlmServer(Behaviour(key=KEY)) as server:
        (given,) = say(server, settings={"temperature": 0.2, "max_tokens": 99, "thinking_budget": 0})
    assert given.text == "At 0s, a person waits."  # without the thoughts
    assert (given.model, given.provider, given.finish) == ("tiny-2026-01", "gemini", "stop")
    assert given.usage.model_dump() == {
        "input_tokens": 302, "output_tokens": 5, "thought_tokens": 7, "cached_tokens": 5, "audio_tokens": 40,
        "video_tokens": 260, "audio_seconds": 0.0, "stored_tokens": 0, "stored_token_hours": 0.0, "uncached": 0,
    }  # fmt: skip
    settings = camel(server.seen.bodies[0]["generationConfig"])
    assert (settings["temperature"], settings["maxOutputTokens"]) == (0.2, 99)
    assert settings["thinkingConfig"] == {"thinkingBudget": 0}


def test_the_form_of_an_answer_is_asked_for_by_schema() -> None:
    with LlmServer() as server:
        given = asyncio.run(ask(model(server), request(), Caption))
        assert given.value == Caption(caption="x")
        settings = camel(server.seen.bodies[0]["generationConfig"])
    assert settings["responseMimeType"] == "application/json"
    assert settings["responseJsonSchema"]["required"] == ["caption"]


@pytest.mark.parametrize(
    ("fate", "error", "limited"),
    [
        ("limit", Transient, True), ("error", Transient, False), ("cut", Transient, False), ("hang", Transient, False),
        ("truncated", Truncated, False), ("refusal", Refused, False),
    ],
)  # fmt: skip
def test_each_fault_is_its_own_error(fate: str, error: type[Exception], limited: bool) -> None:
    with LlmServer(Behaviour(plan=(fate,), retry_after=3.5, hang_for=0.2)) as server:
        with pytest.raises(error) as caught:
            asyncio.run(ask(model(server), request(), None))
        assert server.seen.calls == 1  # the client does not try again by itself
    if isinstance(caught.value, Transient):
        assert caught.value.rate_limited is limited
        assert caught.value.retry_after == (3.5 if limited else None)
    if fate == "refusal":
        assert "PROHIBITED_CONTENT" in caught.value.raw  # type: ignore[attr-defined]


def test_a_server_that_is_not_there_may_come_back() -> None:
    with LlmServer() as server:
        pass
    with pytest.raises(Transient):
        say(server)


@pytest.mark.parametrize(
    ("more", "word"), [({"model": "other"}, "no model other"), ({"key": "WRONG_KEY"}, "not valid")]
)
def test_a_wrong_model_or_key_stops_all_and_shows_no_key(
    more: dict[str, str], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_KEY", "AIza-wrong-but-secret-987")
    with LlmServer(Behaviour(key=KEY)) as server:
        with pytest.raises(Misconfigured, match=word) as caught:
            say(server, **more)
        assert "secret" not in f"{caught.value} {model(server)!r}"


# --- media -------------------------------------------------------------------------------------------------------


def test_a_small_video_goes_with_the_request(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip), settings={"fps": 2.0})
        part = parts(server)[0]
        assert part["inlineData"]["mimeType"] == "video/mp4"
        assert part["videoMetadata"]["fps"] == 2.0
        assert server.seen.uploads == 0


def test_offsets_choose_a_span_of_the_whole_file(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip, start=1.5, end=4.0), settings={"span": "offsets"})
        assert parts(server)[0]["videoMetadata"] == {"startOffset": "1.5s", "endOffset": "4.0s"}


def test_a_large_video_is_uploaded_once_waited_for_and_deleted(clip: Path) -> None:
    with LlmServer(Behaviour(polls=2)) as server:
        say(server, *(video(clip) for _ in range(5)), settings={"inline_bytes": 1000})
        part = parts(server)[0]
        assert part["fileData"]["fileUri"] == f"{server.url}/v1beta/files/f0"
        assert (server.seen.uploads, server.seen.deleted) == (1, ["f0"])


def test_a_still_carries_its_time(tmp_path: Path) -> None:
    still = tmp_path / "still.jpg"
    still.write_bytes(b"\xff\xd8")
    with LlmServer() as server:
        say(server, request(media=(Media(kind="image", uri=to_uri(still), sha256="1", time=3.25),)))
        assert parts(server)[0] == {"text": "At 3.2s:"}
        assert parts(server)[1]["inlineData"]["mimeType"] == "image/jpeg"


@pytest.mark.parametrize("codec", ["libx264", "ffv1"])  # one that an MP4 takes as it is, and one that it does not
def test_a_container_that_gemini_does_not_take_is_made_mp4(tmp_path: Path, codec: str) -> None:
    film = tmp_path / "film.mkv"
    made = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=8", "-c:v", codec, "-pix_fmt", "yuv420p"]
    process.run(["ffmpeg", "-v", "error", *made, str(film)], 60)
    with LlmServer() as server:
        say(server, video(film))
        sent = parts(server)[0]["inlineData"]
    assert sent["mimeType"] == "video/mp4"
    (tmp_path / "sent.mp4").write_bytes(data := base64.b64decode(sent["data"], altchars=b"-_"))
    assert b"ftyp" in data[:16] and probe(tmp_path / "sent.mp4").codec == "h264"

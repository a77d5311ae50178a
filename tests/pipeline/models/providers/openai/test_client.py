"""The official client against a server on loopback."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import (
    BadRequest,
    Media,
    Misconfigured,
    Refused,
    Request,
    Response,
    Transient,
    Truncated,
)
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.openai.client import OpenAIModel, strict
from asid.pipeline.models.providers.vllm.client import ServedVLLM
from asid.pipeline.models.waits import duration, retry_after
from asid.pipeline.storage import Storage, to_uri
from tests.kits.modelkit import Caption, request
from tests.servers.llm import Behaviour, LlmServer

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, of which the first two are red and the others blue, with a tone."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    sources = ("color=red:s=64x48:r=10:d=2", "color=blue:s=64x48:r=10:d=2", "sine=d=4")
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    graph = ["-filter_complex", "[0][1]concat=n=2[v]", "-map", "[v]", "-map", "2"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *graph, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


def config(server: LlmServer, **more: Any) -> ModelConfig:
    return ModelConfig(
        **{"provider": "openai", "model": "tiny", "base_url": f"{server.url}/v1", "key": "TEST_KEY", **more}
    )


def say(
    server: LlmServer, asked: Request | None = None, kind: type[OpenAIModel] = OpenAIModel, **more: Any
) -> Response:
    async def scene() -> Response:
        model = kind(config(server, **more), Storage("/nonexistent"))
        given = (asked or request()).model_copy(update={"settings": model.config.settings})
        try:
            return await model.generate(given)
        finally:
            await model.close()

    return asyncio.run(scene())


def content(server: LlmServer) -> list[dict[str, Any]]:
    return server.seen.bodies[-1]["messages"][0]["content"]


def test_an_answer_with_what_the_server_says_of_it() -> None:
    with LlmServer(Behaviour(key=KEY)) as server:
        given = say(server, settings={"temperature": 0.2, "max_tokens": 99, "extra": {"top_k": 5}})
    assert given.text == "At 0s, a person waits."
    assert (given.model, given.provider, given.finish) == ("tiny-2026-01", "openai", "stop")
    assert given.usage.model_dump() == {
        "input_tokens": 2, "output_tokens": 5, "thought_tokens": 3, "cached_tokens": 2, "audio_tokens": 1,
        "video_tokens": 0, "audio_seconds": 0.0, "stored_tokens": 0, "stored_token_hours": 0.0, "uncached": 0,
    }  # fmt: skip
    body = server.seen.bodies[0]
    assert (body["temperature"], body["max_tokens"], body["top_k"]) == (0.2, 99, 5)
    assert content(server) == [{"type": "text", "text": "describe"}]


def test_the_form_of_an_answer_is_asked_for_by_schema() -> None:
    with LlmServer(Behaviour()) as server:

        async def scene() -> Any:
            model = OpenAIModel(config(server), Storage("/nonexistent"))
            return (await ask(model, request(), Caption)).value

        assert asyncio.run(scene()) == Caption(caption="x")
        form = server.seen.bodies[0]["response_format"]["json_schema"]
        assert form["strict"] is True
        assert form["schema"]["required"] == ["caption"]
        assert form["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("fate", "error", "limited"),
    [
        ("limit", Transient, True), ("error", Transient, False), ("cut", Transient, False), ("hang", Transient, False),
        ("truncated", Truncated, False), ("refusal", Refused, False),
    ],
)  # fmt: skip
def test_each_fault_is_its_own_error(fate: str, error: type[Exception], limited: bool) -> None:
    with LlmServer(Behaviour(plan=(fate,), retry_after=3.5, hang_for=0.2)) as server:

        async def scene() -> None:
            await ask(OpenAIModel(config(server), Storage("/nonexistent")), request(), None)

        with pytest.raises(error) as caught:
            asyncio.run(scene())
    if isinstance(caught.value, Transient):
        assert caught.value.rate_limited is limited
        assert caught.value.retry_after == (3.5 if limited else None)


def test_a_server_that_is_not_there_may_come_back() -> None:
    with LlmServer() as server:
        pass
    with pytest.raises(Transient, match="Connection"):
        say(server)


@pytest.mark.parametrize(
    ("more", "word"), [({"model": "other"}, "no model other"), ({"key": "WRONG_KEY"}, "WRONG_KEY")]
)
def test_a_wrong_model_or_key_stops_all_and_shows_no_key(
    more: dict[str, str], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_KEY", "sk-wrong-but-secret-987")
    with LlmServer(Behaviour(key=KEY)) as server, pytest.raises(Misconfigured, match=word) as caught:
        say(server, **more)
    for text in (str(caught.value), repr(caught.value), repr(OpenAIModel(config(server), Storage("/nonexistent")))):
        assert "secret" not in text


def test_a_missing_key_names_the_line_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with LlmServer() as server, pytest.raises(Misconfigured, match="export TEST_KEY="):
        say(server)


def test_rate_limit_headers_become_a_pause() -> None:
    with LlmServer(Behaviour(per_minute=2, say_limits=True)) as server:
        assert say(server).pause == 0.0
        assert 50 < say(server).pause <= 60


# --- media -------------------------------------------------------------------------------------------------------


def video(clip: Path, **more: Any) -> Request:
    return request(media=(Media(kind="video", uri=to_uri(clip), sha256="1", **more),))


def shown(part: dict[str, Any]) -> bytes:
    url = part[part["type"]]["url"]
    return base64.b64decode(url.split(";base64,")[1])


def test_a_video_goes_whole_as_a_data_address(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip))
    part = content(server)[0]
    assert part["type"] == "video_url"
    assert part["video_url"]["url"].startswith("data:video/mp4;base64,")
    assert shown(part) == clip.read_bytes()


def test_or_as_its_address(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip), settings={"video": "uri"})
        assert content(server)[0]["video_url"]["url"] == to_uri(clip)
        with pytest.raises(BadRequest):
            say(server, video(clip, start=1.0), settings={"video": "uri"})


def colour(jpeg: bytes) -> tuple[int, ...]:
    import io

    from PIL import Image

    return tuple(round(value / 128) for value in Image.open(io.BytesIO(jpeg)).convert("RGB").getpixel((20, 20)))


def test_or_as_stills_with_their_times(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip), settings={"video": "frames", "fps": 1})
    parts = content(server)[:-1]
    assert [part["text"] for part in parts[::2]] == ["At 0.0s:", "At 1.0s:", "At 2.0s:", "At 3.0s:"]
    colours = [colour(shown(part)) for part in parts[1::2]]
    assert colours[0] == colours[1] == (2, 0, 0)
    assert colours[3] == (0, 0, 2)


def test_a_span_is_cut_out(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip, start=2.5, end=3.5), settings={"video": "frames", "fps": 2})
        assert {colour(shown(part)) for part in content(server)[1:-1:2]} == {(0, 0, 2)}
        say(server, video(clip, start=2.5, end=3.5))
    sent = clip.parent / "sent.mp4"
    sent.write_bytes(shown(content(server)[0]))
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(sent)]
    length = subprocess.run(probe, capture_output=True, text=True, check=True)
    assert float(length.stdout) == pytest.approx(1.0, abs=0.15)


def test_no_more_stills_than_asked_for_spread_over_the_clip(clip: Path) -> None:
    with LlmServer() as server:
        say(server, video(clip), settings={"video": "frames", "fps": 5, "max_frames": 3})
    assert [part["text"] for part in content(server)[:-1:2]] == ["At 0.0s:", "At 2.0s:", "At 3.8s:"]


@pytest.mark.parametrize(("settings", "kind"), [({}, "input_audio"), ({"audio": "audio_url"}, "audio_url")])
def test_sound_goes_as_wav(clip: Path, settings: dict[str, str], kind: str) -> None:
    asked = request(media=(Media(kind="audio", uri=to_uri(clip), sha256="1", start=1.0, end=3.0),))
    with LlmServer() as server:
        say(server, asked, settings=settings)
    part = content(server)[0]
    assert part["type"] == kind
    data = base64.b64decode(part[kind]["data"]) if kind == "input_audio" else shown(part)
    assert data[:4] == b"RIFF"
    assert len(data) == pytest.approx(2 * 16000 * 2, abs=3000)


def test_a_file_that_is_gone_or_broken_concerns_its_row_alone(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    with LlmServer() as server:
        for path in (tmp_path / "gone.mp4", broken):
            with pytest.raises(BadRequest):
                say(server, video(path), settings={"video": "frames"})
    assert server.seen.calls == 0


def test_a_served_vllm_takes_the_settings_of_the_engine(clip: Path) -> None:
    settings = {"fps": 2, "max_pixels": 5000, "use_audio_in_video": True, "top_k": 3, "temperature": 0}
    with LlmServer() as server:
        given = say(server, video(clip), ServedVLLM, provider="vllm", settings=settings)
    body = server.seen.bodies[0]
    assert given.provider == "vllm"
    processor = {"fps": 2, "max_pixels": 5000, "min_pixels": 5000, "use_audio_in_video": True}
    assert body["mm_processor_kwargs"] == processor
    assert body["media_io_kwargs"] == {"video": {"fps": 2, "num_frames": -1}}, "or vLLM takes 32 frames of the whole"
    assert (body["top_k"], body["temperature"]) == (3, 0)


# --- small parts -------------------------------------------------------------------------------------------------


def test_what_servers_say_of_time() -> None:
    assert retry_after({"retry-after-ms": "1500"}) == 1.5
    assert retry_after({"retry-after": "20"}) == 20.0
    assert retry_after({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}) > 1e9  # type: ignore[operator]
    assert retry_after({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
    assert duration("1m30s") == 90.0
    assert duration("120ms") == pytest.approx(0.12)


def test_a_strict_schema_requires_all_and_allows_no_more() -> None:
    schema = {
        "type": "object",
        "properties": {
            "default": {"type": "string", "default": "x"},
            "list": {"type": "array", "items": {"$ref": "#/$defs/A"}},
        },
        "$defs": {"A": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    }
    shaped = strict(schema)
    assert shaped["required"] == ["default", "list"]
    assert shaped["properties"]["default"] == {"type": "string"}
    assert shaped["$defs"]["A"] == {
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False,
    }  # fmt: skip


def test_many_calls_at_once_are_really_at_once() -> None:
    with LlmServer(Behaviour(latency=0.2)) as server:

        async def scene() -> None:
            model = OpenAIModel(config(server), Storage("/nonexistent"))
            await asyncio.gather(*(model.generate(request()) for _ in range(40)))

        asyncio.run(scene())
    assert server.seen.most_at_once > 20

"""The official OpenAI client behind one call."""

from __future__ import annotations

import asyncio
import difflib
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from asid.pipeline.models.base import (
    TRANSCRIBE,
    BadRequest,
    Media,
    Misconfigured,
    ModelError,
    Request,
    Response,
    Transient,
    Unreadable,
    Usage,
)
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.faults import checked, classify, said_of
from asid.pipeline.models.keys import read_key
from asid.pipeline.models.providers.attachments import Attachments, Blob
from asid.pipeline.models.providers.openai import FPS, MAX_FRAMES, PASSED, SIDE
from asid.pipeline.models.replies import fault, finish_of, load, name_of, text_of, tokens, whole_text
from asid.pipeline.models.transcripts import read_transcript, transcription
from asid.pipeline.models.waits import is_number, retry_after, seconds_until
from asid.pipeline.models.wire import BadReply, GuardedClient
from asid.pipeline.storage import Storage

CHECK_TIMEOUT = 20.0  # s
CONNECTIONS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class OpenAIModel:
    """Ask a model of OpenAI, or of a server that speaks its API."""

    reads_facts = False

    def __init__(self, config: ModelConfig, storage: Storage):
        self.config = config
        self.key = read_key(config)
        self.attachments = Attachments(storage)
        self.client = AsyncOpenAI(
            api_key=self.key.secret,
            base_url=config.base_url or None,
            timeout=config.timeout,
            max_retries=0,
            http_client=GuardedClient(config.timeout, self.key.secret, self.key.name, limits=CONNECTIONS),
        )

    def __repr__(self) -> str:
        return f"OpenAIModel({self.config.model}, {self.key})"

    async def generate(self, request: Request) -> Response:
        if request.task == TRANSCRIBE:
            return await self._transcribe(request)
        body = await self.body(request)
        try:
            raw = await self.client.chat.completions.with_raw_response.create(
                **body, extra_body=request.settings.get("extra")
            )
        except openai.OpenAIError as error:
            raise self.meaning(error) from None
        return self.response(load(raw.content), raw.headers)

    async def _transcribe(self, request: Request) -> Response:
        """The server's answer as JSON: `verbose_json` with words, or `diarized_json`."""
        blob = await self.attachments.whole(request.media[0])
        try:
            raw = await self.client.audio.transcriptions.with_raw_response.create(
                file=("sound.wav", blob.data, "audio/wav"), model=self.config.model,
                **transcription(str(request.settings["language"]), bool(request.settings["diarized"])),
            )  # fmt: skip
        except openai.OpenAIError as error:
            raise self.meaning(error) from None
        return read_transcript(raw.content, self.config, float(request.settings["seconds"]), pause_of(raw.headers))

    def meaning(self, error: openai.OpenAIError) -> ModelError:
        return meaning(error, self.key.clean(str(error)))

    async def body(self, request: Request) -> dict[str, Any]:
        """The request as the chat API has it, without its extra fields."""
        settings = request.settings
        body: dict[str, Any] = {name: value for name, value in settings.items() if name in PASSED}
        if request.answer_schema is not None and (form := settings.get("schema", "json_schema")) != "none":
            body["response_format"] = response_format(form, request.answer_schema)
        content = [*await self._media(request), {"type": "text", "text": request.prompt}]
        return body | {"model": self.config.model, "messages": [{"role": "user", "content": content}]}

    def response(self, body: Any, headers: Mapping[str, str]) -> Response:
        """The answer in a reply's body, whatever JSON value that is. Raises ModelError."""
        return read_chat(body, self.config.provider, self.config.model, pause_of(headers))

    async def _media(self, request: Request) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        for medium in request.media:
            parts.extend(await self._parts(medium, request.settings))
        return parts

    async def _parts(self, medium: Media, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
        if medium.kind == "image":
            return _still(await self.attachments.whole(medium))
        if medium.kind == "audio":
            blob = await self.attachments.whole(medium)
            if settings.get("audio", "input_audio") == "audio_url":
                return [{"type": "audio_url", "audio_url": {"url": blob.data_uri}}]
            form = {"audio/mpeg": "mp3"}.get(blob.mime, blob.mime.removeprefix("audio/"))
            return [{"type": "input_audio", "input_audio": {"data": blob.base64, "format": form}}]
        way = settings.get("video", "data" if self.config.base_url else "frames")
        if way == "frames":
            fps, most, side = (
                settings.get("fps", FPS),
                settings.get("max_frames", MAX_FRAMES),
                settings.get("side", SIDE),
            )
            caps = settings.get("max_pixels"), settings.get("total_pixels")
            blobs = await self.attachments.stills(medium, fps, most, side, *caps)
            return [part for blob in blobs for part in _still(blob)]
        if way == "uri":
            if medium.start > 0 or medium.end is not None:
                raise BadRequest("`video: uri` shows whole files, and this clip is a span of one: cut clips to files")
            url = self.attachments.storage.resolve(medium.uri)
        else:
            url = (await self.attachments.whole(medium)).data_uri
        return [{"type": "video_url", "video_url": {**(settings.get("video_url") or {}), "url": url}}]

    async def check(self) -> list[str]:
        """What keeps this model from being used, found without paying."""
        where = str(self.client.base_url)
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                names = [model.id async for model in self.client.models.list()]
        except openai.NotFoundError:
            return []  # reachable; some servers cannot list their models
        except openai.APIStatusError as error:
            said = self.key.clean(str(error))
            if error.status_code in (401, 403):
                return [f"{where} does not accept the key in {self.key.name or 'no variable'}: {said}"]
            if error.status_code == 429:
                return []  # it is there, and busy
            return [f"{where} answers {error.status_code}: {said}"]
        except (openai.APIConnectionError, TimeoutError) as error:
            return [f"{where} cannot be reached ({type(error).__name__}): check `base_url` and that the server runs"]
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ):  # what the client makes of odd replies
            return [f"{where} does not list its models as the API says: check that `base_url` is right"]
        if names and self.config.model not in names:
            near = difflib.get_close_matches(self.config.model, names, 3, 0.3) or names[:3]
            return [f"{where} has no model {self.config.model!r}; set `model` to one it has, such as {', '.join(near)}"]
        return []

    async def close(self) -> None:
        await self.client.close()


def _still(blob: Blob) -> list[dict[str, Any]]:
    shown = [{"type": "image_url", "image_url": {"url": blob.data_uri}}]
    return shown if blob.time is None else [{"type": "text", "text": f"At {blob.time:.1f}s:"}, *shown]


def response_format(form: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Ask for an answer of a schema, in the form that the server knows."""
    if form == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": strict(schema)}}


def strict(schema: Any) -> Any:
    """A JSON schema as strict mode wants it: every property required, no others, no defaults."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shaped = {name: strict(value) for name, value in schema.items() if name not in ("default", "title")}
    if isinstance(schema.get("properties"), dict):
        shaped["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        shaped |= {"additionalProperties": False, "required": list(schema["properties"])}
    return shaped


def read_chat(body: Any, provider: str, model: str, pause: float = 0.0) -> Response:
    """The answer in the body of a chat completion. Raises ModelError for a body that holds none."""
    reply = checked(body)
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise fault("has no choices", body)
    choice = choices[0]
    if beside := choice.get("error"):
        raise classify(200, beside, said_of(beside))
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise fault("has no message", body)
    text, declined = text_of(message.get("content"), body)
    refusal = message.get("refusal")
    if refusal is not None and not isinstance(refusal, str):
        raise fault("has a refusal that is no text", body)
    declined = refusal or declined
    finish, ended = finish_of(choice.get("finish_reason"))
    if beside := message.get("error"):
        raise classify(200, beside, said_of(beside))
    return Response(
        text=declined or text,
        model=name_of(reply.get("model"), model),
        provider=provider,
        finish="refusal" if declined else finish,
        ended=ended,
        usage=usage_of(reply.get("usage")),
        pause=pause,
    )


def usage_of(usage: Any) -> Usage:
    """Read the tokens that a reply counts."""
    thoughts = tokens(usage, "completion_tokens_details", "reasoning_tokens")
    return Usage(
        input_tokens=tokens(usage, "prompt_tokens"),
        output_tokens=max(0, tokens(usage, "completion_tokens") - thoughts),
        thought_tokens=thoughts,
        cached_tokens=tokens(usage, "prompt_tokens_details", "cached_tokens"),
        audio_tokens=tokens(usage, "prompt_tokens_details", "audio_tokens"),
        video_tokens=tokens(usage, "prompt_tokens_details", "video_tokens"),
    )


def meaning(error: openai.OpenAIError, said: str) -> ModelError:
    """What an error of the client means. `said` is its message without the key."""
    if isinstance(error, openai.APIStatusError):
        body = error_body(error.response.content)
        headers = error.response.headers
        return classify(error.status_code, body, said, retry_after(headers) or reset_of(body))
    if isinstance(error, (openai.APIConnectionError, openai.APIResponseValidationError)):
        cause = error.__cause__
        if isinstance(cause, BadReply):
            return Unreadable(f"the server's reply is not taken: {whole_text(str(cause))}")
        return Transient(f"{said} ({type(cause).__name__}: {whole_text(str(cause))[:200]})" if cause else said)
    return Misconfigured(said)


def error_body(content: bytes) -> Any:
    """The body of an error, as JSON if it is that, else as text."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return content[:2000].decode("utf-8", "replace")
    return body[0] if isinstance(body, list) and len(body) == 1 else body


def pause_of(headers: Mapping[str, str]) -> float:
    """Seconds until the server takes another call, when its rate-limit headers say that none is left."""
    waits = [0.0]
    for kind in ("-requests", "-tokens", ""):
        left = headers.get(f"x-ratelimit-remaining{kind}", "").strip()
        if is_number(left) and float(left) <= 0:
            waits.append(seconds_until(headers.get(f"x-ratelimit-reset{kind}", "")) or 0.0)
    return max(waits)


def reset_of(body: Any) -> float | None:
    """The same where a gateway puts the headers into the error."""
    for name in ("error", "metadata", "headers"):
        body = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping):
        return None
    found = {str(name).lower(): str(value) for name, value in body.items()}
    return retry_after(found) or pause_of(found) or None

"""The official OpenAI client against any endpoint that speaks its chat API: OpenAI, Azure, OpenRouter, Volcengine Ark,
a vLLM server.

Settings, beside those passed through by name:
  video        frames: stills with their times; data: `video_url` with the bytes; uri: `video_url` with the address
  fps, max_frames, side   of the stills: a second, at most, longest side in pixels
  audio        input_audio or audio_url
  schema       json_schema, json_object, or none: how the form of an answer is asked for
  extra        further fields of the request body (mm_processor_kwargs, thinking, …)
"""

from __future__ import annotations

import asyncio
import difflib
import email.utils
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import openai
from openai import AsyncOpenAI

from asid.pipeline.models.attach import Attachments, Blob
from asid.pipeline.models.base import (
    BadRequest,
    Media,
    Misconfigured,
    ModelError,
    Refused,
    Request,
    Response,
    Transient,
    Usage,
)
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.keys import read_key
from asid.pipeline.storage import Storage

PASSED = frozenset(
    {"temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "frequency_penalty"}
    | {"presence_penalty", "reasoning_effort", "service_tier", "logit_bias", "verbosity"}
)
OWN = frozenset({"video", "fps", "max_frames", "side", "audio", "schema", "extra"})
SETTINGS = PASSED | OWN
VALUES: dict[str, tuple[str, ...]] = {
    "video": ("frames", "data", "uri"),
    "audio": ("input_audio", "audio_url"),
    "schema": ("json_schema", "json_object", "none"),
}
CHECK_TIMEOUT = 20.0  # s
OVERLOADED = frozenset({503, 529})
BLOCKED = frozenset({"content_filter", "content_policy_violation"})
HOPELESS = frozenset({"insufficient_quota", "billing_not_active", "account_deactivated"})
PARTS_OF_TIME = re.compile(r"([\d.]+)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class OpenAIModel:
    reads_facts = False

    def __init__(self, config: ModelConfig, storage: Storage):
        self.config = config
        self.key = read_key(config)
        self.attachments = Attachments(storage)
        self.client = AsyncOpenAI(
            api_key=self.key.secret, base_url=config.base_url or None, timeout=config.timeout, max_retries=0
        )

    def __repr__(self) -> str:
        return f"OpenAIModel({self.config.model}, {self.key})"

    async def generate(self, request: Request) -> Response:
        body = await self.body(request)
        try:
            raw = await self.client.chat.completions.with_raw_response.create(
                **body, extra_body=request.settings.get("extra")
            )
            completion = raw.parse()
        except openai.OpenAIError as error:
            raise classify(error, self.key.clean(str(error))) from None
        except json.JSONDecodeError as error:
            raise Transient(f"the server's answer is not JSON: {error}") from None
        return self.response(completion, raw.headers)

    async def body(self, request: Request) -> dict[str, Any]:
        """The request as the chat API has it, without its extra fields."""
        settings = request.settings
        body: dict[str, Any] = {name: value for name, value in settings.items() if name in PASSED}
        if request.answer_schema is not None and (form := settings.get("schema", "json_schema")) != "none":
            body["response_format"] = response_format(form, request.answer_schema)
        content = [*await self._media(request), {"type": "text", "text": request.prompt}]
        return body | {"model": self.config.model, "messages": [{"role": "user", "content": content}]}

    def response(self, completion: Any, headers: Mapping[str, str]) -> Response:
        if not completion.choices:
            raise Transient("the server's answer has no choices")
        choice = completion.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        finish = {"length": "length", "content_filter": "refusal"}.get(choice.finish_reason or "stop", "stop")
        return Response(
            text=refusal or choice.message.content or "",
            model=completion.model or self.config.model,
            provider=self.config.provider,
            finish="refusal" if refusal else finish,  # type: ignore[arg-type]
            usage=usage_of(completion.usage),
            pause=pause_of(headers),
        )

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
            fps, most, side = settings.get("fps", 1.0), settings.get("max_frames", 32), settings.get("side", 768)
            blobs = await self.attachments.stills(medium, fps, most, side)
            return [part for blob in blobs for part in _still(blob)]
        if way == "uri":
            if medium.start > 0 or medium.end is not None:
                raise BadRequest("`video: uri` shows whole files, and this clip is a span of one: cut clips to files")
            return [{"type": "video_url", "video_url": {"url": self.attachments.storage.resolve(medium.uri)}}]
        return [{"type": "video_url", "video_url": {"url": (await self.attachments.whole(medium)).data_uri}}]

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


def usage_of(usage: Any) -> Usage:
    if usage is None:
        return Usage()
    inputs, outputs = usage.prompt_tokens_details, usage.completion_tokens_details
    thoughts = getattr(outputs, "reasoning_tokens", None) or 0
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=max(0, (usage.completion_tokens or 0) - thoughts),
        thought_tokens=thoughts,
        cached_tokens=getattr(inputs, "cached_tokens", None) or 0,
        audio_tokens=getattr(inputs, "audio_tokens", None) or 0,
        video_tokens=getattr(inputs, "video_tokens", None) or 0,
    )


def classify(error: openai.OpenAIError, said: str) -> ModelError:
    """What an error means, by its type, status and code. `said` is its message without the key."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        if error.code in BLOCKED:
            return Refused(said)
        if error.code in HOPELESS or status in (401, 403, 404):
            return Misconfigured(said)
        if status == 429 or status in OVERLOADED:
            return Transient(said, retry_after(error.response.headers), rate_limited=True)
        if status in (408, 409, 425) or status >= 500:
            return Transient(said, retry_after(error.response.headers))
        return BadRequest(said)
    if isinstance(error, (openai.APIConnectionError, openai.APIResponseValidationError)):
        return Transient(said)
    return Misconfigured(said)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, from `retry-after-ms`, or from `retry-after` in seconds or as a date."""
    if _number(milliseconds := headers.get("retry-after-ms", "")):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _number(value):
        return float(value)
    date = email.utils.parsedate_tz(value)
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None


def pause_of(headers: Mapping[str, str]) -> float:
    """Seconds until the server takes another call, when its rate-limit headers say that none is left."""
    waits = [0.0]
    for kind in ("requests", "tokens"):
        left = headers.get(f"x-ratelimit-remaining-{kind}", "")
        if _number(left) and float(left) <= 0:
            reset = headers.get(f"x-ratelimit-reset-{kind}", "")
            waits.append(float(reset) if _number(reset) else duration(reset))
    return max(waits)


def duration(text: str) -> float:
    """Seconds in `1m30s`, `120ms`."""
    return sum(float(amount) * SECONDS[unit] for amount, unit in PARTS_OF_TIME.findall(text))


def _number(text: str) -> bool:
    return bool(re.fullmatch(r"\d+(\.\d+)?", text))

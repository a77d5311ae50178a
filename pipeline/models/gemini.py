"""The official google-genai client.

Settings: temperature, top_p, top_k, max_tokens, seed, stop, thinking_budget, thinking_level, media_resolution, and
  fps           frames a second of a video that the model looks at
  span          cut: a span of a file is cut out and sent; offsets: the whole file is sent with start and end
  inline_bytes  media up to this size go with the request, larger ones through the Files API
  safety        threshold for all harm categories, such as BLOCK_NONE
"""

from __future__ import annotations

import asyncio
import io
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from asid.pipeline.models.attach import Attachments, Blob
from asid.pipeline.models.base import BadRequest, Media, Misconfigured, ModelError, Request, Response, Transient, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.keys import read_key
from asid.pipeline.storage import Storage

SAMPLING = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed"}
RENAMED = {"max_tokens": "max_output_tokens", "media_resolution": "media_resolution"}
OWN = frozenset({"stop", "thinking_budget", "thinking_level", "fps", "span", "inline_bytes", "safety"})
SETTINGS = frozenset({*SAMPLING, *RENAMED, *OWN})
VALUES: dict[str, tuple[str, ...]] = {"span": ("cut", "offsets")}
INLINE_BYTES = 14 << 20  # a request may have 20 MB, and base64 adds a third
FILES_KEPT = 32  # a clip is asked about many times in a row
CHECK_TIMEOUT = 20.0  # s
POLL = 0.5  # s; grows
HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
F = types.FinishReason
CUT = {F.MAX_TOKENS}
BLOCKED = {
    *(F.SAFETY, F.RECITATION, F.LANGUAGE, F.BLOCKLIST, F.PROHIBITED_CONTENT, F.SPII, F.MODEL_ARMOR),
    *(F.IMAGE_SAFETY, F.IMAGE_PROHIBITED_CONTENT, F.IMAGE_RECITATION),
}
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


class GeminiModel:
    reads_facts = False

    def __init__(self, config: ModelConfig, storage: Storage):
        self.config = config
        self.key = read_key(config)
        self.attachments = Attachments(storage)
        self.http = httpx2.AsyncClient(timeout=config.timeout, limits=httpx2.Limits(max_connections=None))
        self.client = genai.Client(
            api_key=self.key.secret,
            http_options=types.HttpOptions(
                base_url=config.base_url or None,
                timeout=int(config.timeout * 1000),
                httpx_async_client=self.http,
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )
        self.files: OrderedDict[str, asyncio.Task[types.File]] = OrderedDict()
        self.deleting: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"GeminiModel({self.config.model}, {self.key})"

    async def generate(self, request: Request) -> Response:
        try:
            answer = await self.client.aio.models.generate_content(
                model=self.config.model, contents=await self.content(request), config=generation(request)
            )
        except (errors.APIError, httpx2.HTTPError, errors.UnknownApiResponseError) as error:
            raise self.meaning(error) from None
        return self.response(answer)

    def meaning(self, error: Exception) -> ModelError:
        if isinstance(error, errors.APIError):
            return classify(error, self.key.clean(str(error)))
        return Transient(self.key.clean(f"{type(error).__name__}: {error}"))

    async def content(self, request: Request) -> types.Content:
        parts = [part for medium in request.media for part in await self._parts(medium, request.settings)]
        return types.Content(role="user", parts=[*parts, types.Part(text=request.prompt)])

    def response(self, answer: types.GenerateContentResponse) -> Response:
        usage, model = usage_of(answer.usage_metadata), answer.model_version or self.config.model
        if not answer.candidates:
            if answer.prompt_feedback and (block := answer.prompt_feedback.block_reason):
                said = f"blocked: {block.name}"
                return Response(text=said, model=model, provider="gemini", finish="refusal", usage=usage)
            raise Transient("the server's answer has no candidates")
        candidate = answer.candidates[0]
        parts = (candidate.content.parts if candidate.content else None) or []
        text = "".join(part.text or "" for part in parts if not part.thought)
        reason = candidate.finish_reason
        if reason in BLOCKED:
            said = text or f"blocked: {reason.name if reason else ''}"
            return Response(text=said, model=model, provider="gemini", finish="refusal", usage=usage)
        if reason not in (F.STOP, F.MAX_TOKENS, None):
            raise Transient(f"the server broke off: {reason.name if reason else reason}")
        finish: Any = "length" if reason in CUT else "stop"
        return Response(text=text, model=model, provider="gemini", finish=finish, usage=usage)

    # --- media ---------------------------------------------------------------------------------------------------

    async def _parts(self, medium: Media, settings: dict[str, Any]) -> list[types.Part]:
        offsets = settings.get("span", "cut") == "offsets" and medium.kind == "video"
        shown = medium.model_copy(update={"start": 0.0, "end": None}) if offsets else medium
        blob = await self.attachments.whole(shown)
        if len(blob.data) <= settings.get("inline_bytes", INLINE_BYTES):
            part = types.Part(inline_data=types.Blob(data=blob.data, mime_type=blob.mime))
        else:
            file = await self._uploaded(blob, f"{shown.sha256}/{shown.kind}/{shown.start}/{shown.end}")
            part = types.Part(file_data=types.FileData(file_uri=file.uri, mime_type=blob.mime))
        if medium.kind == "video":
            span = {"start_offset": f"{medium.start}s", "end_offset": f"{medium.end}s" if medium.end else None}
            part.video_metadata = types.VideoMetadata(fps=settings.get("fps"), **(span if offsets else {}))
        if blob.time is not None:
            return [types.Part(text=f"At {blob.time:.1f}s:"), part]
        return [part]

    async def _uploaded(self, blob: Blob, name: str) -> types.File:
        """The file at the server, ready. One upload serves all questions about a clip; old ones are deleted."""
        if name not in self.files or _failed(self.files[name]):
            self.files[name] = asyncio.create_task(self._upload(blob))
        self.files.move_to_end(name)
        while len(self.files) > FILES_KEPT:
            _, old = self.files.popitem(last=False)
            task = asyncio.create_task(self._delete(old))
            self.deleting.add(task)
            task.add_done_callback(self.deleting.discard)
        return await asyncio.shield(self.files[name])

    async def _upload(self, blob: Blob) -> types.File:
        form = types.UploadFileConfig(mime_type=blob.mime)
        file = await self.client.aio.files.upload(file=io.BytesIO(blob.data), config=form)
        wait = POLL
        while file.state == types.FileState.PROCESSING:
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 10.0)
            file = await self.client.aio.files.get(name=file.name or "")
        if file.state != types.FileState.ACTIVE:
            raise BadRequest(f"the server could not process the {blob.mime} file: {file.error or file.state}")
        return file

    async def _delete(self, uploading: asyncio.Task[types.File]) -> None:
        """Files that stay behind after a crash expire at the server."""
        await asyncio.wait([uploading])
        if not _failed(uploading):
            try:
                await self.client.aio.files.delete(name=uploading.result().name or "")
            except (errors.APIError, httpx2.HTTPError):
                return

    async def check(self) -> list[str]:
        """What keeps this model from being used, found without paying."""
        where = self.config.base_url or "the Gemini API"
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                await self.client.aio.models.get(model=self.config.model)
        except errors.APIError as error:
            said = self.key.clean(str(error))
            if error.code == 404:
                return [f"{where} has no model {self.config.model!r}: set `model` to one it has ({said})"]
            if isinstance(classify(error, said), Misconfigured):
                return [f"{where} does not accept the key in {self.key.name or 'no variable'}: {said}"]
            if error.code == 429:
                return []  # it is there, and busy
            return [f"{where} answers {error.code}: {said}"]
        except (httpx2.HTTPError, TimeoutError) as error:
            return [f"{where} cannot be reached ({type(error).__name__}): check `base_url` and the network"]
        return []

    async def close(self) -> None:
        await asyncio.gather(*self.deleting, *(self._delete(file) for file in self.files.values()))
        self.files.clear()
        await self.http.aclose()


def _failed(task: asyncio.Task[types.File]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def generation(request: Request) -> types.GenerateContentConfig:
    settings = request.settings
    names = SAMPLING | RENAMED
    chosen: dict[str, Any] = {names[name]: value for name, value in settings.items() if name in names}
    if "stop" in settings:
        chosen["stop_sequences"] = settings["stop"]
    thinking = {name: settings[name] for name in ("thinking_budget", "thinking_level") if name in settings}
    if thinking:
        chosen["thinking_config"] = types.ThinkingConfig(**thinking)
    if "safety" in settings:
        chosen["safety_settings"] = [
            types.SafetySetting(category=f"HARM_CATEGORY_{harm}", threshold=settings["safety"])  # type: ignore[arg-type]
            for harm in HARMS
        ]
    if request.answer_schema is not None:
        chosen |= {"response_mime_type": "application/json", "response_json_schema": request.answer_schema}
    return types.GenerateContentConfig(**chosen)


def usage_of(usage: types.GenerateContentResponseUsageMetadata | None) -> Usage:
    if usage is None:
        return Usage()
    kinds = {detail.modality: detail.token_count or 0 for detail in usage.prompt_tokens_details or []}
    return Usage(
        input_tokens=usage.prompt_token_count or 0,
        output_tokens=usage.candidates_token_count or 0,
        thought_tokens=usage.thoughts_token_count or 0,
        cached_tokens=usage.cached_content_token_count or 0,
        audio_tokens=kinds.get(types.MediaModality.AUDIO, 0),
        video_tokens=kinds.get(types.MediaModality.VIDEO, 0),
    )


def classify(error: errors.APIError, said: str) -> ModelError:
    """What an error means, by its status and the typed details of its body. `said`: its message without the key."""
    if error.code == 429 or error.code == 503:
        return Transient(said, retry_delay(error.details), rate_limited=True)
    if error.code in (408, 409, 499) or error.code >= 500:
        return Transient(said, retry_delay(error.details))
    reasons = {detail.get("reason") for detail in _details(error.details)}
    if error.code in (401, 403, 404) or "API_KEY_INVALID" in reasons:
        return Misconfigured(said)
    return BadRequest(said)


def retry_delay(body: Any) -> float | None:
    """Seconds in the RetryInfo of an error."""
    for detail in _details(body):
        if detail.get("@type") == RETRY_INFO:
            match = re.fullmatch(r"([\d.]+)s", str(detail.get("retryDelay", "")))
            return float(match[1]) if match else None
    return None


def _details(body: Any) -> Iterator[dict[str, Any]]:
    error = body.get("error", body) if isinstance(body, dict) else {}
    for detail in error.get("details", []) if isinstance(error, dict) else []:
        if isinstance(detail, dict):
            yield detail

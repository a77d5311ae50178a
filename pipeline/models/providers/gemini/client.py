"""The official google-genai client behind one call."""

from __future__ import annotations

import asyncio
import io
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from asid.pipeline.models.base import (
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
from asid.pipeline.models.providers.gemini import RENAMED, SAMPLING
from asid.pipeline.models.providers.gemini.caches import ExplicitCaches, Stored
from asid.pipeline.models.replies import fault, finish_of, load, name_of, shown, tokens, whole_text
from asid.pipeline.models.spend import add
from asid.pipeline.models.waits import retry_after, seconds_until
from asid.pipeline.models.wire import BadReply, GuardedClient, taken
from asid.pipeline.storage import Storage

INLINE_BYTES = 14 << 20  # a request may have 20 MB, and base64 adds a third
FILES_KEPT = 32  # a clip is asked about many times in a row
# Kinds of video that its documentation lists, by the names that files have for them.
VIDEOS = frozenset(f"video/{kind}" for kind in ("mp4", "mpeg", "quicktime", "webm", "x-flv", "wmv", "3gpp"))
CHECK_TIMEOUT = 20.0  # s
POLL = 0.5  # s; grows
HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
# What the client lets out when a reply is not as it expects: it looks into it without asking.
ODD = (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError)
FAULTS = (errors.APIError, httpx2.HTTPError, *ODD)
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


class GeminiModel:
    """Ask a model of Google's Gemini API."""

    reads_facts = False

    def __init__(self, config: ModelConfig, storage: Storage):
        self.config = config
        self.key = read_key(config)
        self.attachments = Attachments(storage, VIDEOS)
        limits = httpx2.Limits(max_connections=None)
        self.http = GuardedClient(config.timeout, self.key.secret, self.key.name, limits=limits)
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
        self.caches = ExplicitCaches(self.client, config, self._shown)

    def __repr__(self) -> str:
        return f"GeminiModel({self.config.model}, {self.key})"

    async def generate(self, request: Request) -> Response:
        stored = await self.caches.find(request)
        response = await self._from_cache(request, stored) if stored is not None else None
        if response is None:
            stored, response = None, await self._plain(request)
        took = self.caches.answered(request, stored)
        return response.model_copy(update={"usage": add([response.usage, took])})

    async def _from_cache(self, request: Request, stored: Stored) -> Response | None:
        """The answer to a request whose media and start lie in a cache; None when that is gone."""
        form = generation(request).model_copy(update={"cached_content": stored.name})
        try:
            with taken() as replies:
                await self.client.aio.models.generate_content(
                    model=self.config.model, contents=_asked([], request, request.common), config=form
                )
        except FAULTS as error:
            if not _is_denied(error):
                raise self.meaning(error) from None
            self.caches.drop(request, gone=True)
            return None
        return self.response(load(replies.body))

    async def _plain(self, request: Request) -> Response:
        for again in (False, True):
            content = await self.content(request)
            try:
                with taken() as replies:
                    await self.client.aio.models.generate_content(
                        model=self.config.model, contents=content, config=generation(request)
                    )
            except FAULTS as error:
                if not (_is_denied(error) and (files := named_files(content))):
                    raise self.meaning(error) from None
                await self._check_files(files, error, again)
                continue
            return self.response(load(replies.body))
        raise AssertionError("the second try returns or raises")

    async def _check_files(self, names: Collection[str], error: Exception, again: bool) -> None:
        """A request was denied that names files of ours. If one of them is gone, it is uploaded once more, and then the
        row is to blame; if all are there, it is the key or the model."""
        kept = {name: file for name, file in self.files.items() if not _failed(file) and file.done()}
        ours = {name: file.result() for name, file in kept.items() if file.result().uri in names}
        gone = [name for name, file in ours.items() if not await self._is_there(file)]
        if not gone:
            raise self.meaning(error) from None
        for name in gone:
            self.files.pop(name, None)
        if again:
            raise BadRequest(f"the file is gone at the server: {self.key.clean(str(error))[:500]}") from None

    async def _is_there(self, file: types.File) -> bool:
        try:
            return (await self.client.aio.files.get(name=file.name or "")).state == types.FileState.ACTIVE
        except FAULTS as error:
            return not _is_denied(error)

    def meaning(self, error: BaseException) -> ModelError:
        """What an error of the client means, without the key."""
        said = whole_text(self.key.clean(f"{error}"))[:1000]
        if isinstance(error, errors.APIError):
            headers = getattr(error.response, "headers", {})
            return classify(error.code or 500, error.details, said, retry_delay(error.details) or retry_after(headers))
        if isinstance(error, (BadReply, *ODD)):
            return Unreadable(f"the server's reply is not taken: {type(error).__name__}: {said}")
        return Transient(f"{type(error).__name__}: {said}")

    async def content(self, request: Request) -> types.Content:
        return _asked(await self._shown(request), request)

    async def _shown(self, request: Request) -> list[types.Part]:
        return [part for medium in request.media for part in await self._parts(medium, request.settings)]

    def response(self, body: Any) -> Response:
        """The answer in a reply's body, whatever JSON value that is. Raises ModelError."""
        return read_generated(body, self.config.model)

    # --- media ---------------------------------------------------------------------------------------------------

    async def _parts(self, medium: Media, settings: dict[str, Any]) -> list[types.Part]:
        offsets = settings.get("span", "cut") == "offsets" and medium.kind == "video"
        shown = medium.model_copy(update={"start": 0.0, "end": None}) if offsets else medium
        blob = await self.attachments.whole(shown)
        inline = self.config.settings.get("inline_bytes", INLINE_BYTES)  # it is in no key, so a request may lack it
        if len(blob.data) <= settings.get("inline_bytes", inline):
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
        try:
            file = await self.client.aio.files.upload(file=io.BytesIO(blob.data), config=form)
            wait, until = POLL, time.monotonic() + self.config.timeout
            while file.state == types.FileState.PROCESSING:
                if time.monotonic() > until:
                    raise Transient(f"the server has not processed the {blob.mime} file in {self.config.timeout:g} s")
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, 10.0)
                file = await self.client.aio.files.get(name=file.name or "")
        except FAULTS as error:
            raise self.meaning(error) from None
        if file.state != types.FileState.ACTIVE or not file.uri:
            said = shown(str(file.error or file.state))
            raise BadRequest(f"the server could not process the {blob.mime} file: {said}")
        return file

    async def _delete(self, uploading: asyncio.Task[types.File]) -> None:
        """Files that stay behind after a crash expire at the server."""
        await asyncio.wait([uploading])
        if not _failed(uploading):
            try:
                await self.client.aio.files.delete(name=uploading.result().name or "")
            except FAULTS:
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
            if isinstance(self.meaning(error), Misconfigured):
                return [f"{where} does not accept the key in {self.key.name or 'no variable'}: {said}"]
            if error.code == 429:
                return []  # it is there, and busy
            return [f"{where} answers {error.code}: {said}"]
        except (httpx2.HTTPError, TimeoutError, *ODD) as error:
            return [f"{where} cannot be reached ({type(error).__name__}): check `base_url` and the network"]
        return []

    async def close(self) -> None:
        await self.caches.close()
        await asyncio.gather(*self.deleting, *(self._delete(file) for file in self.files.values()))
        self.files.clear()
        await self.http.aclose()


def _asked(shown: list[types.Part], request: Request, since: int = 0) -> types.Content:
    return types.Content(role="user", parts=[*shown, types.Part(text=request.prompt[since:])])


def _failed(task: asyncio.Task[types.File]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def generation(request: Request) -> types.GenerateContentConfig:
    """Give a request's settings in Gemini's names."""
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


def read_generated(body: Any, model: str) -> Response:
    """The answer in the body of a generateContent reply. Raises ModelError for a body that holds none."""
    reply = checked(body)
    told: dict[str, Any] = {
        "model": name_of(reply.get("modelVersion"), model),
        "provider": "gemini",
        "usage": usage_of(reply.get("usageMetadata")),
    }
    candidates = reply.get("candidates")
    if not candidates:
        feedback = reply.get("promptFeedback")
        if isinstance(feedback, Mapping) and (block := feedback.get("blockReason")):
            said = f"blocked: {shown(block)}"
            return Response(text=said, finish="refusal", ended=shown(block)[:80], **told)
        raise fault("has no candidates", body)
    if not isinstance(candidates, list) or not isinstance(candidates[0], Mapping):
        raise fault("has no candidates", body)
    candidate = candidates[0]
    if beside := candidate.get("error"):
        raise classify(200, beside, said_of(beside))
    finish, ended = finish_of(candidate.get("finishReason"))
    text = text_in(candidate.get("content"), body)
    if finish == "refusal":
        text = text or f"blocked: {ended}"
    return Response(text=text, finish=finish, ended=ended, **told)


def text_in(content: Any, body: Any) -> str:
    """The text of a candidate's content without its thoughts."""
    if content is None:
        return ""
    parts = content.get("parts") if isinstance(content, Mapping) else content
    if parts is None:
        return ""
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise fault("has a content that is no text", body)
    spoken = [part.get("text") for part in parts if not part.get("thought")]
    if not all(text is None or isinstance(text, str) for text in spoken):
        raise fault("has a content that is no text", body)
    return "".join(text for text in spoken if text)


def usage_of(usage: Any) -> Usage:
    """Read the tokens that a reply counts."""
    details = usage.get("promptTokensDetails") if isinstance(usage, Mapping) else None
    if details is not None and not isinstance(details, list):
        raise fault("counts tokens oddly", usage)
    kinds: dict[str, int] = {}
    for detail in details or []:
        if not isinstance(detail, Mapping):
            raise fault("counts tokens oddly", usage)
        kinds[str(detail.get("modality")).upper()] = tokens(detail, "tokenCount")
    return Usage(
        input_tokens=tokens(usage, "promptTokenCount"),
        output_tokens=tokens(usage, "candidatesTokenCount"),
        thought_tokens=tokens(usage, "thoughtsTokenCount"),
        cached_tokens=tokens(usage, "cachedContentTokenCount"),
        audio_tokens=kinds.get("AUDIO", 0),
        video_tokens=kinds.get("VIDEO", 0),
    )


def named_files(content: types.Content) -> set[str]:
    """The addresses of uploaded files in a request."""
    data = [part.file_data for part in content.parts or []]
    return {one.file_uri for one in data if one and one.file_uri}


def _is_denied(error: BaseException) -> bool:
    """Whether an error may be about a file: that is gone, that belongs to another, or that is not ready."""
    return isinstance(error, errors.APIError) and error.code in (400, 403, 404)


def retry_delay(body: Any) -> float | None:
    """Seconds in the RetryInfo of an error."""
    for detail in _details(body):
        if detail.get("@type") == RETRY_INFO:
            return seconds_until(str(detail.get("retryDelay", "")))
    return None


def _details(body: Any) -> Iterator[Mapping[str, Any]]:
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, Mapping):
            yield detail

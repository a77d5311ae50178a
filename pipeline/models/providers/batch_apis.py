"""The batch APIs of OpenAI and Gemini, as `batch.Batches`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
from google.genai import types

from asid.pipeline.models.base import Misconfigured, ModelError, Request, Response, Transient, Unreadable
from asid.pipeline.models.faults import classify, said_of
from asid.pipeline.models.layers.batch import Results
from asid.pipeline.models.providers.gemini import FAULTS, GeminiModel, generation
from asid.pipeline.models.providers.openai import OpenAIModel
from asid.pipeline.models.replies import fault, load, shown, whole_text
from asid.pipeline.models.wire import taken

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
GOING = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
ENDED_GEMINI = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED"})
LINE_BYTES = 8 << 20  # of one result; a longer one is lost
PAGES = 100  # of a list of jobs


@dataclass
class OpenAIBatches:
    """OpenAI's: a file of requests in, files of results and errors out."""

    model: OpenAIModel
    most: int = 10_000

    async def prepare(self, key: str, request: Request) -> bytes:
        body = await self.model.body(request) | request.settings.get("extra", {})
        line = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        return json.dumps(line).encode() + b"\n"

    async def submit(self, token: str, prepared: Sequence[bytes]) -> str:
        data = b"".join(prepared)
        client = self.model.client
        try:
            sent = await client.files.with_raw_response.create(file=(f"{token}.jsonl", data), purpose="batch")
            file = _id(load(sent.content))
            raw = await client.batches.with_raw_response.create(
                input_file_id=file,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"asid": token},
            )
        except openai.OpenAIError as error:
            raise self.model.meaning(error) from None
        return _id(load(raw.content))

    async def find(self, token: str) -> str:
        after: Any = openai.omit
        for _ in range(PAGES):
            try:
                raw = await self.model.client.batches.with_raw_response.list(limit=100, after=after)
            except openai.OpenAIError as error:
                raise self.model.meaning(error) from None
            page = load(raw.content)
            jobs = [job for job in _list(page, "data") if isinstance(job, Mapping) and isinstance(job.get("id"), str)]
            for job in jobs:
                metadata = job.get("metadata")
                if isinstance(metadata, Mapping) and metadata.get("asid") == token:
                    return str(job["id"])
            if not jobs or page.get("has_more") is not True:
                return ""
            after = jobs[-1]["id"]
        return ""

    async def collect(self, job: str, keys: Collection[str]) -> Results | None:
        results: dict[str, Response | ModelError] = {}
        try:
            raw = await self.model.client.batches.with_raw_response.retrieve(job)
            found = _object(load(raw.content))
            if (status := found.get("status")) not in ENDED:
                if status not in GOING:
                    raise Unreadable(f"the job's state is {shown(status)}, which is none")
                return None
            for name in ("output_file_id", "error_file_id"):
                if isinstance(file := found.get(name), str) and file:
                    await self._read(file, keys, results)
        except openai.OpenAIError as error:
            raise self.model.meaning(error) from None
        return results or refused_job(found, keys)

    async def _read(self, file: str, keys: Collection[str], results: dict[str, Response | ModelError]) -> None:
        """Take the results out of a file, each line alone: an odd one costs its own row at most."""
        try:
            async with self.model.client.files.with_streaming_response.content(file) as response:
                async for line in lines_of(response.iter_bytes()):
                    key, result = self._result(line)
                    if key in keys and not isinstance(results.get(key), Response):
                        results[key] = result
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise Transient(f"the results break off: {type(error).__name__}: {whole_text(str(error))}") from None

    def _result(self, line: bytes) -> tuple[str, Response | ModelError]:
        """The id and the result in a line; the id is "" where none can be read."""
        try:
            row = _object(load(self.model.key.clean(line.decode("utf-8", "replace"))))
        except Unreadable as unreadable:
            return "", unreadable
        key = row.get("custom_id")
        if not isinstance(key, str):
            return "", fault("has no id", row)
        try:
            answer = row.get("response")
            if not isinstance(answer, Mapping):
                error = row.get("error")
                raise classify(200, error, said_of(error)) if error else fault("has no response", row)
            status, body = answer.get("status_code", 200), answer.get("body")
            if status != 200:
                said = shown(row.get("error") or body)
                raise classify(of_row(status), body or row.get("error"), said)
            if error := row.get("error"):
                raise classify(200, error, said_of(error))
            return key, self.model.response(body, {})
        except ModelError as meaning:
            return key, meaning


@dataclass
class GeminiBatches:
    """Gemini's: requests inside the job, with their media uploaded before it."""

    model: GeminiModel
    most: int = 1_000

    async def prepare(self, key: str, request: Request) -> types.InlinedRequest:
        uploaded = request.model_copy(update={"settings": {**request.settings, "inline_bytes": 0}})
        content = await self.model.content(uploaded)
        return types.InlinedRequest(contents=[content], metadata={"key": key}, config=generation(request))

    async def submit(self, token: str, prepared: Sequence[types.InlinedRequest]) -> str:
        try:
            with taken() as replies:
                await self.model.client.aio.batches.create(
                    model=self.model.config.model, src=list(prepared), config={"display_name": token}
                )
        except FAULTS as error:
            raise self.model.meaning(error) from None
        return _id(load(replies.body), "name")

    async def find(self, token: str) -> str:
        page = ""
        for _ in range(PAGES):
            try:
                with taken() as replies:
                    await self.model.client.aio.batches.list(config={"page_size": 100, "page_token": page or None})
            except FAULTS as error:
                raise self.model.meaning(error) from None
            told = _object(load(replies.body))
            for job in [*_list(told, "operations"), *_list(told, "batches")]:
                metadata = job.get("metadata") if isinstance(job, Mapping) else None
                names = [where.get("displayName") for where in (job, metadata) if isinstance(where, Mapping)]
                if token in names and isinstance(job.get("name"), str):
                    return str(job["name"])
            following = told.get("nextPageToken")
            if not isinstance(following, str) or not following:
                return ""
            page = following
        return ""

    async def collect(self, job: str, keys: Collection[str]) -> Results | None:
        try:
            with taken() as replies:
                await self.model.client.aio.batches.get(name=job)
        except FAULTS as error:
            raise self.model.meaning(error) from None
        found = _object(load(replies.body))
        metadata = _object(found.get("metadata") or found)
        state = str(metadata.get("state")).removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
        if state not in ENDED_GEMINI:
            return None
        results: dict[str, Response | ModelError] = {}
        for row in _inside(found):
            about = row.get("metadata") if isinstance(row, Mapping) else None
            key = about.get("key") if isinstance(about, Mapping) else None
            if isinstance(key, str) and key in keys and not isinstance(results.get(key), Response):
                results[key] = self._result(row)
        if not results and found.get("error"):
            return dict.fromkeys(keys, gemini_error(found["error"]))
        return results

    def _result(self, row: Mapping[str, Any]) -> Response | ModelError:
        try:
            if (response := row.get("response")) is not None:
                return self.model.response(response)
            if error := row.get("error"):
                return gemini_error(error)
            return fault("has no response", row)
        except ModelError as error:
            return error


def gemini_error(error: Any) -> ModelError:
    """An error inside a job, with a canonical code of google.rpc or that of HTTP."""
    code = error.get("code") if isinstance(error, Mapping) else None
    canonical = {3: 400, 5: 404, 7: 403, 8: 429, 9: 400, 11: 400, 16: 401}
    return classify(of_row(canonical.get(code, code) if isinstance(code, int) else 500), error, said_of(error))


def of_row(status: Any) -> int:
    """The status of one request of a job. The job itself was taken with this key and this model, so what is not found
    or not permitted is the row's own, such as its file; codes that say otherwise are believed all the same."""
    if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status < 600:
        return 500
    return 400 if status in (403, 404) else status


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a file that ends them with line feeds, and with nothing else. A line beyond the bound is dropped."""
    kept: list[bytes] = []
    size = 0
    async for piece in pieces:
        first, *more = piece.split(b"\n")
        kept.append(first)
        size += len(first)
        if size > LINE_BYTES:
            kept.clear()
        for line in more:
            if kept and (whole := b"".join(kept).strip()):
                yield whole
            kept, size = [line], len(line)
    if kept and (whole := b"".join(kept).strip()):
        yield whole


def _inside(found: Mapping[str, Any]) -> list[Any]:
    """The results in a job, wherever the API's version has them."""
    metadata = found.get("metadata")
    outputs = [metadata.get("output") if isinstance(metadata, Mapping) else None, found.get("response")]
    outputs += [found.get("dest"), found.get("output")]
    for output in outputs:
        rows = output.get("inlinedResponses") if isinstance(output, Mapping) else None
        rows = rows.get("inlinedResponses") if isinstance(rows, Mapping) else rows
        if isinstance(rows, list):
            return rows
    return []


def refused_job(job: Mapping[str, Any], keys: Collection[str]) -> dict[str, Response | ModelError]:
    """What a job that failed as a whole means for its requests: a line that is named is to blame, and the others are
    asked again in the next job; what is said of no line is of all."""
    errors = job.get("errors")
    data = errors.get("data") if isinstance(errors, Mapping) else None
    found: dict[str, Response | ModelError] = {}
    order = list(keys)
    for one in data if isinstance(data, list) else []:
        if not isinstance(one, Mapping):
            continue
        meaning, line = classify(400, one, said_of(one)), one.get("line")
        if isinstance(line, int) and not isinstance(line, bool) and 1 <= line <= len(order):
            found[order[line - 1]] = meaning
        elif isinstance(meaning, Misconfigured):
            return dict.fromkeys(order, meaning)
    return found


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise fault("is no object", value)
    return value


def _list(value: Any, name: str) -> list[Any]:
    found = _object(value).get(name)
    return found if isinstance(found, list) else []


def _id(value: Any, name: str = "id") -> str:
    found = _object(value).get(name)
    if not isinstance(found, str) or not found or len(found) > 500 or whole_text(found) != found:
        raise fault("names nothing", value)
    return found

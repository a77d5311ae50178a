"""OpenAI's batch API, as `layers.batch.Batches`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from asid.pipeline.models.base import Misconfigured, ModelError, Request, Response, Transient, Unreadable
from asid.pipeline.models.faults import classify, said_of
from asid.pipeline.models.layers.batch import Results
from asid.pipeline.models.providers.jobs import PAGES, lines_of, of_row, the_id, the_list, the_object
from asid.pipeline.models.providers.openai.client import OpenAIModel
from asid.pipeline.models.replies import fault, load, shown, whole_text

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
GOING = frozenset({"validating", "in_progress", "finalizing", "cancelling"})


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
            file = the_id(load(sent.content))
            raw = await client.batches.with_raw_response.create(
                input_file_id=file,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"asid": token},
            )
        except openai.OpenAIError as error:
            raise self.model.meaning(error) from None
        return the_id(load(raw.content))

    async def find(self, token: str) -> str:
        after: Any = openai.omit
        for _ in range(PAGES):
            try:
                raw = await self.model.client.batches.with_raw_response.list(limit=100, after=after)
            except openai.OpenAIError as error:
                raise self.model.meaning(error) from None
            page = load(raw.content)
            jobs = [
                job for job in the_list(page, "data") if isinstance(job, Mapping) and isinstance(job.get("id"), str)
            ]
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
            found = the_object(load(raw.content))
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
            row = the_object(load(self.model.key.clean(line.decode("utf-8", "replace"))))
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

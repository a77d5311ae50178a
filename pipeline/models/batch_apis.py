"""The batch APIs of OpenAI and Gemini, as `batch.Batches`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
from google.genai import errors, types
from openai.types.chat import ChatCompletion

from asid.pipeline.models.base import BadRequest, ModelError, Request, Response, Transient
from asid.pipeline.models.batch import Results
from asid.pipeline.models.gemini import GeminiModel, generation
from asid.pipeline.models.openai import OpenAIModel, classify

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
ENDED_GEMINI = frozenset(
    {"JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"}
    | {"JOB_STATE_PARTIALLY_SUCCEEDED"}
)


@dataclass
class OpenAIBatches:
    """OpenAI's: a file of requests in, files of results and errors out."""

    model: OpenAIModel
    most: int = 10_000

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        lines = []
        for key, request in requests.items():
            body = await self.model.body(request) | request.settings.get("extra", {})
            lines.append({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body})
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            file = await self.model.client.files.create(file=(f"{token}.jsonl", data), purpose="batch")
            job = await self.model.client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"asid": token},
            )
        except openai.OpenAIError as error:
            raise classify(error, self.model.key.clean(str(error))) from None
        return job.id

    async def find(self, token: str) -> str:
        try:
            async for job in self.model.client.batches.list(limit=100):
                if (job.metadata or {}).get("asid") == token:
                    return job.id
        except openai.OpenAIError as error:
            raise classify(error, self.model.key.clean(str(error))) from None
        return ""

    async def collect(self, job: str) -> Results | None:
        results: dict[str, Response | ModelError] = {}
        try:
            found = await self.model.client.batches.retrieve(job)
            if found.status not in ENDED:
                return None
            for file in filter(None, (found.output_file_id, found.error_file_id)):
                content = await self.model.client.files.content(file)
                for line in content.text.splitlines():
                    row = json.loads(line)
                    results[row["custom_id"]] = self._result(row)
        except openai.OpenAIError as error:
            raise classify(error, self.model.key.clean(str(error))) from None
        return results

    def _result(self, row: dict[str, Any]) -> Response | ModelError:
        answer = row.get("response") or {}
        status = answer.get("status_code", 500)
        if status == 200:
            return self.model.response(ChatCompletion.model_validate(answer["body"]), {})
        said = json.dumps(row.get("error") or answer.get("body"))[:500]
        retry = status >= 500 or status in (408, 409, 429)
        return Transient(said) if retry else BadRequest(said)


@dataclass
class GeminiBatches:
    """Gemini's: requests inside the job, with their media uploaded before it."""

    model: GeminiModel
    most: int = 1_000

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str:
        inside = []
        for key, request in requests.items():
            uploaded = request.model_copy(update={"settings": {**request.settings, "inline_bytes": 0}})
            content = await self.model.content(uploaded)
            inside.append(types.InlinedRequest(contents=[content], metadata={"key": key}, config=generation(request)))
        try:
            job = await self.model.client.aio.batches.create(
                model=self.model.config.model, src=inside, config={"display_name": token}
            )
        except (errors.APIError, httpx2.HTTPError) as error:
            raise self.model.meaning(error) from None
        return job.name or ""

    async def find(self, token: str) -> str:
        try:
            async for job in await self.model.client.aio.batches.list(config={"page_size": 100}):
                if job.display_name == token:
                    return job.name or ""
        except (errors.APIError, httpx2.HTTPError) as error:
            raise self.model.meaning(error) from None
        return ""

    async def collect(self, job: str) -> Results | None:
        try:
            found = await self.model.client.aio.batches.get(name=job)
        except (errors.APIError, httpx2.HTTPError) as error:
            raise self.model.meaning(error) from None
        if found.state is None or found.state.name not in ENDED_GEMINI:
            return None
        results: dict[str, Response | ModelError] = {}
        for row in (found.dest.inlined_responses if found.dest else None) or []:
            results[(row.metadata or {}).get("key", "")] = self._result(row)
        return results

    def _result(self, row: types.InlinedResponse) -> Response | ModelError:
        if row.response is not None:
            try:
                return self.model.response(row.response)
            except Transient as error:
                return error
        code = row.error.code if row.error and row.error.code else 13
        said = (row.error.message if row.error else None) or "no answer"
        return BadRequest(said) if code in (3, 5, 9, 11) else Transient(said)  # canonical codes of google.rpc

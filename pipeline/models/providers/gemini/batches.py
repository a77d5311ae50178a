"""Gemini's batch API, as `layers.batch.Batches`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.genai import types

from asid.pipeline.models.base import ModelError, Request, Response
from asid.pipeline.models.faults import classify, said_of
from asid.pipeline.models.layers.batch import Results
from asid.pipeline.models.providers.gemini.client import FAULTS, GeminiModel, generation
from asid.pipeline.models.providers.jobs import PAGES, of_row, the_id, the_list, the_object
from asid.pipeline.models.replies import fault, load
from asid.pipeline.models.wire import taken

ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED"})


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
        return the_id(load(replies.body), "name")

    async def find(self, token: str) -> str:
        page = ""
        for _ in range(PAGES):
            try:
                with taken() as replies:
                    await self.model.client.aio.batches.list(config={"page_size": 100, "page_token": page or None})
            except FAULTS as error:
                raise self.model.meaning(error) from None
            told = the_object(load(replies.body))
            for job in [*the_list(told, "operations"), *the_list(told, "batches")]:
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
        found = the_object(load(replies.body))
        metadata = the_object(found.get("metadata") or found)
        state = str(metadata.get("state")).removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
        if state not in ENDED:
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

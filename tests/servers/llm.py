"""A model server on loopback that speaks the chat API of OpenAI and the Gemini API, and goes wrong on demand.

Faults are shares of calls, drawn with a seed in the order of arrival. The server counts what it answered by the hash of
the whole question, so that a test can see what was paid for twice.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]


def hello(prompt: str, schema: Json | None) -> str:
    """An answer when the test does not care: an object with every required string, or a sentence."""
    if schema is None:
        return "At 0s, a person waits."
    return json.dumps(dict.fromkeys(schema.get("properties", {}), "x"))


@dataclass
class Behaviour:
    """How the server answers. Faults are shares of calls between 0 and 1, or exact fates by call number in `plan`."""

    answer: Callable[[str, Json | None], str] = hello
    latency: float = 0.0
    limit: float = 0.0  # 429
    error: float = 0.0  # 500
    hang: float = 0.0  # seconds of `hang_for` without a word, then the connection is dropped
    cut: float = 0.0  # half a body, then the connection is dropped
    malformed: float = 0.0  # an answer that is not JSON
    truncated: float = 0.0  # finish by length
    refusal: float = 0.0
    plan: tuple[str, ...] = ()  # fates of the first calls, by name; "" answers
    retry_after: float | None = None
    hang_for: float = 3600.0
    concurrency: int = 0  # calls beyond it get 429; 0 for no cap
    per_minute: int = 0  # calls beyond it within any 60 s get 429; 0 for no cap
    say_limits: bool = False  # rate-limit headers
    key: str = ""  # the only key it accepts
    models: tuple[str, ...] = ("tiny",)
    polls: int = 1  # of an uploaded file before it is ready
    cache_error: int = 0  # HTTP status with which explicit caches are refused
    cache_tokens: int = 9000  # that an explicit cache has
    cache_uses: int = 1 << 30  # of each explicit cache before it is gone
    seed: int = 0


@dataclass
class Seen:
    """What reached the server."""

    calls: int = 0
    answered: Counter[str] = field(default_factory=Counter)  # by hash of the question
    attributes: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    bodies: list[Json] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # of answers, monotonic
    refused_times: list[float] = field(default_factory=list)
    uploads: int = 0
    caches: list[Json] = field(default_factory=list)  # bodies of explicit caches
    caches_deleted: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    most_at_once: int = 0

    @property
    def answers(self) -> int:
        return sum(self.answered.values())

    @property
    def paid_twice(self) -> int:
        return sum(count - 1 for count in self.answered.values())


class LlmServer:
    """`with LlmServer(Behaviour(…)) as server:` runs it in a thread of its own, on a free port."""

    def __init__(self, behaviour: Behaviour | None = None, keep_bodies: bool = True, gemini_batches: bool = False):
        self.gemini_batches = gemini_batches
        self.behaviour = behaviour or Behaviour()
        self.keep_bodies = keep_bodies
        self.seen = Seen()
        self.random = random.Random(self.behaviour.seed)
        self.busy = 0
        self.recent: deque[float] = deque()
        self.files: dict[str, int] = {}
        self.uploads = itertools.count()
        self.batch_files: dict[str, bytes] = {}
        self.jobs: dict[str, Json] = {}
        self.cached: dict[str, int] = {}  # explicit caches, and how often each was used
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> LlmServer:
        self.thread.start()
        assert self.ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/audio/transcriptions", self._hear)
        app.router.add_post("/{version:v1(?:beta)?}/models/{call}", self._generate)
        app.router.add_get("/{version:v1(?:beta)?}/models/{name}", self._model)
        app.router.add_post("/{version}/cachedContents", self._cache)
        app.router.add_delete("/{version}/cachedContents/{name}", self._uncache)
        app.router.add_post("/upload/{version}/files", self._start_upload)
        app.router.add_post("/upload/session/{name}", self._upload)
        app.router.add_get("/{version}/files/{name}", self._file)
        app.router.add_delete("/{version}/files/{name}", self._delete)
        app.router.add_post("/v1/files", self._batch_file)
        app.router.add_get("/v1/files/{name}/content", self._batch_output)
        app.router.add_post("/v1/batches", self._batch)
        ours = self.gemini_batches  # both APIs have the same paths
        listing, state = (
            (self._gemini_batch_list, self._gemini_batch_state) if ours else (self._batch_list, self._batch_state)
        )
        app.router.add_get("/{version:v1(?:beta)?}/batches", listing)
        app.router.add_get("/{version:v1(?:beta)?}/batches/{name}", state)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self.loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        self.ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    # --- fates ---------------------------------------------------------------------------------------------------

    def _fate(self) -> str:
        plan, number = self.behaviour.plan, self.seen.calls
        if number < len(plan):
            return plan[number]
        chance = self.random.random()
        for name in ("limit", "error", "hang", "cut", "malformed", "truncated", "refusal"):
            chance -= getattr(self.behaviour, name)
            if chance < 0:
                return name
        return ""

    def _over(self) -> float | None:
        """Seconds until a slot is free when a cap is met, else None."""
        behaviour, now = self.behaviour, time.monotonic()
        while self.recent and self.recent[0] <= now - 60:
            self.recent.popleft()
        if behaviour.concurrency and self.busy >= behaviour.concurrency:
            return 0.0
        if behaviour.per_minute and len(self.recent) >= behaviour.per_minute:
            return self.recent[0] + 60 - now
        return None

    async def _fated(self, request: web.Request, body: Json, shape: type[Shape]) -> web.StreamResponse:
        behaviour, seen = self.behaviour, self.seen
        fate = self._fate()
        seen.calls += 1
        if self.keep_bodies:
            seen.bodies.append(body)
        if (wait := self._over()) is not None:
            fate = "limit"
        seen.fates[fate] += 1
        headers = self._headers()
        if fate == "limit":
            seen.refused_times.append(time.monotonic())
            seconds = wait if wait else behaviour.retry_after
            return shape.error(429, "slow down", seconds, headers)
        self.recent.append(time.monotonic())
        headers = self._headers()
        self.busy += 1
        seen.most_at_once = max(seen.most_at_once, self.busy)
        try:
            await asyncio.sleep(behaviour.hang_for if fate == "hang" else behaviour.latency)
        finally:
            self.busy -= 1
        if fate == "error":
            return shape.error(500, "out of order", None, headers)
        if fate in ("hang", "cut"):
            response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
            with contextlib.suppress(ConnectionError):  # the client has given up by now
                await response.prepare(request)
                await response.write(b'{"half":')
            if request.transport is not None:
                request.transport.close()
            return response
        prompt, schema = shape.question(body)
        text = behaviour.answer(prompt, schema)
        if fate == "malformed":
            text = text[: max(1, len(text) * 2 // 3)].rstrip("}") if schema else ""
        if fate == "refusal":
            text = ""
        if fate == "truncated":
            text = text[: len(text) // 2]
        seen.answered[hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()] += 1
        seen.times.append(time.monotonic())
        return web.json_response(shape.answer(text, fate, prompt), headers=headers)

    def _headers(self) -> dict[str, str]:
        behaviour = self.behaviour
        if not (behaviour.say_limits and behaviour.per_minute):
            return {}
        left = max(0, behaviour.per_minute - len(self.recent))
        reset = self.recent[0] + 60 - time.monotonic() if self.recent else 0.0
        return {
            "x-ratelimit-limit-requests": str(behaviour.per_minute),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": f"{max(0.0, reset):.3f}s",
        }

    # --- OpenAI --------------------------------------------------------------------------------------------------

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if self.behaviour.key and request.headers.get("Authorization") != f"Bearer {self.behaviour.key}":
            said = f"Incorrect API key provided: {request.headers.get('Authorization', '').removeprefix('Bearer ')}"
            return OpenAIShape.error(401, said, None, {})
        body = await request.json()
        if body["model"] not in self.behaviour.models:
            return OpenAIShape.error(404, f"no model {body['model']}", None, {})
        return await self._fated(request, body, OpenAIShape)

    async def _models(self, request: web.Request) -> web.Response:
        if self.behaviour.key and request.headers.get("Authorization") != f"Bearer {self.behaviour.key}":
            return OpenAIShape.error(401, "bad key", None, {})
        rows = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in self.behaviour.models]
        return web.json_response({"object": "list", "data": rows})

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        return OpenAIShape.error(404, "no ears", None, {})

    # --- batches -------------------------------------------------------------------------------------------------
    # A job has ended at its second look. Faults of `plan` befall its requests one after the other.

    async def _batch_file(self, request: web.Request) -> web.Response:
        form = await request.post()
        field_ = form["file"]
        assert isinstance(field_, web.FileField)
        self.batch_files[f"file-{len(self.batch_files)}"] = field_.file.read()
        told = {"id": f"file-{len(self.batch_files) - 1}", "object": "file", "bytes": 1, "created_at": 1}
        return web.json_response(told | {"filename": "b.jsonl", "purpose": "batch"})

    async def _batch_output(self, request: web.Request) -> web.Response:
        return web.Response(body=self.batch_files[request.match_info["name"]])

    async def _batch(self, request: web.Request) -> web.Response:
        body = await request.json()
        rows = [json.loads(line) for line in self.batch_files[body["input_file_id"]].splitlines()]
        good, bad = [], []
        for row in rows:
            fate = self._batch_fate()
            if fate in ("limit", "error"):
                answer = {"status_code": 429 if fate == "limit" else 500, "body": {"error": {"message": fate}}}
                bad.append({"custom_id": row["custom_id"], "response": answer, "error": None})
            else:
                answer = {"status_code": 200, "body": self._batch_answer(row["body"], fate, OpenAIShape)}
                good.append({"custom_id": row["custom_id"], "response": answer, "error": None})
        name = f"batch_{len(self.jobs)}"
        for kind, found in (("output", good), ("error", bad)):
            self.batch_files[f"{name}-{kind}"] = "".join(json.dumps(row) + "\n" for row in found).encode()
        self.jobs[name] = {
            "id": name, "object": "batch", "endpoint": body["endpoint"], "input_file_id": body["input_file_id"],
            "completion_window": "24h", "created_at": 1, "metadata": body.get("metadata"), "looks": 0,
            "output_file_id": f"{name}-output" if good else None, "error_file_id": f"{name}-error" if bad else None,
        }  # fmt: skip
        return web.json_response(self._batch_told(name))

    def _batch_fate(self) -> str:
        fate = self._fate()
        self.seen.calls += 1
        self.seen.fates[fate] += 1
        return fate

    def _batch_answer(self, body: Json, fate: str, shape: type[Shape]) -> Json:
        prompt, schema = shape.question(body)
        self.seen.answered[hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()] += 1
        text = "" if fate == "refusal" else self.behaviour.answer(prompt, schema)
        return shape.answer(text, fate, prompt)

    def _batch_told(self, name: str) -> Json:
        job = self.jobs[name]
        told = {key: value for key, value in job.items() if key != "looks"}
        return told | {"status": "completed" if job["looks"] >= self.behaviour.polls else "in_progress"}

    async def _batch_state(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.jobs[name]["looks"] += 1
        return web.json_response(self._batch_told(name))

    async def _batch_list(self, request: web.Request) -> web.Response:
        found = [self._batch_told(name) for name in self.jobs]
        return web.json_response({"object": "list", "data": found, "has_more": False})

    def _gemini_batch(self, body: Json) -> web.Response:
        batch = body["batch"]
        rows = []
        inside = batch["inputConfig"]["requests"]["requests"]
        for row in inside:
            fate = self._batch_fate()
            told: Json = {"metadata": row["metadata"]}
            if fate in ("limit", "error"):
                told["error"] = {"code": 8 if fate == "limit" else 13, "message": fate}
            else:
                told["response"] = self._batch_answer(row["request"], fate, GeminiShape)
            rows.append(told)
        name = f"batches/{len(self.jobs)}"
        self.jobs[name] = {"looks": 0, "rows": rows, "displayName": batch.get("displayName")}
        return web.json_response(self._gemini_batch_told(name))

    def _gemini_batch_told(self, name: str) -> Json:
        job = self.jobs[name]
        ended = job["looks"] >= self.behaviour.polls
        state = "BATCH_STATE_SUCCEEDED" if ended else "BATCH_STATE_RUNNING"
        metadata: Json = {"name": name, "state": state, "displayName": job["displayName"]}
        if ended:
            metadata["output"] = {"inlinedResponses": {"inlinedResponses": job["rows"]}}
        return {"name": name, "metadata": metadata, "done": ended}

    async def _gemini_batch_state(self, request: web.Request) -> web.Response:
        name = f"batches/{request.match_info['name']}"
        self.jobs[name]["looks"] += 1
        return web.json_response(self._gemini_batch_told(name))

    async def _gemini_batch_list(self, request: web.Request) -> web.Response:
        return web.json_response({"operations": [self._gemini_batch_told(name) for name in self.jobs]})

    # --- Gemini --------------------------------------------------------------------------------------------------

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        name, _, verb = request.match_info["call"].partition(":")
        if verb == "batchGenerateContent":
            return self._gemini_batch(await request.json())
        if self.behaviour.key and request.headers.get("x-goog-api-key") != self.behaviour.key:
            return GeminiShape.error(400, "API key not valid", None, {}, reason="API_KEY_INVALID")
        if name not in self.behaviour.models:
            return GeminiShape.error(404, f"no model {name}", None, {})
        body = await request.json()
        stored = body.get("cachedContent")
        if stored is None:
            return await self._fated(request, body, GeminiShape)
        if self.cached.get(stored, self.behaviour.cache_uses) >= self.behaviour.cache_uses:
            return GeminiShape.error(403, "CachedContent not found (or permission denied)", None, {})
        self.cached[stored] += 1
        reply = await self._fated(request, body, GeminiShape)
        if isinstance(reply, web.Response) and reply.status == 200 and reply.text:
            told = json.loads(reply.text)
            told["usageMetadata"]["cachedContentTokenCount"] = self.behaviour.cache_tokens
            told["usageMetadata"]["promptTokenCount"] += self.behaviour.cache_tokens
            return web.json_response(told)
        return reply

    async def _cache(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.behaviour.cache_error:
            return GeminiShape.error(self.behaviour.cache_error, "no cache", None, {})
        name = f"cachedContents/c{len(self.seen.caches)}"
        self.seen.caches.append(body)
        self.cached[name] = 0
        return web.json_response({"name": name, "model": body["model"],
                                  "usageMetadata": {"totalTokenCount": self.behaviour.cache_tokens}})  # fmt: skip

    async def _uncache(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.cached.pop(f"cachedContents/{name}", None)
        self.seen.caches_deleted.append(name)
        return web.json_response({})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.behaviour.models:
            return GeminiShape.error(404, f"no model {name}", None, {})
        return web.json_response({"name": f"models/{name}"})

    async def _start_upload(self, request: web.Request) -> web.Response:
        name = f"f{next(self.uploads)}"  # its own from the start: several files come at once
        address = f"http://{request.host}/upload/session/{name}"
        return web.json_response({}, headers={"X-Goog-Upload-Url": address, "X-Goog-Upload-Status": "active"})

    async def _upload(self, request: web.Request) -> web.Response:
        data, name = await request.read(), request.match_info["name"]
        self.seen.uploads += 1
        self.files[name] = self.behaviour.polls
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        told = {"file": {**self._told(name), "sizeBytes": str(len(data)), "sha256Hash": digest}}
        return web.json_response(told, headers={"X-Goog-Upload-Status": "final"})

    def _told(self, name: str) -> Json:
        state = "ACTIVE" if self.files[name] <= 0 else "PROCESSING"
        return {
            "name": f"files/{name}",
            "uri": f"{self.url}/v1beta/files/{name}",
            "mimeType": "video/mp4",
            "state": state,
        }

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.files[name] -= 1
        return web.json_response(self._told(name))

    async def _delete(self, request: web.Request) -> web.Response:
        self.seen.deleted.append(request.match_info["name"])
        return web.json_response({})


class Shape:
    """How one API words things."""

    @staticmethod
    def question(body: Json) -> tuple[str, Json | None]:
        raise NotImplementedError

    @staticmethod
    def answer(text: str, fate: str, prompt: str) -> Json:
        raise NotImplementedError

    @staticmethod
    def error(status: int, said: str, retry_after: float | None, headers: dict[str, str]) -> web.Response:
        raise NotImplementedError


class OpenAIShape(Shape):
    @staticmethod
    def question(body: Json) -> tuple[str, Json | None]:
        content = body["messages"][-1]["content"]
        prompt = content if isinstance(content, str) else content[-1]["text"]
        form = body.get("response_format") or {}
        return prompt, form.get("json_schema", {}).get("schema")

    @staticmethod
    def answer(text: str, fate: str, prompt: str) -> Json:
        message: Json = {"role": "assistant", "content": text}
        if fate == "refusal":
            message |= {"content": None, "refusal": "I can't help with that."}
        choice = {"index": 0, "finish_reason": "length" if fate == "truncated" else "stop", "message": message}
        inputs, outputs = len(prompt) // 4, len(text) // 4
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": "tiny-2026-01", "choices": [choice],
            "usage": {
                "prompt_tokens": inputs, "completion_tokens": outputs + 3, "total_tokens": inputs + outputs + 3,
                "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 1},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
        }  # fmt: skip

    @staticmethod
    def error(status: int, said: str, retry_after: float | None, headers: dict[str, str]) -> web.Response:
        extra = {} if retry_after is None else {"Retry-After": f"{retry_after:.3f}"}
        body = {"error": {"message": said, "type": "x", "code": None}}
        return web.json_response(body, status=status, headers={**headers, **extra})


class GeminiShape(Shape):
    @staticmethod
    def question(body: Json) -> tuple[str, Json | None]:
        contents = body["contents"]
        parts = contents[-1]["parts"] if isinstance(contents, list) else contents["parts"]
        return parts[-1]["text"], body.get("generationConfig", {}).get("responseJsonSchema")

    @staticmethod
    def answer(text: str, fate: str, prompt: str) -> Json:
        usage = {
            "promptTokenCount": len(prompt) // 4 + 300, "candidatesTokenCount": len(text) // 4,
            "thoughtsTokenCount": 7, "cachedContentTokenCount": 5,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": len(prompt) // 4},
                {"modality": "VIDEO", "tokenCount": 260},
                {"modality": "AUDIO", "tokenCount": 40},
            ],
        }  # fmt: skip
        if fate == "refusal":
            return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}
        reason = "MAX_TOKENS" if fate == "truncated" else "STOP"
        parts = [{"text": "let me think", "thought": True}, {"text": text}]
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "tiny-2026-01"}

    @staticmethod
    def error(
        status: int, said: str, retry_after: float | None, headers: dict[str, str], reason: str = ""
    ) -> web.Response:
        details: list[Json] = []
        if retry_after is not None:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after:.3f}s"})
        if reason:
            details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
        body = {"error": {"code": status, "message": said, "status": "X", "details": details}}
        return web.json_response(body, status=status, headers=headers)

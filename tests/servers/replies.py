"""A server on loopback that sends what it is told to, byte for byte, to the official clients.

Which reply a question gets stands in its prompt: `shape 17` gets the seventeenth. With `once` a question gets it the
first time it is asked, and a good reply afterwards.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.servers.llm import LlmServer
from tests.servers.shapes import Reply

SHAPE = re.compile(r"shape (\d+)")


class RepliesServer(LlmServer):
    """Speaks the chat API and the Gemini API, batches included; `good` is the reply for questions without a shape."""

    def __init__(self, replies: Sequence[Reply], good: Any, once: bool, gemini: bool = False):
        super().__init__(gemini_batches=gemini)
        self.replies, self.good, self.once = replies, good, once
        self.asked: Counter[int] = Counter()

    def chosen(self, text: str) -> Reply | None:
        match = SHAPE.search(text)
        if match is None:
            return None
        number = int(match[1])
        self.asked[number] += 1
        return None if self.once and self.asked[number] > 1 else self.replies[number]

    async def _sent(self, request: web.Request) -> web.StreamResponse:
        reply = self.chosen(await request.text())
        if reply is None:
            return web.json_response(self.good)
        headers = {"Content-Type": "application/json"} | reply.headers
        if not reply.endless:
            return web.Response(body=reply.data, status=reply.status, headers=headers)
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(request)
        try:
            while True:
                await response.write(reply.data)
                await asyncio.sleep(0)
        except ConnectionError:
            return response

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request)

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["call"].endswith(":batchGenerateContent"):
            return self._gemini_batch(await request.json())
        return await self._sent(request)

    # --- batches: each reply that is JSON becomes a line of the results -------------------------------------------

    def line(self, key: str, text: str) -> bytes:
        """One line of OpenAI's results; a body that is no JSON stands there as it is."""
        reply = self.chosen(text)
        if reply is None:
            return json.dumps({"custom_id": key, "response": {"status_code": 200, "body": self.good}}).encode()
        if isinstance(reply.body, bytes) and reply.body.startswith(b"LINE"):
            return reply.body.removeprefix(b"LINE").replace(b"KEY", key.encode())
        head = f'{{"custom_id": "{key}", "error": null, "response": {{"status_code": {reply.status}, "body": '
        return head.encode() + reply.data + b"}}"

    async def _batch(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = f"batch_{len(self.jobs)}"
        lines = [json.loads(line) for line in self.batch_files[body["input_file_id"]].split(b"\n") if line]
        made = [self.line(line["custom_id"], json.dumps(line)) for line in lines]
        self.batch_files[f"{name}-output"] = b"\n".join(made) + b"\n"
        self.jobs[name] = {"id": name, "object": "batch", "metadata": body.get("metadata"), "looks": 0,
                           "output_file_id": f"{name}-output", "error_file_id": None}  # fmt: skip
        return web.json_response(self._batch_told(name))

    def _gemini_batch(self, body: Any) -> web.Response:
        rows = []
        for row in body["batch"]["inputConfig"]["requests"]["requests"]:
            reply = self.chosen(json.dumps(row))
            if reply is None:
                result: Any = {"response": self.good}
            elif isinstance(reply.body, dict) and "ROW" in reply.body:
                result = reply.body["ROW"]
            elif reply.status != 200 and isinstance(reply.body, dict) and isinstance(reply.body.get("error"), dict):
                result = {"error": reply.body["error"]}
            else:
                result = {"response": reply.body}
            rows.append({"metadata": row["metadata"], **result} if isinstance(result, dict) else result)
        name = f"batches/{len(self.jobs)}"
        self.jobs[name] = {"looks": 0, "rows": rows, "displayName": body["batch"].get("displayName")}
        return web.json_response(self._gemini_batch_told(name))

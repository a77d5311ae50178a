"""What the tests of models share."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from asid.pipeline.models.base import Model, Request, Response, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.storage import Storage

Result = TypeVar("Result")
ANSWERS = "run:audit/answers"


class Caption(BaseModel):
    model_config = ConfigDict(extra="forbid")

    caption: str


class Listed:
    """A model that gives listed answers, one after the other; an exception in the list is raised."""

    def __init__(self, *answers: Any, reads_facts: bool = False):
        self.answers = list(answers)
        self.reads_facts = reads_facts
        self.asked: list[Request] = []
        self.closed = False

    async def generate(self, request: Request) -> Response:
        self.asked.append(request)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(0)
        if isinstance(given, Exception):
            raise given
        if isinstance(given, Response):
            return given
        return response(given)

    async def close(self) -> None:
        self.closed = True


def response(text: str, **more: Any) -> Response:
    usage = more.pop("usage", Usage(input_tokens=100, output_tokens=10))
    return Response(text=text, model="listed-1", provider="openai", usage=usage, **more)


def request(prompt: str = "describe", **more: Any) -> Request:
    return Request(task=more.pop("task", "caption"), prompt=prompt, **more)


def replaying(provider: Model, **config: Any) -> Replaying:
    return Replaying(provider, "strong", ModelConfig(**{"provider": "openai", "model": "tiny", **config}))


def stored(root: Path | str, work: Callable[[], Awaitable[Result]], **options: Any) -> Result:
    """Run `work` with the answer store of shard 0000 around it, and close the store, as a worker does."""

    async def scene() -> Result:
        store = AnswerStore(Storage(root), ANSWERS, options.pop("shard", "0000"), **options)
        token = current_store.set(store)
        try:
            return await work()
        finally:
            current_store.reset(token)
            await store.close()

    return asyncio.run(scene())


@contextmanager
def bucket() -> Iterator[str]:
    """An empty bucket of a real S3 server on loopback, as the address of a run."""
    from moto.server import ThreadedMotoServer
    from pyarrow import fs

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    wanted = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        system = fs.S3FileSystem(
            endpoint_override=f"{host}:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
        )
        system.create_dir("runs")
        yield f"s3://runs/{uuid.uuid4().hex}"  # moto keeps its buckets for the process
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        server.stop()

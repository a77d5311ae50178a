"""HTTP clients for the providers' own clients: a request goes to no other host; a reply is bounded in bytes and in
time, is UTF-8, and holds no key.

They are real `httpx2` clients, so proxies, certificates and connection pools are those of the official clients.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx2

from asid.pipeline.models.secrets import forms

MIB = 1 << 20
REPLY_BYTES = 8 * MIB  # an answer of 100,000 tokens has half a MiB
RESULT_BYTES = 128 * MIB  # all answers of a batch in one reply
FILE_BYTES = 4096 * MIB  # of a file of results, which is read line by line
FILE_SECONDS = 3600.0
HOPS = 5  # redirects within one host
DROPPED = ("content-encoding", "content-length", "transfer-encoding")
ENCODINGS = "gzip, deflate"


class BadReply(httpx2.TransportError):
    """A reply that is not read: too large, too slow, from elsewhere, or not UTF-8."""


@dataclass
class ReplyBodies:
    """The bodies of the replies that came while it was open."""

    bodies: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return self.bodies[-1] if self.bodies else b""


_taken: ContextVar[ReplyBodies | None] = ContextVar("taken replies", default=None)


@contextmanager
def taken() -> Iterator[ReplyBodies]:
    """Take the bodies of good replies out from under an official client, which is given `{}` to parse. What it makes of
    an odd body (an exception of any type, a gigabyte of objects) is then nobody's trouble."""
    found = ReplyBodies()
    token = _taken.set(found)
    try:
        yield found
    finally:
        _taken.reset(token)


class GuardedClient(httpx2.AsyncClient):
    """`secret` is taken out of every reply, and `<hidden>` stands for it. `seconds`: for one whole exchange."""

    def __init__(self, seconds: float, secret: str = "", hidden: str = "key", **options: Any):
        super().__init__(timeout=seconds, follow_redirects=False, **options)
        self.seconds, self.secret, self.hidden = seconds, secret, hidden
        self.headers["Accept-Encoding"] = ENCODINGS

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:  # type: ignore[override]
        options["follow_redirects"] = False
        seconds = patience(request, self.seconds)
        try:
            async with asyncio.timeout(seconds):
                response = await self._sent(request, options)
                if stream and response.is_success:
                    return self._streamed(response)
                try:
                    body = await _read(response, most(request))
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise httpx2.ReadTimeout(f"no whole reply within {seconds:g} s", request=request) from error
        return reply(response, body, self.secret, self.hidden)

    async def _sent(self, request: httpx2.Request, options: dict[str, Any]) -> httpx2.Response:
        for _ in range(HOPS + 1):
            request.headers["Accept-Encoding"] = ENCODINGS
            response = await super().send(request, stream=True, **options)
            if response.next_request is None:
                return response
            await response.aclose()
            check_hop(request.url, response.next_request.url, request)
            request = response.next_request
        raise BadReply(f"more than {HOPS} redirects", request=request)

    def _streamed(self, response: httpx2.Response) -> httpx2.Response:
        return httpx2.Response(
            response.status_code, headers=kept_headers(response), stream=_Stream(response), request=response.request
        )


class GuardedSyncClient(httpx2.Client):
    """The same for clients that block. `seconds` are looked at between two pieces of a reply."""

    def __init__(self, seconds: float, secret: str = "", hidden: str = "key", **options: Any):
        super().__init__(timeout=seconds, follow_redirects=False, **options)
        self.seconds, self.secret, self.hidden = seconds, secret, hidden

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:  # type: ignore[override]
        options["follow_redirects"] = False
        until = time.monotonic() + self.seconds
        for _ in range(HOPS + 1):
            request.headers["Accept-Encoding"] = ENCODINGS
            response = super().send(request, stream=True, **options)
            try:
                if response.next_request is None:
                    gauge = Gauge(response, most(request), until)
                    body = b"".join(part for raw in response.iter_raw() for part in gauge.decode(raw))
                    return reply(response, body + gauge.rest(), self.secret, self.hidden)
            finally:
                response.close()
            check_hop(request.url, response.next_request.url, request)
            request = response.next_request
        raise BadReply(f"more than {HOPS} redirects", request=request)


class Gauge:
    """Unpacks a reply piece by piece, and stops it at its bounds: a megabyte can unpack to a gigabyte."""

    def __init__(self, response: httpx2.Response, bound: int, until: float):
        self.request, self.bound, self.until = response.request, bound, until
        self.count = 0
        packed = [word.strip().lower() for word in response.headers.get("content-encoding", "").split(",")]
        packed = [word for word in packed if word not in ("", "identity")]
        if len(packed) > 1 or any(word not in ("gzip", "x-gzip", "deflate") for word in packed):
            raise BadReply(f"a reply packed as {', '.join(packed)[:80]}", request=self.request)
        self.packer = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None

    def decode(self, raw: bytes) -> Iterator[bytes]:
        if time.monotonic() > self.until:
            raise httpx2.ReadTimeout("no whole reply in time", request=self.request)
        while self.packer and raw:
            try:
                piece = self.packer.decompress(raw, MIB)
            except zlib.error as error:
                raise BadReply(f"a reply that cannot be unpacked: {error}", request=self.request) from error
            yield self._counted(piece)
            if self.packer.eof:
                return
            raw = self.packer.unconsumed_tail
        if raw:
            yield self._counted(raw)

    def rest(self) -> bytes:
        """Call at the end: half of a packed reply is none."""
        if self.packer and not self.packer.eof:
            raise BadReply("a packed reply that breaks off", request=self.request)
        return b""

    def _counted(self, piece: bytes) -> bytes:
        self.count += len(piece)
        if self.count > self.bound:
            raise BadReply(f"a reply of more than {self.bound / MIB:.0f} MiB", request=self.request)
        return piece


class _Stream(httpx2.AsyncByteStream):
    """The body of a file as it comes, within the bounds of a file."""

    def __init__(self, response: httpx2.Response):
        self.response = response
        self.gauge = Gauge(response, FILE_BYTES, time.monotonic() + FILE_SECONDS)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for raw in self.response.aiter_raw():
            for piece in self.gauge.decode(raw):
                yield piece
        self.gauge.rest()

    async def aclose(self) -> None:
        await self.response.aclose()


async def _read(response: httpx2.Response, bound: int) -> bytes:
    gauge = Gauge(response, bound, float("inf"))
    pieces: list[bytes] = []
    async for raw in response.aiter_raw():
        pieces.extend(gauge.decode(raw))
    return b"".join(pieces) + gauge.rest()


def most(request: httpx2.Request) -> int:
    """Bytes that the reply to a request may have. Results of a batch may come inside the reply that asks for them."""
    return RESULT_BYTES if request.method == "GET" and "/batches" in request.url.path else REPLY_BYTES


def patience(request: httpx2.Request, seconds: float) -> float:
    """Seconds that one exchange may take. Files and whole batches go up and come down at the pace of the line."""
    bulky = any(part in request.url.path for part in ("/files", "/upload", "/batches", ":batch"))
    return max(seconds, FILE_SECONDS) if bulky else seconds


def check_hop(here: httpx2.URL, there: httpx2.URL, request: httpx2.Request) -> None:
    """A redirect may change the path, or http to https; never the host: prompts, media and keys go where the manifest
    says."""
    same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
    safer = (here.scheme, there.scheme) == ("http", "https") and here.host == there.host
    if not same and not (safer and (here.port, there.port) == (None, None)):
        raise BadReply(f"a redirect to another host, {there.host}:{there.port or there.scheme}", request=request)


def kept_headers(response: httpx2.Response) -> list[tuple[str, str]]:
    """Give the headers of a reply that still hold once its body is decoded."""
    return [(name, value) for name, value in response.headers.multi_items() if name.lower() not in DROPPED]


def reply(response: httpx2.Response, body: bytes, secret: str, hidden: str) -> httpx2.Response:
    """A whole reply, for an official client to parse: UTF-8, and without the key that was sent."""
    for form in forms(secret):
        body = body.replace(form, f"<{hidden}>".encode())
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if response.is_success:
            said = body[:200].decode("utf-8", "replace")
            raise BadReply(f"a reply that is not UTF-8 ({error.reason}): {said}", request=response.request) from error
        body = body.decode("utf-8", "replace").encode()
    if not response.is_success:
        body = error_body(body)
    found = _taken.get()
    if found is not None and response.is_success:
        found.bodies.append(body)
        body = b"{}"
    headers = [pair for pair in kept_headers(response) if pair[0].lower() != "content-type"]
    headers.append(("content-type", "application/json; charset=utf-8"))
    return httpx2.Response(response.status_code, headers=headers, content=body, request=response.request)


def error_body(body: bytes) -> bytes:
    """The body of an error as the official clients can take it: one nested without end would end as an exception."""
    try:
        json.loads(body)
    except RecursionError:
        return json.dumps({"error": {"message": body[:200].decode("utf-8", "replace")}}).encode()
    except ValueError:
        pass
    return body

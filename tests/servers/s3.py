"""Enough of S3 on loopback for pyarrow's client: buckets are folders below a root. Reads, also by range, lists in
pages, writes whole or in parts, deletes; and, when told to, turns requests away and reads slowly."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

PAGE = 100  # keys in one answer


@dataclass
class Faults:
    """What goes wrong: shares of all requests. `seen` counts what did."""

    busy: float = 0.0  # answered 503
    slow: float = 0.0  # of reads, sent in drips
    seconds: float = 0.5  # that a slow read takes
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    seen: Counter[str] = field(default_factory=Counter)

    def strikes(self, what: str, share: float) -> bool:
        struck = self.chance.random() < share
        self.seen[what] += struck
        return struck


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    parts: Path  # of uploads under way; on the disk of `root`, but beside it
    faults: Faults
    uploads = itertools.count()

    def _target(self) -> tuple[Path, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return self.root / unquote(parts.path).lstrip("/"), parse_qs(parts.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes = b"", head: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def _xml(self, body: str, status: int = 200) -> None:
        self._answer(status, f'<?xml version="1.0"?>{body}'.encode(), Content_Type="application/xml")

    def _busy(self, head: bool = False) -> bool:
        """Turn this request away, perhaps."""
        if self.faults.strikes("busy", self.faults.busy):
            body = b"" if head else b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
            self._answer(503, body, head, Content_Type="application/xml")
            return True
        return False

    def do_HEAD(self) -> None:
        target, _ = self._target()
        if self._busy(head=True):
            return
        bucket = target.parent == self.root and target.is_dir()
        if not bucket and not target.is_file():
            self._answer(404, head=True)
        else:
            size = 0 if bucket else target.stat().st_size
            when = "Mon, 01 Jan 2024 00:00:00 GMT"
            self._answer(200, head=True, Content_Length=str(size), Last_Modified=when, ETag='"x"')

    def do_GET(self) -> None:
        target, query = self._target()
        if self._busy():
            return
        if "list-type" in query:
            self._xml(self._listing(target, query))
            return
        try:
            data = target.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            self._xml("<Error><Code>NoSuchKey</Code></Error>", 404)
            return
        status, headers = 200, {"ETag": '"x"'}
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
            headers["Content_Range"] = f"bytes {first}-{last}/{len(data)}"
            status, data = 206, data[first : last + 1]
        if not self.faults.strikes("slow", self.faults.slow):
            self._answer(status, data, **headers)
            return
        self._answer(status, head=True, Content_Length=str(len(data)), **headers)
        step = max(1, len(data) // 10)
        for start in range(0, len(data), step):
            time.sleep(self.faults.seconds / 10)
            self.wfile.write(data[start : start + step])
            self.wfile.flush()

    def do_PUT(self) -> None:
        target, query = self._target()
        body = self._body()
        if self._busy():
            return
        if self.path.split("?")[0].endswith("/"):  # what stands for an empty folder
            target.mkdir(parents=True, exist_ok=True)
        elif "uploadId" in query:
            (self.parts / query["uploadId"][0] / f"{int(query['partNumber'][0]):05d}").write_bytes(body)
        else:
            self._place(target, [body])
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_POST(self) -> None:
        target, query = self._target()
        body = self._body()
        if self._busy():
            return
        if "uploads" in query:
            name = f"{next(self.uploads)}"
            (self.parts / name).mkdir(parents=True)
            self._xml(f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>")
        elif "uploadId" in query:
            folder = self.parts / query["uploadId"][0]
            self._place(target, [part.read_bytes() for part in sorted(folder.iterdir())])
            shutil.rmtree(folder)
            self._xml('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')
        else:
            for key in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                self._remove(target / key)
            self._xml("<DeleteResult></DeleteResult>")

    def do_DELETE(self) -> None:
        target, query = self._target()
        if self._busy():
            return
        if "uploadId" in query:
            shutil.rmtree(self.parts / query["uploadId"][0], ignore_errors=True)
        else:
            self._remove(target)
        self._answer(204)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(_chunks(self.rfile))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" in self.headers.get(
            "Content-Encoding", ""
        ):  # chunks within, of the same form, then a checksum
            body = b"".join(_chunks(BytesIO(body)))
        return body

    def _place(self, target: Path, parts: list[bytes]) -> None:
        """An object appears whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.parts.mkdir(exist_ok=True)
        partial = self.parts / f"put-{next(self.uploads)}"
        partial.write_bytes(b"".join(parts))
        os.replace(partial, target)

    def _remove(self, target: Path) -> None:
        if target.is_file():
            target.unlink()
        elif target.is_dir() and not any(target.iterdir()):
            target.rmdir()

    def _listing(self, bucket: Path, query: dict[str, list[str]]) -> str:
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        keys = sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file())
        names: dict[str, bool] = {}  # in order; whether it stands for a folder
        for key in keys:
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                folder = bool(delimiter) and delimiter in rest
                names[prefix + rest.split(delimiter)[0] + delimiter if folder else key] = folder
        page = [name for name in sorted(names) if name > after]
        more, page = len(page) > PAGE, page[:PAGE]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{_size(bucket / key)}</Size>"
            "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in page
            if not names[key]
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(key)}</Prefix></CommonPrefixes>" for key in page if names[key]
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        count = f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        return f"<ListBucketResult>{count}{contents}{common}</ListBucketResult>"

    def log_message(self, *_: object) -> None:
        pass


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The body of a chunked transfer: each chunk after a line with its length, then trailers and an empty line."""
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # deleted since
        return 0


@contextmanager
def buckets(root: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults | None = None) -> Iterator[None]:
    """Every folder in `root` is a bucket while this lasts."""
    root = root.absolute()
    settings = {"root": root, "parts": root.with_name(root.name + ".parts"), "faults": faults or Faults()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Rooted", (Handler,), settings))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()

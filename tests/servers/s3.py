"""Enough of S3 on loopback for pyarrow's client: buckets are folders below a root. Reads, lists, writes whole."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path

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

    def do_HEAD(self) -> None:
        target, _ = self._target()
        bucket = target.parent == self.root and target.is_dir()
        if not bucket and not target.is_file():
            self._answer(404, head=True)
        else:
            size = 0 if bucket else target.stat().st_size
            when = "Mon, 01 Jan 2024 00:00:00 GMT"
            self._answer(200, head=True, Content_Length=str(size), Last_Modified=when, ETag='"x"')

    def do_GET(self) -> None:
        target, query = self._target()
        if "list-type" in query:
            self._answer(200, self._listing(target, query), Content_Type="application/xml")
        elif not target.is_file():
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml")
        else:
            data = target.read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if asked:
                first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
                span = f"bytes {first}-{last}/{len(data)}"
                self._answer(206, data[first : last + 1], Content_Range=span, ETag='"x"')
            else:
                self._answer(200, data, ETag='"x"')

    def do_PUT(self) -> None:
        target, _ = self._target()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def _listing(self, bucket: Path, query: dict[str, list[str]]) -> bytes:
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        keys = sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file())
        found, folders = [], set()
        for key in keys:
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                if delimiter and delimiter in rest:
                    folders.add(prefix + rest.split(delimiter)[0] + delimiter)
                else:
                    found.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{(bucket / key).stat().st_size}</Size>"
            "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in found
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)
        )
        count = f"<KeyCount>{len(found) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f'<?xml version="1.0"?><ListBucketResult>{count}{contents}{common}</ListBucketResult>'.encode()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def buckets(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every folder in `root` is a bucket while this lasts."""
    handler = type("Rooted", (Handler,), {"root": root})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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

"""The review server, spoken to over HTTP: who gets in, what it serves, what it keeps."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.review.server import COOKIE, Server
from asid.pipeline.review.verdicts import Book, Verdict
from asid.pipeline.run.folder import Run
from tests import samples
from tests.kits.reviewkit import served


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = samples.make(tmp_path / "run", videos=3)
    samples.with_media(made)
    return made


@pytest.fixture
def review(run: Run) -> Iterator[tuple[int, Server]]:
    with served(run) as (url, server):
        yield int(url.rsplit(":", 1)[1]), server


def call(port: int, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), headers)
    answer = line.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def inside(port: int, server: Server) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}-{port}={server.token}"}


def test_only_who_has_the_token_gets_in(review: tuple[int, Server]) -> None:
    port, server = review
    clip = next(iter(server.clips.shards))
    for path in ("/", "/api/clips", f"/api/clip/{clip}", f"/media/{clip}", "/?token=wrong", "/?token=ü", "/review.js"):
        assert call(port, path.replace("ü", "%C3%BC"))[0] == 403, path
    assert call(port, "/api/verdicts", {"clip": clip})[0] == 403
    status, headers, _ = call(port, f"/?token={server.token}")
    assert (status, headers["Location"]) == (303, "/")
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Strict" in headers["Set-Cookie"]
    cookie = headers["Set-Cookie"].partition(";")[0]
    status, headers, page = call(port, "/", Cookie=cookie)
    assert status == 200
    assert b"review.js" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert call(port, "/", Cookie=cookie, Host="evil.example")[0] == 403


def test_hostile_text_is_served_as_data(review: tuple[int, Server], run: Run) -> None:
    port, server = review
    for row in (row for row in run.all_rows("finish") if row.kept):
        status, headers, body = call(port, f"/api/clip/{row.id}", **inside(port, server))
        assert status == 200
        assert headers["Content-Type"].startswith("application/json")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert json.loads(body)["caption"] == row.caption


def test_media_is_served_by_range_and_nothing_beside_the_sample(review: tuple[int, Server]) -> None:
    port, server = review
    clip = next(iter(server.clips.shards))
    status, _, body = call(port, f"/media/{clip}", Range="bytes=4-7", **inside(port, server))
    assert (status, body) == (206, b"a re")
    for path in ("/media/none", "/media/..%2F..%2Frun.json", "/api/clip/none", "/manifest.yaml", "/review.py"):
        assert call(port, path, **inside(port, server))[0] == 404, path


def test_a_verdict_is_on_disk_before_it_is_acknowledged(review: tuple[int, Server], run: Run) -> None:
    port, server = review
    for number, clip in enumerate(list(server.clips.shards)[:5]):
        said = {"clip": clip, "reviewer": "ann", "said": "error", "attribute": "speech", "note": samples.SCRIPT}
        status, _, body = call(port, "/api/verdicts", said, **inside(port, server))
        assert status == 200
        kept = Book(run.storage).read()
        assert len(kept) == number + 1
        assert kept[-1] == Verdict.model_validate_json(body)
        assert kept[-1].note == samples.SCRIPT
    listed = json.loads(call(port, "/api/clips", **inside(port, server))[2])
    assert sum(bool(entry["verdicts"]) for entry in listed["clips"]) == 5
    found = json.loads(call(port, "/api/result", **inside(port, server))[2])
    assert (found["judged"], found["reliable"], found["findings"]) == (5, 0, {"error speech": 5})


def test_what_is_no_verdict_is_refused_and_not_kept(review: tuple[int, Server], run: Run) -> None:
    port, server = review
    clip = next(iter(server.clips.shards))
    for wrong in ({"clip": "none"}, {"reviewer": "../../x"}, {"said": "splendid"}, {"attribute": "smell"}):
        said = {"clip": clip, "reviewer": "ann", "said": "error"} | wrong
        assert call(port, "/api/verdicts", said, **inside(port, server))[0] == 400
    assert Book(run.storage).read() == []

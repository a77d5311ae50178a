"""The review page's server: on this machine's loopback alone, and only for who has the token of its address.

The token comes in the address of the first page, and is kept in a cookie that no script reads and no other site sends.
Verdicts are durable before they are acknowledged.
"""

from __future__ import annotations

import asyncio
import secrets
from importlib import resources
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from asid.pipeline.review.verdicts import Assessment, Book, Verdict, latest, result
from asid.pipeline.review.views import Clips, view
from asid.pipeline.run.folder import Run

COOKIE = "asid-review"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "media-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PAGES = {"": "text/html", "clip.js": "text/javascript", "review.js": "text/javascript", "review.css": "text/css"}


class Server:
    """Answers for one run and one sample. `token` opens it."""

    def __init__(self, run: Run, clips: Clips, token: str = ""):
        self.run = run
        self.clips = clips
        self.book = Book(run.storage)
        self.token = token or secrets.token_urlsafe(24)
        self.writing = asyncio.Lock()

    def app(self) -> web.Application:
        """Make the web application."""
        app = web.Application(middlewares=[self._guard], client_max_size=1 << 20)
        app.add_routes([
            web.get("/", self._page),
            web.get("/{name:(?:clip\\.js|review\\.(?:js|css))}", self._page),
            web.get("/api/clips", self._list),
            web.get("/api/clip/{clip}", self._clip),
            web.get("/api/result", self._result),
            web.post("/api/verdicts", self._judge),
            web.get("/media/{clip}", self._media),
        ])  # fmt: skip
        app.on_response_prepare.append(_add_headers)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """A name that another site made to point here is not ours; a request without the token is nobody's."""
        if request.url.host not in ("127.0.0.1", "localhost", "::1"):
            raise web.HTTPForbidden(text="this page answers to 127.0.0.1 only")
        given = request.query.get("token", "")
        if given and secrets.compare_digest(given.encode(), self.token.encode()):
            answer = web.HTTPSeeOther("/")
            answer.set_cookie(f"{COOKIE}-{request.url.port}", self.token, httponly=True, samesite="Strict")
            raise answer
        held = request.cookies.get(f"{COOKIE}-{request.url.port}", "")
        if not secrets.compare_digest(held.encode(), self.token.encode()):
            raise web.HTTPForbidden(text="open the whole address that `asid review` printed: it holds the token")
        page: web.StreamResponse = await handler(request)
        return page

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "")
        text = (resources.files("asid.pipeline.review") / (name or "review.html")).read_text("utf-8")
        return web.Response(text=text, content_type=PAGES[name])

    async def _list(self, _: web.Request) -> web.Response:
        given = latest(await asyncio.to_thread(self.book.read))
        clips = [{"id": clip, "verdicts": [verdict.model_dump() for verdict in given.get(clip, {}).values()]}
                 for clip in self.clips.shards]  # fmt: skip
        return web.json_response({"title": self.run.manifest.title, "clips": clips})

    async def _clip(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(lambda: view(self._find(request))))

    def _find(self, request: web.Request) -> Any:
        try:
            return self.clips.get(request.match_info["clip"])
        except KeyError:
            raise web.HTTPNotFound(text="not in this sample") from None

    async def _media(self, request: web.Request) -> web.StreamResponse:
        row = await asyncio.to_thread(self._find, request)
        try:
            path = await asyncio.to_thread(self.run.storage.local, row.uri)
        except FileNotFoundError:
            raise web.HTTPNotFound(text="the clip's file is gone") from None
        if not path.is_file():
            raise web.HTTPNotFound(text="the clip's file is gone")
        return web.FileResponse(path)

    async def _judge(self, request: web.Request) -> web.Response:
        try:
            verdict = Verdict.model_validate_json(await request.read())
        except ValidationError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if verdict.clip not in self.clips.shards:
            raise web.HTTPBadRequest(text="not in this sample")
        async with self.writing:
            kept = await asyncio.to_thread(self.book.add, verdict)
        return web.json_response(kept.model_dump())

    async def _result(self, _: web.Request) -> web.Response:
        return web.json_response(told(result(await asyncio.to_thread(self.book.read), self.clips.videos)))


def told(found: Assessment) -> dict[str, Any]:
    """Give an assessment as plain values."""
    values = {name: getattr(found, name) for name in ("judged", "reliable", "low", "high", "disputed", "findings",
                                                      "agreement", "share", "median_deviation", "near",
                                                      "videos", "reviewers", "alpha", "unmeasured")}  # fmt: skip
    return values | {"marked": len(found.deviations)}


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)

"""The part of the Hub that publishing and loading a dataset need, on loopback, in memory.

    with Hub() as hub: …          hub.url, hub.repos[name].files, hub.commits, hub.calls

`hub.fail(n)` makes the n-th upload of a large file and every later one fail, as a line that is cut.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

TOKEN = "hf_test"
LARGE = (".parquet", ".mp4")


@dataclass
class Repo:
    private: bool
    files: dict[str, bytes] = field(default_factory=lambda: {".gitattributes": b"*.parquet filter=lfs\n"})
    head: str = "0" * 40
    history: dict[str, dict[str, bytes]] = field(default_factory=dict)  # files of each commit

    def at(self, revision: str) -> Repo:
        """The repository as it was at a commit; at any other revision as it is."""
        return Repo(self.private, self.history[revision], revision) if revision in self.history else self

    def oid(self, path: str) -> str | None:
        if path not in self.files:
            return None
        data = self.files[path]
        if path.endswith(LARGE):
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """The server, in a thread of its own."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}  # large files by their SHA-256, whether or not a commit names them
        self.commits: list[tuple[str, list[str]]] = []  # repository, paths added or deleted
        self.calls: list[str] = []
        self.uploads = 0  # of large files
        self.broken_from: int | None = None
        self.url = ""

    def fail(self, number: int | None) -> None:
        self.broken_from = None if number is None else self.uploads + number

    def __enter__(self) -> Hub:
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(30)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        app = web.Application(client_max_size=1 << 30, middlewares=[self._guard])
        dataset = "/api/datasets/{org}/{name}"
        app.add_routes([
            web.post("/api/repos/create", self._create),
            web.get("/api/whoami-v2", self._whoami),
            web.post("/api/validate-yaml", self._validate),
            web.post(dataset + "/preupload/{revision}", self._preupload),
            web.post("/datasets/{org}/{name}.git/info/lfs/objects/batch", self._batch),
            web.put("/objects/{oid}", self._put),
            web.post("/verify", self._verify),
            web.post(dataset + "/commit/{revision}", self._commit),
            web.post(dataset + "/paths-info/{revision}", self._paths),
            web.get(dataset + "/tree/{revision}", self._tree),
            web.get(dataset + "/tree/{revision}/{path:.*}", self._tree),
            web.get(dataset + "/revision/{revision}", self._info),
            web.get(dataset, self._info),
            web.route("*", "/datasets/{org}/{name}/resolve/{revision}/{path:.+}", self._resolve),
        ])  # fmt: skip
        runner = web.AppRunner(app)
        self.loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self.loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        signed = request.path.startswith(("/objects/", "/verify"))  # stand for another server's signed addresses
        if not signed and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "Invalid credentials"}, status=401)
        return await handler(request)

    def _repo(self, request: web.Request) -> tuple[str, Repo]:
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        if name not in self.repos:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RepoNotFound"}, text="{}")
        return name, self.repos[name].at(request.match_info.get("revision", ""))

    # --- writing -------------------------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = f"{body.get('organization') or 'me'}/{body['name']}"
        told = {"url": f"{self.url}/datasets/{name}", "name": name, "id": name}
        if name in self.repos:
            return web.json_response(told | {"error": "You already created this dataset repo"}, status=409)
        private = body.get("private") or body.get("visibility") == "private"
        self.repos[name] = Repo(bool(private))
        return web.json_response(told)

    async def _whoami(self, _: web.Request) -> web.Response:
        return web.json_response({"name": "me", "type": "user", "orgs": []})

    async def _validate(self, request: web.Request) -> web.Response:
        assert (await request.json())["content"].startswith("---\n")
        return web.json_response({"errors": [], "warnings": []})

    async def _preupload(self, request: web.Request) -> web.Response:
        _, repo = self._repo(request)
        asked = (await request.json())["files"]
        modes = [{"path": file["path"], "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                  "shouldIgnore": False, "oid": repo.oid(file["path"])} for file in asked]  # fmt: skip
        return web.json_response({"files": modes})

    async def _batch(self, request: web.Request) -> web.Response:
        """Where to send each large file; nothing for those that are here."""
        told = []
        for item in (await request.json())["objects"]:
            entry = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.objects:
                sent = {"href": f"{self.url}/objects/{item['oid']}"}
                entry["actions"] = {"upload": sent, "verify": {"href": f"{self.url}/verify"}}
            told.append(entry)
        return web.json_response({"transfer": "basic", "objects": told}, content_type="application/vnd.git-lfs+json")

    async def _put(self, request: web.Request) -> web.Response:
        data = await request.read()
        self.uploads += 1
        if self.broken_from is not None and self.uploads >= self.broken_from:
            return web.Response(status=403, text="the line is cut")
        if hashlib.sha256(data).hexdigest() != request.match_info["oid"]:
            return web.Response(status=400)
        self.objects[request.match_info["oid"]] = data
        return web.Response()

    async def _verify(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return web.Response(status=200 if len(self.objects.get(asked["oid"], b"")) == asked["size"] else 404)

    async def _commit(self, request: web.Request) -> web.Response:
        name, repo = self._repo(request)
        changed = []
        for line in (await request.read()).splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                continue
            changed.append(value["path"])
            if entry["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                repo.files[value["path"]] = self.objects[value["oid"]]
            elif entry["key"] == "deletedFile":
                del repo.files[value["path"]]
            else:
                return web.json_response({"error": entry["key"]}, status=400)
        self.commits.append((name, changed))
        repo.head = hashlib.sha1(json.dumps([len(self.commits), changed]).encode()).hexdigest()
        repo.history[repo.head] = dict(repo.files)
        url = f"{self.url}/datasets/{name}/commit/{repo.head}"
        return web.json_response({"success": True, "commitOid": repo.head, "commitUrl": url, "hookOutput": ""})

    # --- reading -------------------------------------------------------------------------------------------------

    def _entry(self, repo: Repo, path: str) -> dict[str, Any]:
        return {"type": "file", "path": path, "size": len(repo.files[path]), "oid": repo.oid(path)}

    async def _paths(self, request: web.Request) -> web.Response:
        _, repo = self._repo(request)
        form = "form" in request.headers.get("Content-Type", "")
        asked = (await request.post()).getall("paths") if form else (await request.json())["paths"]
        folders = [path for path in asked if any(file.startswith(f"{path}/") for file in repo.files)]
        return web.json_response(
            [self._entry(repo, path) for path in asked if path in repo.files]
            + [{"type": "directory", "path": path, "oid": "0" * 40} for path in folders]
        )

    async def _tree(self, request: web.Request) -> web.Response:
        _, repo = self._repo(request)
        folder = request.match_info.get("path", "").strip("/")
        prefix = f"{folder}/" if folder else ""
        deep = request.query.get("recursive", "").lower() in ("true", "1")
        found, folders = [], set()
        for path in repo.files:
            if path.startswith(prefix):
                parts = path.removeprefix(prefix).split("/")
                folders |= {prefix + "/".join(parts[: n + 1]) for n in range(len(parts) - 1) if deep or n == 0}
                if deep or len(parts) == 1:
                    found.append(self._entry(repo, path))
        if folder and not found and not folders:
            return web.json_response({"error": "none"}, status=404, headers={"X-Error-Code": "EntryNotFound"})
        return web.json_response(found + [{"type": "directory", "path": path, "oid": "0" * 40} for path in folders])

    async def _info(self, request: web.Request) -> web.Response:
        name, repo = self._repo(request)
        siblings = [{"rfilename": path, "size": len(data)} for path, data in repo.files.items()]
        now = "2026-01-01T00:00:00.000Z"
        return web.json_response({
            "_id": "1", "id": name, "sha": repo.head, "private": repo.private, "gated": False, "disabled": False,
            "tags": [], "downloads": 0, "likes": 0, "lastModified": now, "createdAt": now, "author": "me",
            "siblings": siblings,
        })  # fmt: skip

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        _, repo = self._repo(request)
        path = request.match_info["path"]
        if path not in repo.files:
            return web.json_response({"error": "none"}, status=404, headers={"X-Error-Code": "EntryNotFound"})
        data = repo.files[path]
        headers = {"X-Repo-Commit": repo.head, "ETag": f'"{repo.oid(path)}"', "Accept-Ranges": "bytes"}
        span = request.http_range
        if request.method == "GET" and (span.start is not None or span.stop is not None):
            part = data[span]
            begin = span.start or 0
            headers["Content-Range"] = f"bytes {begin}-{begin + len(part) - 1}/{len(data)}"
            return web.Response(status=206, body=part, headers=headers)
        return web.Response(body=data, headers=headers)

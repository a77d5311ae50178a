"""Plant a key in every place of a manifest where people put one, run, and look for it in all that is left.

    python -m tests.chaos.planted

Searched after each run: the run's folder, Ray's session folder with its logs, standard output and standard error. In
the last run the key is where it belongs, in the environment, and the server repeats it in every way it can. Prints a
line for each place: exit code, files searched, and where the key was found. Exits 1 when it was found anywhere.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from ruamel.yaml import YAML

from tests import paid
from tests.servers.llm import Behaviour, LlmServer

KEY = "Pl4nted+Thing/0123456789abcdefXYZ"  # like no key that anybody knows
FORMS = {KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode().rstrip("=")}
Manifest = dict[str, Any]


def at(*path: str | int) -> Callable[[Manifest, Any], None]:
    """A place in a manifest, made where it is missing."""

    def put(tree: Any, value: Any) -> None:
        for part in path[:-1]:
            tree = tree.setdefault(part, {}) if isinstance(tree, dict) else tree[part]
        tree[path[-1]] = value

    return put


SETTINGS = ("models", "strong", "settings")
PLACES: dict[str, tuple[Callable[[Manifest, Any], None], Any]] = {
    "key of a model": (at("models", "strong", "key"), KEY),
    "password in base_url": (at("models", "strong", "base_url"), f"http://me:{quote(KEY, safe='')}@127.0.0.1:9/v1"),
    "query of base_url": (at("models", "strong", "base_url"), f"http://127.0.0.1:9/v1?api_key={quote(KEY, safe='')}"),
    "a header": (at(*SETTINGS, "extra_headers"), {"Authorization": f"Bearer {KEY}"}),
    "a header of their own": (at(*SETTINGS, "extra_headers"), {"X-Api-Key": KEY}),
    "an extra body": (at(*SETTINGS, "extra_body"), {"provider": {"auth": {"token": KEY}}}),
    "deep in a list": (at(*SETTINGS, "extra_body"), {"tools": [{"mcp": [{"headers": {"cookie": KEY}}]}]}),
    "a wrong key of a model": (at("models", "strong", "api_key"), KEY),
    "an environment": (at("environments", "gpu"), {"env_vars": {"OPENAI_API_KEY": KEY}}),
    "settings of a step": (at("recipe", 2, "settings"), {"api_key": KEY}),
    "tags of an input": (at("inputs", 0, "tags"), {"password": KEY}),
    "a key in place of a number": (at("models", "strong", "timeout"), KEY),
}


def asid(manifest: Path, root: Path, *more: str, **env: str) -> tuple[int, bytes]:
    """Exit code, and standard output and error, of a run with a Ray of its own in `root`."""
    words = [sys.executable, "-m", "asid", "run", str(manifest), "--run", str(root / "run"), *more]
    (root / "r").mkdir(exist_ok=True)
    done = subprocess.run(
        words, env={**os.environ, "RAY_TMPDIR": str(root / "r"), **env}, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=600, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def searched(root: Path, said: bytes) -> tuple[int, list[str]]:
    """How many files there are, and those that hold the key in any form."""
    files = [path for folder in ("run", "r") for path in (root / folder).rglob("*") if path.is_file()]
    found = [str(path.relative_to(root)) for path in files if _holds(path.read_bytes())]
    return len(files), found + (["what was said"] if _holds(said) else [])


def _holds(data: bytes) -> bool:
    return any(form.encode() in data for form in FORMS)


def main() -> int:
    faults = 0
    yaml = YAML()
    server = LlmServer(Behaviour(answer=paid.answer))
    chat = server._chat

    async def parrot(request: web.Request) -> web.StreamResponse:
        """Good answers, and for some clips errors that repeat the key."""
        body, key = await request.text(), request.headers.get("Authorization", "").removeprefix("Bearer ")
        headers = {"X-Echo": key}
        if "line 14 " in body:
            return web.json_response({"error": {"message": f"bad {key}", "code": key}}, status=400, headers=headers)
        if "line 24 " in body:
            text = f"<html>{key} {quote(key, safe='')} {base64.b64encode(key.encode()).decode()}</html>"
            return web.Response(text=text, headers=headers)
        return await chat(request)

    server._chat = parrot  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="p") as folder, server:
        source = paid.clips(Path(folder) / "in", 5)

        def told(name: str, root: Path, code: int, said: bytes, wanted: int) -> bool:
            count, found = searched(root, said)
            print(f"{name:28} exit {code}, {count:4} files searched, the key: {', '.join(found) or 'nowhere'}",
                  flush=True)  # fmt: skip
            return bool(found) or code != wanted

        for number, (name, (put, value)) in enumerate(PLACES.items()):
            root = Path(folder) / str(number)
            root.mkdir()
            file = paid.Job(root, source, server.url, attributes=("scene",)).write()
            tree = yaml.load(file)
            put(tree, value)
            yaml.dump(tree, file)
            faults += told(name, root, *asid(file, root, TEST_KEY="none-of-it"), 2)
        root = Path(folder) / "set"
        root.mkdir()
        file = paid.Job(root, source, server.url, attributes=("scene",)).write()
        setting = f"models.strong.settings.extra_headers.X-Token={KEY}"
        faults += told("--set", root, *asid(file, root, "--set", setting, TEST_KEY="none-of-it"), 2)
        root = Path(folder) / "env"
        root.mkdir()
        more = {"deadline": 2.0, "retries": 2}
        file = paid.Job(root, source, server.url, attributes=("scene",), more=more).write()
        faults += told("the environment, repeated", root, *asid(file, root, TEST_KEY=KEY), 0)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

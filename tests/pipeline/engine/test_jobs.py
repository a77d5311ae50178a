"""Runs as jobs of a real Ray head that asks for a token: taken in, worked, compared with a run on this machine; and
nothing done for whoever has no token, or a wrong one."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.heads import ROOT, Head, asid, environment, head
from tests.toys import videos

pytestmark = pytest.mark.cluster
MANIFEST = """
inputs: [{path: VIDEOS}]
recipe:
- {stage: "toys:ToyIngest"}
- {stage: "toys:ToyWork"}
- {stage: "toys:ToyNext"}
"""


@dataclass(frozen=True)
class Site:
    head: Head
    work: Path  # working directory: a manifest and the stages it names
    local: Path  # what a run on this machine made
    token: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    base = tmp_path_factory.mktemp("jobs")
    work = base / "work"
    work.mkdir()
    shutil.copy(ROOT / "tests" / "toys.py", work)
    source = videos(base / "in", ["a", "b", "bad", "c", "d", "e"])
    (work / "toys.yaml").write_text(MANIFEST.replace("VIDEOS", str(source)))
    own = environment()
    own["PYTHONPATH"] += os.pathsep + str(work)
    asid("run", work / "toys.yaml", "--run", base / "local", env=own)
    file = base / "token"
    file.write_text(secrets.token_hex(32))
    file.chmod(0o600)
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(file)}
    with head(**token) as started:
        yield Site(started, work, base / "local", token)


def tables(run: Path) -> dict[str, bytes]:
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted(run.rglob("*.parquet"))}


def test_a_submitted_run_makes_the_same_tables_byte_for_byte(site: Site, tmp_path: Path) -> None:
    where = ["--address", site.head.dashboard, "--working-dir", site.work]
    done = asid("submit", "toys.yaml", "--run", tmp_path / "short", *where, env=environment(**site.token))
    assert "next/00001" in done.stdout
    words = ["job", "submit", *where, "--", "asid", "run", "toys.yaml", "--run", tmp_path / "long"]
    command = [sys.executable, "-m", "ray.scripts.scripts", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True, timeout=300, env=environment(**site.token))
    local = tables(site.local)
    assert len(local) == 7
    assert tables(tmp_path / "short") == local == tables(tmp_path / "long")


def test_a_job_that_fails_hands_on_its_exit_code(site: Site, tmp_path: Path) -> None:
    where = ["--address", site.head.dashboard, "--working-dir", site.work, "--set", "recipe.work.nonsense=1"]
    done = asid("submit", "toys.yaml", "--run", tmp_path / "run", *where, env=environment(**site.token), code=2)
    assert "nonsense" in done.stdout


@pytest.mark.parametrize("given", [{}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "f" * 64}])
def test_without_the_token_no_job_and_no_driver_is_let_in(site: Site, tmp_path: Path, given: dict[str, str]) -> None:
    stranger = environment(**given)
    where = ["--address", site.head.dashboard, "--working-dir", site.work]
    done = asid("submit", "toys.yaml", "--run", tmp_path / "run", *where, env=stranger, code=2)
    assert "token" in done.stderr and "Traceback" not in done.stderr
    join = f"import ray; ray.init({site.head.address!r}); print(ray.nodes())"
    tried = subprocess.run([sys.executable, "-c", join], capture_output=True, text=True, timeout=300, env=stranger)
    assert tried.returncode != 0 and "NodeID" not in tried.stdout
    assert not (tmp_path / "run").exists()


def ask(url: str) -> tuple[int, str, bytes]:
    """Status, type and text of an answer; status 0 where something else than HTTP is spoken."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, "", b""
    except (OSError, HTTPException):
        return 0, "", b""


def test_without_the_token_no_port_tells_anything(site: Site) -> None:
    """Every port of the head is asked over HTTP: the dashboard's empty page and metrics are all there is to have."""
    refused = 0
    for port in sorted(site.head.ports()):
        for path in ("/api/jobs/", "/nodes?view=summary", "/api/v0/actors", "/api/cluster_status"):
            status, kind, text = ask(f"http://127.0.0.1:{port}{path}")
            metrics = b"# HELP" in text  # Ray's own exporter gives them on any path, and asks nobody for a token
            assert status in (0, 401, 403, 404, 405) or kind == "text/html" or metrics, (port, path, status)
            refused += status in (401, 403)
    assert refused >= 4

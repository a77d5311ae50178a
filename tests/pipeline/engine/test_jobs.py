"""Runs as jobs of a real Ray head that asks for a token: taken in, worked, compared with a run on this machine; and
nothing done for whoever has no token, or a wrong one."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

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
# Writes into its rows whose asid it runs in.
WITNESS = """
import asid
from asid import pipeline, stages
from asid.pipeline.stage import Stage
from toys import ToyConfig, ToyRow


class Witness(Stage[ToyRow, ToyRow, ToyConfig]):
    name = "witness"

    async def process(self, row: ToyRow) -> ToyRow:
        modules = (asid, pipeline, stages)
        return row.model_copy(update={"text": " ".join([asid.__version__, *(str(m.__file__) for m in modules)])})
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
    with head(**token, PYTHONPATH="") as started:  # asid is installed there, and nothing else of this checkout
        yield Site(started, work, base / "local", token)


def ray(site: Site, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Ray's own command line, with the token, in a process of its own."""
    env = environment(**site.token, RAY_API_SERVER_ADDRESS=site.head.dashboard)
    command = [sys.executable, "-m", "ray.scripts.scripts", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def column(file: Path, name: str) -> list[str]:
    return pq.read_table(file, columns=[name])[name].to_pylist()


def tables(run: Path) -> dict[str, bytes]:
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted(run.rglob("*.parquet"))}


def test_a_submitted_run_makes_the_same_tables_byte_for_byte(site: Site, tmp_path: Path) -> None:
    where = ["--address", site.head.dashboard, "--working-dir", site.work]
    done = asid("submit", "toys.yaml", "--run", tmp_path / "short", *where, env=environment(**site.token))
    assert "next/00001" in done.stdout
    words = ["job", "submit", *where, "--", "asid", "run", "toys.yaml", "--run", tmp_path / "long"]
    ray(site, *words)
    local = tables(site.local)
    assert len(local) == 7
    assert tables(tmp_path / "short") == local == tables(tmp_path / "long")


def jobs(site: Site) -> int:
    return ray(site, "job", "list", "--address", site.head.dashboard).stdout.count("JobDetails(")


def test_a_job_that_fails_hands_on_its_exit_code(site: Site, tmp_path: Path) -> None:
    where = ["--address", site.head.dashboard, "--working-dir", site.work, "--set", "recipe.work.nonsense=1"]
    words = ["submit", "toys.yaml", "--run", tmp_path / "run", *where]
    before = jobs(site)
    done = asid(*words, "--no-check", env=environment(**site.token), code=2)
    assert "nonsense" in done.stdout and jobs(site) == before + 1
    done = asid(*words, env=environment(**site.token), code=2)
    assert "nonsense" in done.stderr and jobs(site) == before + 1, "found here, and not sent"


def test_the_line_of_the_readme_runs_a_checkout_with_a_manifest_of_ones_own(site: Site, tmp_path: Path) -> None:
    """From a checkout, whose `asid/` is links: the job and its workers import what was sent, not what is installed."""
    checkout = tmp_path / "checkout"
    links = shutil.ignore_patterns("__pycache__")
    for name in ("asid", "pipeline", "stages", "prompts", "manifests", "pyproject.toml", ".gitignore"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, symlinks=True, ignore=links)
        else:
            shutil.copy(source, checkout / name)
    face = checkout / "asid" / "__init__.py"
    face.write_text(re.sub(r'__version__ = ".*"', '__version__ = "0.0.0+sent"', face.read_text()))
    shutil.copy(site.work / "toys.py", checkout)
    (checkout / "witness.py").write_text(WITNESS)
    mine = (site.work / "toys.yaml").read_text() + '- {stage: "witness:Witness"}\n'
    found = re.search(r"^ +ray (job submit .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert found
    words = shlex.split(found[1])
    run = words.index("run")
    assert words[run + 1].endswith(".yaml") and words[run + 3].startswith("s3://")
    (checkout / words[run + 1]).write_text(mine)
    words[run + 3] = str(tmp_path / "run")
    ray(site, *words, cwd=checkout)
    texts = [text for file in sorted((tmp_path / "run" / "witness").glob("*.parquet")) for text in column(file, "text")]
    version, *modules = texts[0].split()
    assert len(texts) == 10 and version == "0.0.0+sent"
    assert all("/runtime_resources/working_dir_files/" in module for module in modules), modules


def test_the_jobs_entrypoint_runs_the_manifest_of_the_config_map(site: Site, tmp_path: Path) -> None:
    """As Kubernetes mounts it: a link to a link to the file."""
    job = YAML(typ="safe").load((ROOT / "docker" / "k8s" / "job.yaml").read_text())["spec"]
    pod = job["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    mount = next(one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "manifest")["mountPath"]
    folder = tmp_path / "mounted"
    (folder / "..2026").mkdir(parents=True)
    (folder / "..data").symlink_to("..2026")
    (folder / "manifest.yaml").symlink_to("..data/manifest.yaml")
    clip = tmp_path / "clips" / "one.mp4"
    clip.parent.mkdir()
    source = ["-f", "lavfi", "-i", "testsrc=size=128x72:rate=25:duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-pix_fmt", "yuv420p", clip], check=True)
    (folder / "..data" / "manifest.yaml").write_text(f"inputs: ['{clip.parent}']\nrecipe: [{{stage: ingest}}]\n")
    entrypoint = job["entrypoint"].replace(mount, str(folder)).replace("s3://bucket/run", str(tmp_path / "run"))
    assert str(folder) in entrypoint and str(tmp_path / "run") in entrypoint
    ray(site, "job", "submit", "--address", site.head.dashboard, "--", *shlex.split(entrypoint))
    assert column(tmp_path / "run" / "ingest" / "00000.parquet", "name") == ["one.mp4"]


def test_a_node_that_is_well_passes_its_probe(site: Site) -> None:
    """Without the token, as the kubelet and Docker have none; and a node that is gone does not."""
    compose = YAML(typ="safe").load((ROOT / "docker" / "compose.yaml").read_text())
    usual = "127.0.0.1:52365"
    for service in ("head", "worker"):
        _, *command = compose["services"][service]["healthcheck"]["test"]
        assert any(usual in word for word in command)
        here = [word.replace(usual, f"127.0.0.1:{site.head.agent}") for word in command]
        done = subprocess.run(here, capture_output=True, text=True, env=environment())
        assert done.returncode == 0 and "raylet: success" in done.stdout, done.stderr
        gone = [word.replace(usual, "127.0.0.1:9") for word in command]
        assert subprocess.run(gone, capture_output=True).returncode != 0


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

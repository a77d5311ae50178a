"""vLLM for real, on a CPU: the engine inside a Ray worker, and the same model served. `sh scripts/test_vllm.sh`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm", reason="needs an environment with vLLM: sh scripts/test_vllm.sh makes one")

from asid.pipeline.engine import Engine
from asid.pipeline.engine import cluster as ray_cluster
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Clip
from asid.pipeline.run.folder import Run
from tests.vllm.tiny import make
from tests.watching import Watch

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
CLIPS = 32
SETTINGS = {"temperature": 0, "max_tokens": 60, "fps": 2}
ENGINE = {"dtype": "float32", "enforce_eager": True, "max_model_len": 4096, "max_num_seqs": CLIPS,
          "distributed_executor_backend": "uni",
          "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
          "limit_mm_per_prompt": {"video": 1, "audio": 1, "image": 0}}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("model") / "tiny-omni")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds each, with sound at the rate that the model hears: this environment has nothing to resample with. No
    two have the same bytes."""
    folder = tmp_path_factory.mktemp("clips")
    first = folder / "clip-00.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:s=112x112:r=8", "-f", "lavfi",
         "-i", "sine=d=2:r=16000", "-pix_fmt", "yuv420p", "-shortest", first],
        check=True, timeout=60,
    )  # fmt: skip
    data = first.read_bytes()
    for number in range(CLIPS):
        (folder / f"clip-{number:02d}.mp4").write_bytes(data + bytes([number]))
    return folder


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One Ray for all runs; its workers find the tests."""
    paths = [os.getcwd(), os.environ.get("PYTHONPATH", "")]
    os.environ |= {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "VLLM_CPU_KVCACHE_SPACE": "1",
                   "VLLM_CPU_OMP_THREADS_BIND": "nobind"}  # fmt: skip
    with ray_cluster.cluster(cpus=2):
        yield


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The address of vLLM's own server of the model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--host", "127.0.0.1"]
    options = [f"--{name.replace('_', '-')}={json.dumps(value).strip(chr(34))}" for name, value in ENGINE.items()]
    options = [option.removesuffix("=true") for option in options]
    server = subprocess.Popen(
        [*words, f"--port={port}", *options, "--trust-request-mm-kwargs", "--mm-processor-cache-gb=0"]
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, "the server ended"
            time.sleep(1.0)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def looked(folder: Path, clips: Path, config: dict[str, Any]) -> list[Clip]:
    """The rows of a run that shows every clip to a model."""
    prompts = folder / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "look.txt").write_text("The clip lasts {{duration}} seconds. Say what is in it.\n")
    recipe = [
        {"stage": "tests.toys:ToyIngest", "shard_rows": CLIPS, "shard_minutes": 1000},
        {"stage": "tests.paid:ToyCut"},
        {"stage": "tests.vllm.looking:Looking", "model": "omni", "concurrency": CLIPS, "resources": {"cpus": 1}},
    ]
    manifest = Manifest.model_validate(
        {"inputs": [{"path": str(clips)}], "recipe": recipe, "prompts": str(prompts), "models": {"omni": config}}
    )
    run = Run(folder / "run", manifest)
    run.freeze()
    result = Engine(run, Watch()).execute()
    failures = [failure for shard in run.survey().shards for failure in run.failures("look", shard)]
    assert not result.stopped and not failures, (result.stopped, failures[:3])
    rows = list(run.all_rows("look"))
    assert len(rows) == CLIPS
    return rows


def test_the_engine_in_a_worker_and_the_same_model_served_see_and_hear_alike(
    tmp_path: Path, model: Path, clips: Path
) -> None:
    hearing = SETTINGS | {"use_audio_in_video": True}
    engine = {"provider": "vllm", "model": str(model), "timeout": 600.0}
    inside = looked(tmp_path / "inside", clips, engine | {"settings": hearing | {"engine": ENGINE}})
    with served(model) as address:
        engine["base_url"] = address
        outside = looked(tmp_path / "served", clips, engine | {"settings": hearing})
        deaf = looked(tmp_path / "deaf", clips, engine | {"settings": SETTINGS})

    assert [row.tags for row in inside] == [row.tags for row in outside]
    tokens = [{int(row.tags["input"]) for row in rows} for rows in (outside, deaf)]
    assert min(tokens[0]) > max(tokens[1])  # the video's own sound is in the question

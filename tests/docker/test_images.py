"""Both images are of one Python, one Ray and one set of packages, and the locks fit pyproject.toml."""

from __future__ import annotations

import fnmatch
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

import asid
from tests.docker.test_docker import DOCKER, read

ROOT = DOCKER.parent
IMAGES = ("Dockerfile", "Dockerfile.gpu")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = (DOCKER / "python-version").read_text().strip()
CODE = ("asid", "pipeline", "stages", "prompts", "manifests")
Line = tuple[str, str]


def instructions(text: str) -> list[Line]:
    """What a Dockerfile says, in order: instruction and words, with every ARG that has a default put in its places."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    found: list[Line] = []
    given: dict[str, str] = {}
    for line in filter(str.strip, joined.splitlines()):
        kind, _, rest = line.strip().partition(" ")
        words = " ".join(rest.split())
        for name, value in given.items():
            words = re.sub(rf"\$(\{{{name}(:-[^}}]*)?\}}|{name}\b)", value, words)
        if kind == "ARG" and "=" in words:
            name, _, value = words.partition("=")
            given[name] = value.strip("\"'")
        found.append((kind, words))
    return found


def interpreter(lines: list[Line]) -> list[Line]:
    """All that decides which Python and which packages there are: where uv is from, its settings, what it installs."""
    return [
        (kind, words)
        for kind, words in lines
        if re.search(r"\buv\b|UV_|VIRTUAL_ENV|requirements\.lock|python-version", words) or kind == "WORKDIR"
    ]


def image(name: str) -> list[Line]:
    return instructions((DOCKER / name).read_text())


def pins(name: str) -> dict[str, Requirement]:
    """Package -> its line in a lock, without the hashes."""
    lines = re.findall(r"^([a-z0-9][^\s;]*==[^\s;]+(?: ; [^\\\n]*)?)", (DOCKER / name).read_text(), re.MULTILINE)
    return {canonicalize_name(one.name): one for one in map(Requirement, lines)}


def asked_directly() -> set[str]:
    """The packages that the lock says pyproject.toml asks for."""
    text = (DOCKER / "requirements.lock").read_text()
    blocks = re.findall(r"^([a-z0-9][^=\s]*)==.*\n((?:[ ]+.*\n?)*)", text, re.MULTILINE)
    return {canonicalize_name(name) for name, more in blocks if "asid-verify (pyproject.toml)" in more}


def test_both_images_have_the_same_python_and_the_same_packages() -> None:
    """Ray refuses a node whose Python differs in the patch level, or whose Ray does."""
    assert re.fullmatch(r"3\.\d+\.\d+", PYTHON)
    first, second = (interpreter(image(name)) for name in IMAGES)
    assert first == second
    text = "\n".join(words for _, words in first)
    for step in ('uv python install --no-bin "$(cat /opt/python-version)"', "UV_MANAGED_PYTHON=1",
                 'uv venv --python "$(cat /opt/python-version)" /opt/asid',
                 "uv pip install --require-hashes --requirement /opt/requirements.lock"):  # fmt: skip
        assert step in text
    for name in IMAGES:  # no other Python, and nothing of asid's own from elsewhere
        words = " ".join(words for _, words in image(name))
        assert not re.search(r"FROM python|\bpython3\b|pip install \.|pyenv|conda", words)


def test_a_difference_between_the_images_would_be_found() -> None:
    text = (DOCKER / "Dockerfile.gpu").read_text()
    for mine, other in (("uv:0", "uv:1"), ("/opt/python-version)", "/opt/python-version).1"), ("/opt/asid", "/opt/b"),
                        ("UV_MANAGED_PYTHON=1", "UV_MANAGED_PYTHON=0"), ("--no-deps", "")):  # fmt: skip
        assert mine in text
        assert interpreter(instructions(text.replace(mine, other))) != interpreter(image("Dockerfile"))
    assert instructions("ARG V=3.12.1\nFROM python:${V}-slim") == [("ARG", "V=3.12.1"), ("FROM", "python:3.12.1-slim")]


def test_uv_knows_that_python() -> None:
    """The list of Pythons is inside uv, so that it says without a network what it would install."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    command = [uv, "python", "list", "--only-downloads", "--all-versions", "--no-config", PYTHON]
    done = subprocess.run(command, capture_output=True, text=True)
    assert f"cpython-{PYTHON}-" in done.stdout, done.stderr


@pytest.mark.parametrize("name", IMAGES)
def test_a_change_of_code_installs_no_package_again(name: str) -> None:
    """What comes from a lock comes before any code, and code comes without dependencies and without a build's own."""
    lines = image(name)
    copied = [index for index, (kind, words) in enumerate(lines) if kind == "COPY" and words.split()[0] in CODE]
    assert len(copied) == len(CODE)
    after = " ".join(words for _, words in lines[copied[0] :])
    before = " ".join(words for _, words in lines[: copied[0]])
    assert ".lock" in before and ".lock" not in after and "pip download" not in after and "apt-get" not in after
    assert re.findall(r"pip install (.*?) &&", after) == ["--no-deps --no-build-isolation ."]
    assert "uv pip check" in after


@pytest.mark.parametrize("name", IMAGES)
def test_what_an_image_copies_is_sent_to_it(name: str) -> None:
    rules = (ROOT / ".dockerignore").read_text().split()
    for kind, words in image(name):
        if kind == "COPY" and not words.startswith("--"):
            for source in words.split()[:-1]:
                assert (ROOT / source).exists()
                sent = True
                for rule in rules:  # the last that fits counts
                    path, kept = rule.removeprefix("!"), rule.startswith("!")
                    if fnmatch.fnmatch(source, path) or source.startswith(f"{path}/"):
                        sent = kept
                assert sent, f"{source} is in .dockerignore"


def test_the_lock_fits_pyproject() -> None:
    """When this fails: `sh docker/lock.sh`."""
    locked = pins("requirements.lock")
    assert Requirement(f"asid{PROJECT['requires-python']}").specifier.contains(PYTHON)
    wanted = [Requirement(line) for line in PROJECT["dependencies"]]
    node = {"python_version": PYTHON.rpartition(".")[0], "python_full_version": PYTHON, "sys_platform": "linux"}
    for machine in ("x86_64", "aarch64"):
        where = {**default_environment(), **node, "platform_machine": machine, "extra": ""}
        for one in wanted:
            if one.marker and not one.marker.evaluate(where):
                continue
            pin = locked[canonicalize_name(one.name)]
            assert pin.marker is None or pin.marker.evaluate(where), pin
            assert one.specifier.contains(str(pin.specifier).removeprefix("=="), prereleases=True), f"{one}: {pin}"
    assert asked_directly() == {canonicalize_name(one.name) for one in wanted}, "nothing that is asked for no longer"
    assert {"pip", "hatchling"} <= set(locked), "a worker's environment, and asid's wheel, are made of them"


def test_the_locks_of_gpu_workers_fit_pyproject_and_the_manifests() -> None:
    for extra in ("vllm", "whisperx"):
        (wanted,) = map(Requirement, PROJECT["optional-dependencies"][extra])
        version = str(pins(f"{extra}.lock")[extra].specifier).removeprefix("==")
        assert wanted.specifier.contains(version)
        for file in (ROOT / "manifests").glob("*.yaml"):
            environments = YAML(typ="safe").load(file.read_text()).get("environments", {})
            for package in environments.get(extra, {}).get("packages", []):
                assert Requirement(package).specifier.contains(version), file.name


@pytest.mark.parametrize("name", ["requirements.lock", "vllm.lock", "whisperx.lock"])
def test_a_lock_has_hashes_and_names_no_place(name: str) -> None:
    text = (DOCKER / name).read_text()
    assert not re.search(r"://|index-url|find-links|\bfile:|@ ", text)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name)) > 50
    assert all("--hash=sha256:" in block for block in blocks)
    torch = [package for package in pins(name) if re.match(r"torch|nvidia|triton", package)]
    assert bool(torch) == (name != "requirements.lock"), "the images of nodes without a GPU have no CUDA"


def test_one_ray_everywhere() -> None:
    ray = str(pins("requirements.lock")["ray"].specifier).removeprefix("==")
    assert read("k8s/cluster.yaml")["spec"]["rayVersion"] == ray
    assert read("k8s/job.yaml")["spec"]["rayClusterSpec"]["rayVersion"] == ray
    for name in ("vllm.lock", "whisperx.lock"):
        assert str(pins(name).get("ray", Requirement(f"ray=={ray}")).specifier) == f"=={ray}"


def test_one_version_everywhere() -> None:
    version = asid.__version__
    for name in IMAGES:
        lines = image(name)
        assert ("ARG", f"VERSION={version}") in lines
        labels = next(words for kind, words in lines if kind == "LABEL")
        assert f"org.opencontainers.image.version={version}" in shlex.split(labels)
        assert any(f'test "$(asid --version)" = "asid {version}"' in words for _, words in lines)
        assert f" -t asid{'-gpu' if 'gpu' in name else ''}:{version} ." in (DOCKER / name).read_text()
    images = re.findall(r"image: (asid\S*)", "".join(file.read_text() for file in DOCKER.rglob("*.yaml")))
    assert set(images) == {f"asid:{version}", f"asid-gpu:{version}"}
    done = subprocess.run([sys.executable, "-m", "asid", "--version"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, f"asid {version}\n")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()

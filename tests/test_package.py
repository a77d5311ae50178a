"""What is built and installed: one package, `asid`, whole and licensed, beside which a project may have its own
`pipeline` and `stages`.

Environments here are made empty and get nothing but asid; where its dependencies are needed, they are this one's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

import asid

ROOT = Path(__file__).parents[1]
SITE = Path(sysconfig.get_path("purelib"))
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
IMPORTS = """
import importlib.util, sys
import asid, asid.pipeline, asid.stages
assert importlib.util.find_spec("pipeline") is None, importlib.util.find_spec("pipeline")
assert importlib.util.find_spec("stages") is None, importlib.util.find_spec("stages")
assert (asid.pipeline.__name__, asid.stages.__name__) == ("asid.pipeline", "asid.stages")
print(asid.__version__, asid.__file__)
"""


def run(*command: object, cwd: Path, **environment: str) -> str:
    """Give what a command prints, in a process that finds no package but those of its own Python."""
    own = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=300, cwd=cwd, env=own | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path, kind: str, source: Path = ROOT) -> Path:
    """With the hatchling that is here: nothing is downloaded."""
    run(UV, "build", "-q", "--no-build-isolation", "--python", sys.executable, kind, "-o", folder, source, cwd=folder)
    (made,) = folder.glob("*.whl" if kind == "--wheel" else "*.tar.gz")
    return made


def files(wheel: Path) -> list[str]:
    with ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def venv(folder: Path, wheel: Path) -> Path:
    """An empty environment with what is in `wheel`, and no dependencies of it. Gives its Python."""
    python = folder / "bin" / "python"
    run(UV, "venv", "-q", "--python", sys.executable, folder, cwd=folder.parent)
    run(UV, "pip", "install", "-q", "--python", python, "--no-deps", wheel, cwd=folder.parent)
    return python


def lend(python: Path) -> None:
    """Let an environment use the packages of this one, after its own, but not this one's asid."""
    (site,) = (python.parents[1] / "lib").glob("python*/site-packages")
    borrowed = f"import sys; sys.path.append({str(SITE)!r})\n"  # a plain line would run the .pth of this one's asid
    (site / "borrowed.pth").write_text(borrowed)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return venv(tmp_path_factory.mktemp("installed") / "env", wheel)


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editable")
    build_it = f"from hatchling.build import build_editable; print(build_editable({str(folder)!r}))"
    return venv(folder / "env", folder / run(sys.executable, "-c", build_it, cwd=ROOT).split()[-1])


def test_a_wheel_is_one_package_and_all_of_it(wheel: Path) -> None:
    info = f"asid_verify-{asid.__version__}.dist-info"
    assert wheel.name == f"asid_verify-{asid.__version__}-py3-none-any.whl"
    assert {name.partition("/")[0] for name in files(wheel)} == {"asid", info}
    if (ROOT / ".git").exists():
        kept = run("git", "ls-files", "pipeline", "stages", "prompts", "manifests", cwd=ROOT)
        assert {f"asid/{name}" for name in kept.splitlines()} <= set(files(wheel))
    assert not [name for name in files(wheel) if "__pycache__" in name or "/tests/" in name]
    for name in (
        "asid/py.typed",
        "asid/manifests/demo.yaml",
        "asid/prompts/attributes.yaml",
        "asid/pipeline/run/folder.py",
    ):
        assert name in files(wheel)


def test_a_wheel_has_its_papers(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with ZipFile(wheel) as archive:
        info = f"asid_verify-{asid.__version__}.dist-info"
        said = message_from_bytes(archive.read(f"{info}/METADATA"))
        licence = archive.read(f"{info}/licenses/LICENSE")
    assert said["Version"] == asid.__version__ and said["License-Expression"] == "Apache-2.0"
    assert said["License-File"] == "LICENSE" and licence == (ROOT / "LICENSE").read_bytes()
    assert b"Version 2.0, January 2004" in licence and b"END OF TERMS AND CONDITIONS" in licence
    assert {line.split(", ")[0] for line in said.get_all("Project-URL", [])} == set(project["urls"])
    assert {"Homepage", "Issues", "Changelog"} <= set(project["urls"])


def test_a_source_distribution_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    source = build(tmp_path, "--sdist")
    with tarfile.open(source) as archive:
        assert f"asid_verify-{asid.__version__}/LICENSE" in archive.getnames()
        assert all(member.isfile() for member in archive), "links would lead nowhere on other systems"
    again = build(tmp_path, "--wheel", source)
    assert files(again) == files(wheel)


def test_what_is_installed_is_asid_alone(installed: Path, tmp_path: Path) -> None:
    version, place = run(installed, "-c", IMPORTS, cwd=tmp_path).split()
    assert version == asid.__version__ and Path(place).is_relative_to(installed.parents[1])


def test_an_editable_install_is_asid_alone(editable: Path, tmp_path: Path) -> None:
    version, place = run(editable, "-c", IMPORTS, cwd=tmp_path).split()
    assert version == asid.__version__ and Path(place).resolve() == ROOT / "asid" / "__init__.py"


@pytest.mark.parametrize("kind", ["installed", "editable"])
def test_a_project_with_a_pipeline_and_stages_of_its_own_keeps_them(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    python: Path = request.getfixturevalue(kind)
    lend(python)
    for name in ("pipeline", "stages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n")
    here = {"cwd": tmp_path, "PYTHONPATH": "."}
    told = "import asid.pipeline, asid.stages, pipeline, stages; print(pipeline.MINE, stages.MINE, asid.__file__)"
    *mine, place = run(python, "-c", told, **here).split()
    assert mine == ["True", "True"]
    assert Path(place).resolve() == ROOT / "asid" / "__init__.py" or "site-packages" in place
    command = python.with_name("asid")
    assert "Usage: asid" in run(command, "--help", **here)
    assert run(command, "--version", **here) == f"asid {asid.__version__}\n"
    assert "mine.yaml" in run(command, "manifest", "new", "mine.yaml", **here)

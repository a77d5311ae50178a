"""Weights that travel inside packages: used only when they are the very bytes that were measured."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from asid.pipeline.embedded.weights import FACES, TEXT_LETTERS, TEXT_PLACES, Weights
from asid.pipeline.models.base import Misconfigured

MARK = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "t2_embedded_weights"
    (tmp_path / name / "models").mkdir(parents=True)
    (tmp_path / name / "__init__.py").write_text("raise RuntimeError('nobody has to import it')")
    (tmp_path / name / "models" / "w.onnx").write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_the_file_is_found_without_importing_its_package(package: str, tmp_path: Path) -> None:
    assert Weights(package, "1.0", "models/w.onnx", "W", MARK).path() == tmp_path / package / "models" / "w.onnx"
    assert package not in sys.modules


def test_other_bytes_under_the_same_name_are_refused_with_both_hashes(package: str) -> None:
    with pytest.raises(Misconfigured, match=f"{MARK[:16]}… instead of {'0' * 16}….*install {package}==1.0"):
        Weights(package, "1.0", "models/w.onnx", "W", "0" * 64).path()


def test_a_package_without_the_file_is_named_with_its_pin(package: str) -> None:
    with pytest.raises(Misconfigured, match=f"has no file models/gone.onnx: install {package}==1.0"):
        Weights(package, "1.0", "models/gone.onnx", "W", MARK).path()


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"W needs no_such_package==2\.1, which is not installed"):
        Weights("no_such_package", "2.1", "w", "W", MARK).path()


def test_rows_name_package_model_and_hash() -> None:
    assert Weights("p", "1.0", "f", "W", "abcdef0123").label == "p-1.0/W#abcdef01"


@pytest.mark.parametrize("weights", [FACES, TEXT_PLACES, TEXT_LETTERS])
def test_what_is_pinned_is_what_is_installed(weights: Weights) -> None:
    assert len(weights.sha256) == 64
    assert weights.path().is_file()

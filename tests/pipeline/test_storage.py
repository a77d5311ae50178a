"""Addresses survive any file name; writes are whole; nothing leaves the run folder."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asid.pipeline.storage import Storage, display_name, to_path, to_uri

NAMES = ["plain.mp4", "new\nline.mp4", "a b'\"#1?x=y&%41.mp4", "日本語 🎬.mp4", os.fsdecode(b"\xe9\xff.mp4"), "-rf.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_survives_its_address(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    uri = to_uri(tmp_path / name)
    assert to_path(uri) == tmp_path / name
    assert Storage(tmp_path / "run").read(uri) == b"x"
    uri.encode("ascii")
    display_name(uri).encode("utf-8")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(tmp_path)
    storage.write("run:a/b", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.write("run:a/b", b"new")
    assert storage.read("run:a/b") == b"old" and os.listdir(tmp_path / "a") == ["b"]


def test_addresses_in_the_run_stay_in_the_run(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "run")
    for uri in ("run:../secret", "run:/etc/passwd", "run:a/../../b"):
        with pytest.raises(ValueError, match="leaves the run"):
            storage.read(uri)


def test_listing_is_sorted_and_hides_what_is_being_written(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    for name in ("c", "a", ".partial-x"):
        storage.write(f"run:d/{name}", b"")
    assert list(storage.list("run:d")) == ["a", "c"] and list(storage.list("run:none")) == []
    storage.delete("run:d")
    storage.delete("run:d")
    assert not storage.exists("run:d")


def test_a_folder_that_comes_and_goes_while_it_is_listed_is_no_error(tmp_path: Path) -> None:
    """A reader asks for the verdicts of a run while the first one is being written."""
    storage, folder, over = Storage(tmp_path), tmp_path / "review", threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            folder.mkdir()
            folder.rmdir()

    with ThreadPoolExecutor(1) as other:
        other.submit(come_and_go)
        try:
            assert all(list(storage.list("run:review")) == [] for _ in range(5000))
        finally:
            over.set()

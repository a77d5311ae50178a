"""Wrong starts end at once, say what to do, and leave everything as it was."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from tests.kits.starts import Start, attempt, contents, starts, world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def known(place: Path) -> dict[str, Start]:
    with world(place) as made:
        yield {start.name: start for start in made}


@pytest.mark.parametrize("name", [start.name for start in starts("")])
def test_a_wrong_start_is_told_and_touches_nothing(name: str, place: Path, known: dict[str, Start]) -> None:
    before = contents(place)
    done = attempt(known[name], place)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert re.search(known[name].says, said), said
    assert "Traceback" not in said
    assert contents(place) == before and not (place / "ray").exists()


def test_the_same_line_works_once_the_reason_is_gone(tmp_path: Path) -> None:
    with world(tmp_path) as made, tempfile.TemporaryDirectory(prefix="r") as ray:  # short: sockets lie in it
        start = next(start for start in made if start.name == "an empty folder")
        assert attempt(start, tmp_path).returncode == 2
        (tmp_path / "one" / "a.mp4").rename(tmp_path / "empty" / "a.mp4")
        done = attempt(start, tmp_path, ray)
    assert done.returncode in (0, 1) and "1 video" in done.stdout, done.stdout + done.stderr

"""What a killed process has left goes with the next one; what a living one is at stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from asid.pipeline import scratch
from asid.pipeline.models.layers import notices
from asid.pipeline.storage import Storage

HOLD = """
import sys, time
from pathlib import Path
from asid.pipeline.storage import Storage
storage = Storage(sys.argv[1])
folder = storage.scratch()
(Path(folder.name) / "half.mp4").write_bytes(b"half")
handle, name = storage._partial(Path(sys.argv[1]) / "media" / "clip.mp4")
print("there", flush=True)
time.sleep(1000)
"""


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_what_a_killed_process_left_is_cleared_once_it_is_dead(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    storage = Storage(tmp_path)
    storage.write("run:work/00000.parquet", b"rows")
    storage.clear_scratch()
    assert len(left(tmp_path)) == 3, "it lives, and is at work"
    holder.kill()
    holder.wait()
    storage.clear_scratch()
    assert left(tmp_path) == ["work/00000.parquet"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_is_nobodys_scratch_stays(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    for name in ("mine.txt", ".partial-abc", "asid-notes-1-x", f"{scratch.owned('asid-')}x"):
        (folder / name).write_text("x")
    other = folder / "asid-00000000-1-x"  # of another machine
    other.write_text("x")
    before = left(tmp_path)
    Storage(tmp_path).clear_scratch()
    assert left(tmp_path) == before
    old = time.time() - 2 * scratch.FOREIGN
    os.utime(other, (old, old))
    Storage(tmp_path).clear_scratch()
    assert left(tmp_path) == sorted(set(before) - {"scratch/asid-00000000-1-x"})


def test_a_link_among_scratch_files_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "film.mp4").write_text("x")
    folder = tmp_path / "run" / "scratch"
    folder.mkdir(parents=True)
    dead = scratch.owned("asid-").rsplit("-", 2)[0] + "-4194304999-x"
    (folder / dead).symlink_to(tmp_path / "precious")
    Storage(tmp_path / "run").clear_scratch()
    assert left(tmp_path) == ["precious/film.mp4"]


def test_waits_of_the_killed_are_forgotten(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    said = json.dumps({"said": "verify/00000 waits", "at": time.time()}).encode()
    storage.write(f"{notices.FOLDER}/verify.00000.json", said)
    assert notices.waits(storage) == ["verify/00000 waits"]
    notices.clear(storage)
    assert notices.waits(storage) == []
    notices.clear(Storage(tmp_path / "none"))

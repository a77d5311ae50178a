"""Files on disk: walked to their end in one order, links followed once, nothing opened that could hang."""

from __future__ import annotations

import os
import socket
from collections import Counter
from pathlib import Path

import pytest

from asid.pipeline.inputs.folders import Found, braces, look, walk


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def walked(root: Path, skipped: Counter[str] | None = None) -> list[tuple[str, str]]:
    found = walk(root, Counter() if skipped is None else skipped)
    return [(one.path.relative_to(root).as_posix(), one.kind) for one in found]


def test_files_of_a_folder_come_before_those_of_its_folders_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp4", "a/2.mp4", "a/1.mp4", "a/deep/0.mp4", "c/1.mp4", "z.mp4")
    names = [name for name, _ in walked(tmp_path)]
    assert names == ["b.mp4", "z.mp4", "a/1.mp4", "a/2.mp4", "a/deep/0.mp4", "c/1.mp4"]


def test_what_lies_beside_videos_is_counted_by_its_ending(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.srt", "b.srt", "notes.txt", ".git/x.mp4", "@eaDir/a.mp4")
    skipped: Counter[str] = Counter()
    assert walked(tmp_path, skipped) == [("a.mp4", "")]
    assert skipped == {".srt": 2, ".txt": 1, ".git/": 1, "@eaDir/": 1}


def test_a_folder_with_the_name_of_a_video_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4/inside.mp4")
    assert walked(tmp_path) == [("film.mp4", "folder")]


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.mp4", "other/b.mp4")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    (tmp_path / "in/more").symlink_to(tmp_path / "other")
    (tmp_path / "in/more2").symlink_to(tmp_path / "other")
    (tmp_path / "in/gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "in/self.mp4").symlink_to(tmp_path / "in/self.mp4")
    skipped: Counter[str] = Counter()
    assert walked(tmp_path / "in", skipped) == [
        ("a.mp4", ""),
        ("gone.mp4", "dangling_link"),
        ("self.mp4", "link_loop"),
        ("again", "link_loop"),
        ("more/b.mp4", ""),
    ]
    assert skipped == {"(link to a folder that is listed)": 1}


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_what_is_no_file_is_named_for_what_it_is(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    if kind == "pipe":
        os.mkfifo("x.mp4")
    else:
        socket.socket(socket.AF_UNIX).bind("x.mp4")
    found = look(tmp_path / "x.mp4")
    assert found.kind == "not_a_file" and kind in found.reason


def test_looking_tells_size_and_change(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    one = look(tmp_path / "a.mp4")
    assert (one.size, one.folder, one.kind) == (1, False, "")
    (tmp_path / "a.mp4").write_bytes(b"longer")
    assert look(tmp_path / "a.mp4").stamp != one.stamp
    assert look(tmp_path).folder


@pytest.mark.parametrize("path", ["none.mp4", "a.mp4/inside.mp4", "x" * 300])
def test_what_is_not_there_is_missing(tmp_path: Path, path: str) -> None:
    touch(tmp_path, "a.mp4")
    found = look(tmp_path / path)
    assert isinstance(found, Found) and found.kind == "missing"


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("plain.mp4", ["plain.mp4"]),
        ("s-{08..11}.tar", ["s-08.tar", "s-09.tar", "s-10.tar", "s-11.tar"]),
        ("{2..0}", ["2", "1", "0"]),
        ("{a,b}/{1..2}.mp4", ["a/1.mp4", "a/2.mp4", "b/1.mp4", "b/2.mp4"]),
        ("{a,}x", ["ax", "x"]),
        ("{a}", ["{a}"]),
        ("a{{b,c}}", ["a{b}", "a{c}"]),
        ("", [""]),
    ],
)
def test_braces_are_written_out(pattern: str, names: list[str]) -> None:
    assert braces(pattern) == names

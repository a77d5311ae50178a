"""What lies beside videos is passed over and counted; half a download is no video, wherever its name comes from."""

from __future__ import annotations

import io
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from asid.pipeline.inputs.base import InputConfig, Listed
from asid.pipeline.inputs.beside import passed_over
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage
from tests.servers.s3 import buckets

BESIDE = {
    "AppleDouble": ["._x.mp4", "._.DS_Store", "._x"],
    "half a download": [
        "x.mp4.part", "x.mp4.crdownload", "Unconfirmed 12345.crdownload", "x.mp4.!ut", "x.mkv.!qB", "x.avi.bc!",
        "x.f137.mp4.part", "x.mp4.part-Frag3", "x.mp4.part-Frag3.part", "x.mp4.ytdl", "x.temp.mp4", "x.mp4.aria2",
        "001.part.met", "x.mp4.opdownload", "x.mp4.download", "x.mp4.partial", "x.mp4.filepart", "x.mp4.tmp",
        ".x.mp4.Ab3dEf", "x.mp4.6eF5b5dA", "x.mp4.incomplete", "x.mp4.fdmdownload", "x.mp4.baiduyun.p.downloading",
        ".syncthing.x.mp4.tmp", ".x.mp4.icloud", "x.mp4.xltd", "x.MP4.PART",
    ],
    "cameras": [
        "GX010001.LRV", "GX010001.THM", "DJI_0001.LRF", "DJI_0001.SRT", "C0001M01.XML", "C0001R01.BIM", "C0001S03.MP4",
        "MEDIAPRO.XML", "INDEX.MIF", "MVI_0001.THM", "A001C001.CPF", "A001.CIF", "00000.CPI", "INDEX.BDM",
        "MOVIEOBJ.BDM", "00001.MPL", "MOV001.MOI", "LRV_20230101_120000_11_001.insv", "YDXJ0001_thm.mp4",
        "VIRB0001.GLV", "VTS_01_0.IFO", "VTS_01_0.BUP", "IMG_0001.AAE", "x_Proxy.mov",
    ],
    "systems": [
        ".DS_Store", "Thumbs.db", "ehthumbs_vista.db", "desktop.ini", ".nomedia", "_SUCCESS", ".part-0.parquet.crc",
        ".#x.mp4", ".nfs0000000000a1b2c300000001", ".picasa.ini", "x.mp4.md5", "x.torrent", "poster.avif", "x.tbn",
    ],
}  # fmt: skip
APART = [
    "@eaDir", "#recycle", "#snapshot", "@Recycle", ".@__thumb", "__MACOSX", ".Trash", ".Trashes", ".Trash-1000",
    "$RECYCLE.BIN", "System Volume Information", "lost+found", "LOST.DIR", "FOUND.000", ".Spotlight-V100", ".fseventsd",
    ".git", ".svn", ".hg", ".snapshot", ".zfs", ".AppleDouble", ".stversions", "_temporary", "z.mp4.download", "Proxy",
    "THMBNL", "Network Trash Folder",
]  # fmt: skip
VIDEOS = [
    "a.mp4", ".hidden.mp4", "no_extension", "unknown.xyz", "x.mp4.1", "party.mp4", "my.part.mp4", "temp.mp4",
    "download.mp4", "C0001.MP4", "first.mov", "GS010001.360", "VID_20230101_10_001.insv", "Part", "part-1.mkv",
    "proxy.mp4", "GH010001.MP4", "deadbeef.mp4", "x.counterpart",
]  # fmt: skip


@pytest.mark.parametrize("name", [name for kind in BESIDE.values() for name in kind])
def test_names_of_what_is_no_video(name: str) -> None:
    assert passed_over(name)
    assert passed_over(f"folder/{name}")


@pytest.mark.parametrize("name", VIDEOS)
def test_names_of_what_may_be_one(name: str) -> None:
    assert not passed_over(name)
    assert not passed_over(f"trash/Season 1.part/{name}")


def listing(path: Path | str, root: Path) -> tuple[list[str], list[str], Counter[str]]:
    """Names of videos, names and kinds of failures, and what was passed over."""
    skipped: Counter[str] = Counter()
    found = list(list_inputs([InputConfig(path=os.fspath(path))], Storage(root / "run"), skipped))
    videos = [row.name for row in found if isinstance(row, Listed)]
    return videos, [f"{row.name} {row.kind}" for row in found if isinstance(row, Failure)], skipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "videos"
    top.mkdir()
    for name in (name for kind in BESIDE.values() for name in kind):
        (top / name).write_bytes(b"x")
    for name in APART:
        (top / name / "x.mp4").mkdir(parents=True)  # as NAS systems do: a folder for each video
        (top / name / "y.mp4").write_bytes(b"y")
    (top / "good.mp4").write_bytes(b"good")
    (top / "inner").mkdir()
    (top / "inner" / "._good.mp4").write_bytes(b"x")
    (top / "inner" / "better.mp4").write_bytes(b"better")
    return top


def test_a_folder_of_everything(folder: Path) -> None:
    videos, failures, skipped = listing(folder, folder.parent)
    assert (videos, failures) == (["good.mp4", "better.mp4"], [])
    assert sum(skipped.values()) == sum(map(len, BESIDE.values())) + len(APART) + 1
    assert skipped["._*"] == len(BESIDE["AppleDouble"]) + 1
    assert skipped["@eaDir/"] == skipped[".lrv"] == skipped[".aria2"] == 1
    assert skipped[".part"] == 4


def test_a_pattern_that_finds_everything(folder: Path) -> None:
    videos, failures, skipped = listing(folder / "**" / "*", folder.parent)
    assert (videos, failures) == (["good.mp4", "better.mp4", "better.mp4"], [])  # `inner` too is found, and walked
    assert skipped["._*"] > 3
    videos, failures, _ = listing(folder / "**" / "*.mp4", folder.parent)
    assert (videos, failures) == (["good.mp4", "better.mp4"], [])
    assert listing(folder / "*.LRV", folder.parent)[0] == ["GX010001.LRV"]  # asked for by name
    assert listing(folder / ".Trash-1000", folder.parent)[0] == ["y.mp4"]


@pytest.mark.parametrize("name", ["x.mp4.part", "x.mp4.crdownload", "x.temp.mp4", ".x.mp4.Ab3dEf"])
def test_half_a_download_that_is_named_is_refused(folder: Path, name: str) -> None:
    assert listing(folder / name, folder.parent)[:2] == ([], [f"{name} partial_download"])
    (folder / "l.txt").write_text(f"{name}\ns3://bucket/{name}\n")
    assert listing(folder / "l.txt", folder.parent)[:2] == ([], [f"{name} partial_download"] * 2)


@pytest.mark.parametrize("control", [".aria2", ".ytdl", ".lftp-pget-status", ".part"])
def test_a_file_that_still_grows_is_no_video(tmp_path: Path, control: str) -> None:
    """Some programs give a file its final name at once, and keep another beside it until it is whole."""
    top = tmp_path / "videos"
    top.mkdir()
    (top / "a.mp4").write_bytes(b"" if control == ".part" else b"half")
    (top / f"a.mp4{control}").write_bytes(b"x")
    (top / "b.mp4").write_bytes(b"whole")
    assert listing(top, tmp_path) == (["b.mp4"], [], Counter({control: 2}))
    assert listing(top / "*.mp4", tmp_path) == (["b.mp4"], [], Counter({control: 1}))
    assert listing(top / "a.mp4", tmp_path)[:2] == ([], ["a.mp4 partial_download"])
    (top / "l.txt").write_text("a.mp4\nb.mp4\n")
    assert listing(top / "l.txt", tmp_path)[:2] == (["b.mp4"], ["a.mp4 partial_download"])


def test_what_is_no_file_and_no_video(tmp_path: Path) -> None:
    """A pipe or a broken link that is no video by its name is not told as a video that failed."""
    top = tmp_path / "videos"
    top.mkdir()
    os.mkfifo(top / "a.srt")
    (top / "b.txt").symlink_to("nowhere")
    (top / ".#c.mp4").symlink_to("somebody@somewhere.1234")  # an editor's lock
    (top / "d.mp4").symlink_to("nowhere")
    assert listing(top, tmp_path)[:2] == ([], ["d.mp4 dangling_link"])


def test_members_of_a_tar(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        for name in ("a.mp4", "._a.mp4", "__MACOSX/a.mp4", "b.mp4.part", "c/@eaDir/x.mp4", "c.LRV", "a.jpg"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    videos, failures, skipped = listing(tmp_path / "s.tar", tmp_path)
    assert (videos, failures) == (["s.tar/a.mp4"], [])
    assert skipped == {"._*": 1, "__MACOSX/": 1, ".part": 1, "@eaDir/": 1, ".lrv": 1, ".jpg": 1}


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "cloud" / "vids"
    for name in (
        "a.mp4",
        "._a.mp4",
        "#recycle/b.mp4",
        "c.mp4",
        "c.mp4.aria2",
        "d.mp4.part",
        "t/part-0.csv",
        "t/_SUCCESS",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"path,t\ns3://vids/a.mp4,x\n")
    with buckets(tmp_path / "cloud", monkeypatch):
        yield root


def test_a_bucket(bucket: Path, tmp_path: Path) -> None:
    for path in ("s3://vids", "s3://vids/**/*"):
        videos, failures, skipped = listing(path, tmp_path)
        assert (videos, failures) == (["a.mp4"], [])
        assert skipped == {"._*": 1, "#recycle/": 1, ".aria2": 2, ".part": 1, ".csv": 1, "_SUCCESS": 1}
    assert listing("s3://vids/t", tmp_path)[:2] == (["a.mp4"], [])

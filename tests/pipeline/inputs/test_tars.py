"""Members of a WebDataset tar as inputs: their addresses, what lies beside them, and headers that mean harm."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from asid.pipeline.inputs.base import InputConfig, Listed
from asid.pipeline.inputs.tars import copy_member, is_member, is_tar, read_tar
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage, to_uri


def tar(file: Path, members: list[tuple[str, bytes]]) -> str:
    with tarfile.open(file, "w") as out:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return to_uri(file)


def read(uri: str, skipped: Counter[str] | None = None) -> list[Listed | Failure]:
    return list(
        read_tar(uri, InputConfig(path=uri, licence="MIT"), Storage("/tmp"), Counter() if skipped is None else skipped)
    )


def test_a_sample_s_json_and_text_are_its_tags_and_no_other_s(tmp_path: Path) -> None:
    uri = tar(
        tmp_path / "s.tar",
        [
            ("a/1.json", json.dumps({"title": "one", "licence": "CC0"}).encode()),
            ("a/1.mp4", b"first"),
            ("a/1.txt", b"words"),
            ("a/2.mp4", b"second"),
            ("a/2.left.mkv", b"third"),
            ("a/2.jpg", b"x"),
        ],
    )
    skipped: Counter[str] = Counter()
    one, two, left = read(uri, skipped)
    assert isinstance(one, Listed) and isinstance(two, Listed) and isinstance(left, Listed)
    assert (one.name, one.licence, one.tags) == ("s.tar/a/1.mp4", "CC0", {"title": "one", "text": "words"})
    assert (two.licence, two.tags, left.tags) == ("MIT", {}, {})
    assert skipped == {".jpg": 1}


@pytest.mark.parametrize("side", [b"{", b"[1]", b"7", b"[" * 100_000])
def test_json_that_is_no_object_is_kept_as_text(tmp_path: Path, side: bytes) -> None:
    (row,) = read(tar(tmp_path / "s.tar", [("1.mp4", b"x"), ("1.json", side)]))
    assert isinstance(row, Listed) and row.tags == {"json": side.decode()}


@pytest.mark.parametrize("name", ["plain.mp4", "with space#and@marks+1.mp4", "ünï🎬.mp4", "deep/er/x.mp4"])
def test_an_address_leads_back_to_the_bytes(tmp_path: Path, name: str) -> None:
    data = name.encode() * 1000
    uri = tar(tmp_path / "odd #1@2+3.tar", [("0.mp4", b"before"), (name, data), ("z.mp4", b"after")])
    (row,) = (row for row in read(uri) if row.name.endswith(f"/{name}"))
    assert isinstance(row, Listed) and is_member(row.uri) and not is_tar(row.uri)
    copy_member(row.uri, tmp_path / "copy", Storage(tmp_path))
    assert (tmp_path / "copy").read_bytes() == data


def test_a_tar_that_has_become_shorter_gives_no_half_video(tmp_path: Path) -> None:
    uri = tar(tmp_path / "s.tar", [("1.mp4", b"x" * 5000)])
    (row,) = read(uri)
    assert isinstance(row, Listed)
    data = (tmp_path / "s.tar").read_bytes()
    (tmp_path / "s.tar").write_bytes(data[:3000])
    with pytest.raises(EOFError, match=f"ends {5000 - (3000 - 512)} bytes before"):
        copy_member(row.uri, tmp_path / "copy", Storage(tmp_path))
    (failure,) = read(uri)
    assert isinstance(failure, Failure) and failure.kind == "cut_short"
    with pytest.raises(ValueError, match="not the address of a tar member"):
        copy_member(uri, tmp_path / "copy", Storage(tmp_path))


def test_links_are_refused_and_folders_are_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as out:
        folder, link = tarfile.TarInfo("d"), tarfile.TarInfo("d/out.mp4")
        folder.type, link.type, link.linkname = tarfile.DIRTYPE, tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(folder)
        out.addfile(link)
    (failure,) = read(to_uri(tmp_path / "s.tar"))
    assert isinstance(failure, Failure) and (failure.kind, failure.name) == ("not_a_file", "s.tar/d/out.mp4")


def test_what_is_no_tar_is_one_failure(tmp_path: Path) -> None:
    (tmp_path / "s.tar").write_bytes(b"not a tar" * 100)
    (failure,) = read(to_uri(tmp_path / "s.tar"))
    assert isinstance(failure, Failure) and failure.kind == "bad_tar"


@pytest.mark.parametrize(
    ("address", "tar_", "member"),
    [
        ("a.TAR", True, False),
        ("a.tar.gz", False, False),
        ("s3://b/a.tar#x@1+2", False, True),
        ("a.tar#x", False, False),
        ("a.tar#x@1", False, False),
        ("", False, False),
    ],
)
def test_addresses_of_tars_and_of_their_members(address: str, tar_: bool, member: bool) -> None:
    assert (is_tar(address), is_member(address)) == (tar_, member)

"""Lines of a list: their numbers, their encoding, what is packed, and addresses one a line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma

import pyarrow as pa
import pytest

from asid.pipeline.inputs import readers
from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.readers import BadRow, Broken, Lines, encoding_of, read_addresses


def lines(data: bytes, packing: str = "") -> Lines:
    return Lines(io.BytesIO(data), packing)


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("é,b", "utf-8", "utf-8"),
        ("é,b", "utf-8-sig", "utf-8-sig"),
        ("é,b", "utf-16", "utf-16"),
        ("ab,c", "utf-16-le", "utf-16-le"),
        ("ab,c", "utf-16-be", "utf-16-be"),
        ("é,b", "utf-32", "utf-32"),
        ("", "utf-8", "utf-8"),
        ("a", "utf-8", "utf-8"),
    ],
)
def test_encodings_are_told_by_the_first_bytes(text: str, encoding: str, name: str) -> None:
    data = text.encode(encoding)
    assert encoding_of(data) == name
    assert [line.lstrip("\ufeff") for line in lines(data)] == ([text] if text else [])


@pytest.mark.parametrize(
    ("packing", "pack"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zst)],
)
def test_lines_have_their_numbers_whatever_they_are_packed_in(packing: str, pack) -> None:  # type: ignore[no-untyped-def]
    reader = lines(pack(b"a\r\nb\n\nc"), packing)
    assert [(reader.number, line) for line in reader] == [(1, "a\r\n"), (2, "b\n"), (3, "\n"), (4, "c")]


def test_a_file_that_breaks_off_gives_what_was_there_before() -> None:
    data = gzip.compress(b"".join(b"line %d\n" % number for number in range(50_000)), compresslevel=0)
    reader, found = lines(data[: len(data) // 2], ".gz"), list[str]()
    with pytest.raises(Broken, match="breaks off"):
        found.extend(reader)  # what was given before the end stays
    assert len(found) > 10_000
    assert found == [f"line {number}\n" for number in range(len(found))]


def test_what_is_not_packed_as_it_says_is_told() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        lines(b"plain text", ".gz")


def test_a_line_without_end_is_cut_and_the_next_one_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "LONGEST", 10)
    reader = lines(b"short\n" + b"x" * 100 + b"\nnext\n")
    assert [(reader.number, line.strip()[:5], reader.too_long) for line in reader] == [
        (1, "short", False),
        (2, "xxxxx", True),
        (3, "next", False),
    ]


def test_pictures_are_no_text_and_utf_16_is() -> None:
    assert not lines(b"\x89PNG\0\0").is_text
    assert not lines(b"").is_text
    assert lines("ab".encode("utf-16")).is_text
    assert lines(b"plain").is_text


def test_addresses_stand_one_a_line_between_remarks() -> None:
    found = list(read_addresses(lines(b"# of 2020\n a.mp4\t\r\n\n#skip\nb c.mp4\nfile 'x'\n")))
    assert found == [(2, "a.mp4"), (5, "b c.mp4"), (6, "file 'x'")]


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"file 'a.mp4'\n", "concat"), (b"ffconcat version 1.0\n", "concat"), (b"#EXTM3U\na.mp4\n", "playlist")],
)
def test_scripts_and_playlists_are_no_lists(text: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        list(read_addresses(lines(text)))


def test_a_list_of_addresses_that_breaks_off_names_the_line_that_is_lost() -> None:
    data = gzip.compress(b"a.mp4\n" * 50_000, compresslevel=0)
    *_, (number, last) = read_addresses(lines(data[:60_000], ".gz"))
    assert isinstance(last, BadRow) and "breaks off" in str(last)
    assert 1000 < int(number) < 50_000

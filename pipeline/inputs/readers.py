"""Rows out of files as lists come: CSV, TSV, JSON, lines of text and Parquet, compressed or not. Every row has the
number by which a person finds it; what cannot be read is a BadRow with its own number, and the rest goes on."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import BufferedReader, RawIOBase, TextIOWrapper
from typing import Any, BinaryIO

import pyarrow as pa

from asid.pipeline.inputs.base import InputError

LONGEST = 64 << 20  # characters of a line or a cell
HEAD = 4096
BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, pa.ArrowException)
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


class BadRow(Exception):
    """A line of a list that cannot be read; the lines after it can."""


Values = dict[str, Any]
Numbered = tuple[int | str, Values | str | BadRow]  # a text alone is an address
Check = Callable[[Sequence[str]], str]  # from the names of columns to that of addresses; raises InputError
PACKED: dict[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: pa.CompressedInputStream(file, "zstd"),
    ".lz4": lambda file: pa.CompressedInputStream(file, "lz4"),
}


class _Raw(RawIOBase):
    """Gives what is there before it says that a file breaks off."""

    def __init__(self, source: Any):
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Broken(InputError):
    """The file ends or breaks before its text does."""


class Lines:
    """The lines of a text, bounded in length; `number` is that of the last one given. Raises Broken in the middle."""

    def __init__(self, file: BinaryIO, packing: str):
        self.number = 0
        self.too_long = False  # whether the last one was, and was cut
        try:
            plain = BufferedReader(_Raw(PACKED[packing](file) if packing else file), HEAD * 16)
            head = plain.peek(HEAD)
        except BROKEN as error:
            raise InputError(f"it cannot be read: {error or type(error).__name__}") from error
        self.head = head
        self.encoding = encoding_of(head)
        errors = "surrogateescape" if self.encoding.startswith("utf-8") else "replace"
        self._text = TextIOWrapper(plain, self.encoding, errors, newline="")

    @property
    def is_text(self) -> bool:
        """Whether the file is text, by its beginning."""
        return bool(self.head) and (b"\0" not in self.head or not self.encoding.startswith("utf-8"))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self.too_long = self._read(), False
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LONGEST:
            self.too_long = True
            while (more := self._read()) and not more.endswith(("\n", "\r")):
                pass
        return line

    def _read(self) -> str:
        try:
            return self._text.readline(LONGEST + 1)
        except BROKEN as error:
            raise Broken(f"the file breaks off: {error or type(error).__name__}") from error


def encoding_of(head: bytes) -> str:
    """UTF-8, unless marks or zeros at the start say otherwise. Excel and PowerShell write UTF-16."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return "utf-8-sig" if name == "utf-8" else name
    if len(head) >= 4 and head[:4].count(0) == 2 and not (head[0] and head[1]):
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return "utf-8"


def read_addresses(lines: Lines) -> Iterator[Numbered]:
    """One address a line; a line that begins with `#` is a remark."""
    started = False
    try:
        for line in lines:
            words = line.strip("\r\n \t")
            if not started and re.match(r"ffconcat\b|file\s+['\"\w/]", words):
                raise InputError("it is a script for ffmpeg's concat, not a list of addresses, one a line")
            if not started and words.startswith("#EXTM3U"):
                raise InputError("it is a playlist, not a list of addresses, one a line")
            if not words or words.startswith("#"):
                continue
            started = True
            yield lines.number, BadRow(f"longer than {LONGEST >> 20} Mi characters") if lines.too_long else words
    except Broken as error:
        yield lines.number + 1, BadRow(str(error))

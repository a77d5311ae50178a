"""Lists of videos: CSV, TSV, JSON, JSONL, Parquet and addresses one a line, compressed or in parts. One column is the
address, the others are tags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from asid.pipeline.inputs.base import COLUMNS, InputConfig, InputError, Listed, ending, listed, refused, text
from asid.pipeline.inputs.beside import is_growing, is_partial
from asid.pipeline.inputs.delimited import read_delimited
from asid.pipeline.inputs.folders import look
from asid.pipeline.inputs.json_rows import read_json
from asid.pipeline.inputs.readers import PACKED, BadRow, Check, Lines, Numbered, read_addresses
from asid.pipeline.inputs.tables import read_parquet, table_parts
from asid.pipeline.rows import Failure
from asid.pipeline.storage import REMOTE, Storage, display_name, to_path, to_uri

ENDINGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
NAMED_ONLY = frozenset({".json", ".txt", ".lst", ".list"})  # read where they are named themselves, not found by `*`
OTHER = {
    ".xlsx": "an Excel workbook", ".xls": "an Excel workbook", ".ods": "a spreadsheet", ".arrow": "an Arrow file",
    ".feather": "an Arrow file", ".orc": "an ORC table", ".avro": "an Avro file", ".m3u": "a playlist",
    ".m3u8": "a playlist", ".pls": "a playlist", ".xspf": "a playlist", ".sqlite": "a database", ".db": "a database",
    ".pkl": "a pickle, which is never opened", ".npy": "a NumPy array", ".yaml": "a YAML file", ".yml": "a YAML file",
    ".xml": "an XML file", ".zip": "an archive: unpack it", ".7z": "an archive: unpack it",
    ".rar": "an archive: unpack it", ".tgz": "a compressed tar: unpack it to a plain .tar",
}  # fmt: skip
UNFINISHED = "a download that has not come to its end"
PATIENCE = 1000  # rows without an address after which a list is taken for one without a column of them


def is_list(address: str) -> bool:
    """Whether a file that is named itself is read as a list, or named as one that cannot be."""
    kind, packing = kind_of(address)
    return kind in ENDINGS | NAMED_ONLY | OTHER.keys() or (packing != "" and kind == ".tar")


def is_plain_list(address: str) -> bool:
    """Whether a file is a list by its name alone, also where a pattern finds it."""
    return kind_of(address)[0] in ENDINGS


def kind_of(address: str) -> tuple[str, str]:
    """The ending of a list, and of how it is compressed."""
    last = ending(address)
    return (ending(address[: -len(last)]), last) if last in PACKED else (last, "")


def read_list(uri: str, config: InputConfig, storage: Storage) -> Iterator[Listed | Failure]:
    """The videos of the list at `uri`. A relative path counts from the list's folder.

    Raises InputError when no column holds addresses; a row that is wrong is a Failure and the others go on."""
    kind, _ = kind_of(uri)
    if kind in NAMED_ONLY and not _is_text(uri, storage):
        yield listed(uri, config)  # whatever it is called
        return
    empty = True
    for found in _read(uri, uri.rpartition("/")[0], {}, config, storage):
        empty = False
        yield found
    if empty:
        yield refused(uri, "empty_list", "a list without a row")


def read_parts(folder: str, paths: Iterable[str], config: InputConfig, storage: Storage) -> Iterator[Listed | Failure]:
    """The videos of a table that lies at `folder` in parts, by their paths in it; nothing when it is no such table. A
    relative path counts from where the folder lies, as from any list."""
    parts = table_parts(paths, ENDINGS | {".json", ".txt"})
    empty = bool(parts)
    for path, columns in parts:
        uri = to_uri(to_path(folder) / path) if folder.startswith("file://") else f"{folder}/{path}"
        for found in _read(uri, folder.rpartition("/")[0], columns, config, storage):
            empty = False
            yield found
    if empty:
        yield refused(folder, "empty_list", "a list without a row")


def files_below(folder: Path) -> Iterator[str]:
    """Paths of the files in a folder, for one that holds few others: links are not followed."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.relpath(os.path.join(top, name), folder)


def _read(
    uri: str, folder: str, more: Mapping[str, Any], config: InputConfig, storage: Storage
) -> Iterator[Listed | Failure]:
    column = ""
    names: list[str] = []  # of the first row that has no column of addresses
    waiting: list[Listed | Failure] = []  # until there is an address
    settled = False
    try:
        for number, row in _numbered(uri, storage, partial(_column, config=config)):
            where, at = f"{display_name(uri)}:{number}", f"{uri}#{number}"
            if isinstance(row, dict) and not column:
                column = _column_or_none(row, config)
                names = names or list(row)
            found = _entry(row, column, at, where, folder, more, config)
            settled = settled or bool(column) or isinstance(row, str)
            waiting.append(found)
            if settled:
                yield from waiting
                waiting.clear()
            elif names and len(waiting) > PATIENCE:
                break
        if names and not settled:
            _column(names, config)
        yield from waiting
    except InputError as error:
        raise InputError(f"{display_name(uri)}: {error}") from error
    except OSError as error:
        raise InputError(f"{display_name(uri)} cannot be read: {error.strerror or error}") from error


def _entry(
    row: dict[str, Any] | str | BadRow,
    column: str,
    at: str,
    where: str,
    folder: str,
    more: Mapping[str, Any],
    config: InputConfig,
) -> Listed | Failure:
    """The row as an input; or, by its place in the list, what is wrong with it."""
    if isinstance(row, BadRow):
        return refused(at, "bad_row", str(row), where)
    address: Any = row
    rest = dict(more)
    if isinstance(row, dict):
        rest |= row
        address = rest.pop(column, None)
        if isinstance(address, dict):  # as `datasets` stores a video
            address = address.get("path")
    if not isinstance(address, str) or not address.strip():
        reason = f"nothing in its column {column!r}" if column else f"no column {_wanted(config)}"
        return refused(at, "bad_row", reason if isinstance(row, dict) else "an empty text", where)
    try:
        return entry(address.strip(), folder, config, rest)
    except ValueError as error:
        return refused(at, "bad_row", str(error), where)


def entry(address: str, folder: str, config: InputConfig, row: dict[str, Any]) -> Listed | Failure:
    """A row for an address out of a list in `folder`; what is on local disk is looked at. Raises ValueError for what
    can be no address, or a row that can be no tags."""
    if not address.startswith(REMOTE):
        scheme, separator, _ = address.partition("://")
        if separator and scheme.isalnum() and scheme != "file":
            return refused(text(address), "unsupported", f"{scheme}:// is not read: use a path, s3:// or gs://")
        if address.startswith("file://") or os.path.isabs(address) or not folder.startswith(REMOTE):
            return _local(address, folder, config, row)
        address = f"{folder}/{address}"
    if not urlsplit(address).path.strip("/"):
        raise ValueError(f"{address} names no file in a bucket")
    name = address.rpartition("/")[2]
    if is_partial(name):
        return refused(text(address), "partial_download", UNFINISHED)
    return listed(text(address), config, row)


def _local(address: str, folder: str, config: InputConfig, row: dict[str, Any]) -> Listed | Failure:
    try:
        path = to_path(address) if address.startswith("file://") else Path(os.path.join(to_path(folder), address))
        address = to_uri(path)
    except UnicodeEncodeError as error:
        raise ValueError("half a character in its address, which no name of a file can hold") from error
    found = look(path)
    if found.kind or found.folder:
        return refused(address, found.kind or "folder", found.reason or "a folder, not a file")
    if is_partial(path.name) or is_growing(path.name, found.size, lambda name: os.path.lexists(path.with_name(name))):
        return refused(address, "partial_download", UNFINISHED)
    return listed(address, config, row, stamp=found.stamp)


def _column(names: Sequence[str], config: InputConfig) -> str:
    """The column of the addresses. Raises InputError when there is none."""
    wanted = (config.column,) if config.column else COLUMNS
    for name in wanted:
        if name in names:
            return name
    for name in wanted:
        for other in names:
            if other.strip().casefold() == name.casefold():
                return other
    shown = ", ".join(text(name) for name in names) or "none"
    if config.column:
        raise InputError(f"it has no column {config.column!r}; it has {shown}")
    raise InputError(f"it has none of the columns {', '.join(COLUMNS)}, only {shown}: set `column`")


def _column_or_none(row: dict[str, Any], config: InputConfig) -> str:
    try:
        return _column(list(row), config)
    except InputError:
        return ""


def _wanted(config: InputConfig) -> str:
    return repr(config.column) if config.column else ", ".join(COLUMNS)


def _numbered(uri: str, storage: Storage, check: Check) -> Iterator[Numbered]:
    """Rows with the number a person would look for: the line of a text, the row of a table."""
    kind, packing = kind_of(uri)
    if kind in OTHER or kind == ".tar":
        what = OTHER.get(kind, "a compressed tar: unpack it to a plain .tar")
        raise InputError(f"it is {what}; lists are CSV, TSV, JSONL, JSON, Parquet, or addresses one a line in .txt")
    if kind == ".parquet":
        if packing:
            raise InputError("it is a compressed Parquet table: unpack it")
        yield from read_parquet(uri, storage, check)
        return
    with storage.open(uri) as file:
        lines = Lines(file, packing)
        if kind in (".csv", ".tsv"):
            yield from read_delimited(lines, kind == ".tsv", check)
        elif kind in (".jsonl", ".ndjson", ".json"):
            yield from read_json(lines, kind == ".json", check)
        else:
            yield from read_addresses(lines)


def _is_text(uri: str, storage: Storage) -> bool:
    try:
        with storage.open(uri) as file:
            return Lines(file, kind_of(uri)[1]).is_text
    except OSError as error:
        raise InputError(f"{display_name(uri)} cannot be read: {error.strerror or error}") from error
    except InputError as error:
        raise InputError(f"{display_name(uri)}: {error}") from error

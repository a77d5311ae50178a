"""Lists of videos: CSV, TSV, JSONL and Parquet. One column is the address, the others are tags."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

from asid.pipeline import shards
from asid.pipeline.inputs.base import COLUMNS, InputConfig, InputError, Listed, ending, listed, refused, text
from asid.pipeline.inputs.folders import look
from asid.pipeline.rows import Failure
from asid.pipeline.storage import REMOTE, Storage, display_name, to_path, to_uri

ENDINGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})


class BadRow(Exception):
    """A line of a list that cannot be read; the lines after it can."""


def is_list(address: str) -> bool:
    return ending(address) in ENDINGS


def read_list(uri: str, config: InputConfig, storage: Storage) -> Iterator[Listed | Failure]:
    """The videos of the list at `uri`. A relative path counts from the list's folder.

    Raises InputError when no column holds addresses; a row that is wrong is a Failure and the others go on."""
    column = ""
    folder = uri.rpartition("/")[0]
    for number, row in _numbered(uri, storage):
        where = f"{display_name(uri)}:{number}"
        at = f"{uri}#{number}"
        if isinstance(row, BadRow):
            yield refused(at, "bad_row", str(row), where)
            continue
        column = column or _column(row, config, uri)
        address = row.pop(column, None)
        if isinstance(address, dict):  # as `datasets` stores a video
            address = address.get("path")
        if not isinstance(address, str) or not address.strip():
            yield refused(at, "bad_row", f"nothing in its column {column!r}", where)
            continue
        yield entry(address.strip(), folder, config, row)


def entry(address: str, folder: str, config: InputConfig, row: dict[str, Any]) -> Listed | Failure:
    """A row for an address out of a list in `folder`; what is on local disk is looked at."""
    if address.startswith(REMOTE):
        return listed(text(address), config, row)
    if not address.startswith("file://"):
        scheme, separator, _ = address.partition("://")
        if separator and scheme.isalnum():
            return refused(text(address), "unsupported", f"{scheme}:// is not read: use a path, s3:// or gs://")
        if not os.path.isabs(address) and folder.startswith(REMOTE):
            return listed(text(f"{folder}/{address}"), config, row)
        address = to_uri(address if os.path.isabs(address) else os.path.join(to_path(folder), address))
    found = look(to_path(address))
    if found.kind or found.folder:
        return refused(address, found.kind or "folder", found.reason or "a folder, not a file")
    return listed(address, config, row)


def _column(row: dict[str, Any], config: InputConfig, uri: str) -> str:
    if config.column:
        if config.column not in row:
            raise InputError(f"{display_name(uri)} has no column {config.column!r}; it has {_names(row)}")
        return config.column
    for name in COLUMNS:
        if name in row:
            return name
    raise InputError(
        f"{display_name(uri)} has none of the columns {', '.join(COLUMNS)}, only {_names(row)}: set `column`"
    )


def _names(row: dict[str, Any]) -> str:
    return ", ".join(text(name) for name in row) or "none"


def _numbered(uri: str, storage: Storage) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """Rows with the number a person would look for: the line of a text, the row of a table."""
    kind = ending(uri)
    if kind == ".parquet":
        try:
            yield from enumerate(shards.read_foreign(storage, uri), 1)
        except shards.ShardError as error:
            raise InputError(str(error)) from error
        return
    with storage.open(uri) as file, TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="") as lines:
        yield from _csv(lines, "\t" if kind == ".tsv" else ",") if kind in (".csv", ".tsv") else _jsonl(lines)


def _csv(lines: TextIOWrapper, delimiter: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, BadRow(str(error))
            continue
        if None in row:
            yield reader.line_num, BadRow("more cells than the list has columns")
        else:
            yield reader.line_num, row


def _jsonl(lines: TextIOWrapper) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, BadRow(f"not JSON: {error}")
            continue
        yield number, row if isinstance(row, dict) else BadRow("not a JSON object")

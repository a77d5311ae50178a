"""Rows of Parquet tables that others wrote, and folders of them. A part of a table that is damaged costs its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from asid.pipeline.inputs.base import InputError, ending
from asid.pipeline.inputs.readers import BadRow, Check, Numbered, Values
from asid.pipeline.storage import Storage

ROWS = 1024  # read at a time
UNREADABLE = (ValueError, OverflowError, OSError, pa.ArrowException)


def read_parquet(uri: str, storage: Storage, check: Check) -> Iterator[Numbered]:
    """The rows, a few hundred at a time, without binary columns (they may hold whole videos). Raises InputError when
    it is no Parquet file."""
    with storage.open(uri) as file:
        try:
            table = pq.ParquetFile(file)
        except UNREADABLE as error:
            raise InputError(f"it is not a readable Parquet file: {error}") from error
        leaves = [table.schema.column(number) for number in range(len(table.schema))]
        wanted = [leaf.path for leaf in leaves if leaf.physical_type != "BYTE_ARRAY" or _is_text(leaf)]
        check(list(dict.fromkeys(path.split(".")[0] for path in wanted)))
        number = 0
        for group in range(table.num_row_groups):
            end = number + table.metadata.row_group(group).num_rows
            try:
                for batch in table.iter_batches(batch_size=ROWS, row_groups=[group], columns=wanted):
                    for row in _rows(batch):
                        number += 1
                        yield number, row
                wrong = "its part of the table holds fewer rows than it says"
            except UNREADABLE as error:
                wrong = f"its part of the table is damaged: {error}"
            while number < end:
                number += 1
                yield number, BadRow(wrong)


def _is_text(leaf: Any) -> bool:
    return leaf.logical_type.type in {"STRING", "JSON", "ENUM"}


def _rows(batch: pa.RecordBatch) -> list[Values]:
    """As Python values. A value that Python cannot hold, such as a date after the year 9999, is replaced by a word."""
    try:
        return list(batch.to_pylist())
    except UNREADABLE:
        columns = [[_value(cell) for cell in column] for column in batch.columns]
        return [dict(zip(batch.schema.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _value(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        if hasattr(cell, "as_buffer"):
            return cell.as_buffer().to_pybytes().decode("utf-8", "surrogateescape")
    except UNREADABLE:
        pass
    return "(unreadable)"


def table_parts(paths: Iterable[str], lists: frozenset[str]) -> list[tuple[str, dict[str, str]]]:
    """Of the files in a folder, by their paths in it, those that are parts of one table as Spark writes it, in order,
    each with what its folders (`year=2020`) say of its rows. None when something else lies there too."""
    parts = []
    for path in paths:
        *folders, name = path.split("/")
        if any(one.startswith(("_", ".")) for one in (*folders, name)):
            continue  # _SUCCESS, _metadata, checksums, what was never finished
        kinds = name.split(".", 1)[-1].lower()
        is_part = ending(name) == ".parquet" or (name.startswith("part-") and _packed_kind(kinds) in lists)
        if not is_part or not all("=" in folder for folder in folders):
            return []
        columns = {key: unquote(value) for key, _, value in (folder.partition("=") for folder in folders)}
        parts.append((path, columns))
    return sorted(parts, key=lambda part: part[0])


def _packed_kind(kinds: str) -> str:
    words = kinds.split(".")
    return "." + (words[-2] if len(words) > 1 and f".{words[-1]}" in {".gz", ".bz2", ".xz", ".zst"} else words[-1])

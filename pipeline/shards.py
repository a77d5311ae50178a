"""The only Parquet code between the stages: a shard is one file, its schema comes from its row type, and its footer
says what made it. A shard is done when its file is there with the right fingerprint: no second marker."""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from asid.pipeline.errors import UserError
from asid.pipeline.rows import Record
from asid.pipeline.storage import Storage

FORMAT = "1"  # of the run folder; a run of another format is refused
FOOTER = b"asid"
PLAIN = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}
RecordType = TypeVar("RecordType", bound=Record)


class ShardError(UserError):
    """A shard file that cannot be what its name says."""


class Footer(BaseModel):
    """What made a shard. `inputs`: digest of each upstream shard it was made from. `outcomes`: for each input row, in
    order, its id and how many rows came of it; a failed row has none and `failed` holds its id. Said by ingest alone:
    `total` shards there were when its batch was whole, and for each address `listed` in it the id of its video, "" for
    a failure. Said by a corpus pass alone: the digest of its decisions for each of the `parts` that it read."""

    format: str = FORMAT
    fingerprint: str
    digest: str  # of the rows, so that the same rows have the same digest whenever they were made
    inputs: dict[str, str] = {}
    outcomes: list[tuple[str, int]] = []
    failed: list[str] = []
    rows: int = 0
    total: int = 0
    listed: list[tuple[str, str]] = []
    parts: dict[str, str] = {}

    def balanced(self) -> bool:
        """Rows in = rows that came through + failures, and the rows counted are the rows here."""
        failed = set(self.failed)
        lost = [id for id, count in self.outcomes if count == 0 and id not in failed]
        both = [id for id, count in self.outcomes if count > 0 and id in failed]
        return not lost and not both and sum(count for _, count in self.outcomes) == self.rows


def _arrow(kind: Any) -> pa.DataType:
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return pa.struct(_fields(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return PLAIN[type(arguments[0])]
    if origin in (list, tuple):
        return pa.list_(_arrow(arguments[0]))
    if origin is dict:
        return pa.map_(_arrow(arguments[0]), _arrow(arguments[1]))
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        if len(inner) == 1:
            return _arrow(inner[0])
    raise TypeError(f"a row cannot hold {kind}: use str, int, float, bool, bytes, Literal, a Record, tuple, dict")


def _fields(kind: type[BaseModel]) -> list[pa.Field]:
    hints = get_type_hints(kind)
    fields = []
    for name in kind.model_fields:
        optional = type(None) in get_args(hints[name])
        fields.append(pa.field(name, _arrow(hints[name]), nullable=optional))
    return fields


@cache
def schema(kind: type[Record]) -> pa.Schema:
    """The Arrow schema of a row type: from the type, never from the data."""
    return pa.schema(_fields(kind))


def _plain(value: Any) -> Any:
    """A dumped row as Arrow takes it: maps as lists of pairs."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _maps(kind: type[BaseModel]) -> list[str]:
    return [
        name for name, hint in get_type_hints(kind).items() if get_origin(hint) is dict and name in kind.model_fields
    ]


def digest(rows: Iterable[Record]) -> str:
    """SHA-256 over the rows in order."""
    total = hashlib.sha256()
    for row in rows:
        total.update(row.model_dump_json().encode())
        total.update(b"\n")
    return total.hexdigest()


def encode(kind: type[RecordType], rows: Sequence[RecordType], footer: Footer) -> bytes:
    maps = _maps(kind)
    dumped = []
    for row in rows:
        plain = _plain(row.model_dump())
        for name in maps:
            plain[name] = sorted(plain[name].items())
        dumped.append(plain)
    table = pa.Table.from_pylist(dumped, schema=schema(kind))
    table = table.replace_schema_metadata({FOOTER: footer.model_dump_json().encode()})
    sink = BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=256)
    return sink.getvalue()


def write(storage: Storage, uri: str, kind: type[RecordType], rows: Sequence[RecordType], footer: Footer) -> None:
    """Write a shard whole. Raises ShardError when its rows do not add up."""
    if not footer.balanced():
        raise ShardError(f"{uri}: rows in are not rows out plus failures")
    storage.write(uri, encode(kind, rows, footer))


def read(storage: Storage, uri: str, kind: type[RecordType]) -> list[RecordType]:
    maps = _maps(kind)
    rows = []
    with storage.open(uri) as file:
        for row in pq.ParquetFile(file).read().to_pylist():  # read_table would import pandas
            for name in maps:
                row[name] = dict(row[name])  # Arrow gives a map back as pairs
            rows.append(kind.model_validate(row))
    return rows


def read_columns(storage: Storage, uri: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a shard as dictionaries, a few hundred rows at a time."""
    with storage.open(uri) as file:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=1024, columns=list(columns)):
            yield from batch.to_pylist()


def footer(storage: Storage, uri: str) -> Footer | None:
    """What made this shard; None when it is not there. Raises ShardError for a file that is not a shard."""
    try:
        with storage.open(uri) as file:
            metadata = pq.read_metadata(file).metadata or {}
    except FileNotFoundError:
        return None
    except (pa.ArrowInvalid, OSError) as error:
        raise ShardError(f"{uri} is not a readable shard ({error}): delete it, and its stage makes it again") from error
    if FOOTER not in metadata:
        raise ShardError(f"{uri} is a Parquet file, but no shard of a run")
    values = json.loads(metadata[FOOTER])
    if values.get("format") != FORMAT:
        raise ShardError(f"{uri} is of run format {values.get('format')!r}; this version of asid reads {FORMAT!r}")
    return Footer.model_validate(values)


def read_foreign(storage: Storage, uri: str) -> Iterator[dict[str, Any]]:
    """Rows of somebody else's Parquet file, a few hundred at a time, without its binary columns (they may hold whole
    videos). Raises ShardError when it is no Parquet file."""
    with storage.open(uri) as file:
        try:
            table = pq.ParquetFile(file)
            leaves = [table.schema.column(number) for number in range(len(table.schema))]
            binary = {leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY" and not _is_text(leaf)}
            wanted = [leaf.path for leaf in leaves if leaf.path not in binary]
            for batch in table.iter_batches(batch_size=1024, columns=wanted):
                yield from batch.to_pylist()
        except (pa.ArrowInvalid, OSError) as error:
            raise ShardError(f"{uri} is not a readable Parquet file: {error}") from error


def _is_text(leaf: Any) -> bool:
    return leaf.logical_type.type in {"STRING", "JSON", "ENUM"}

"""The only Parquet code between the stages: a shard is one file, and its footer says what made it. A shard is done when
its file is there with the right fingerprint: no second marker."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO, TypeVar, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from asid.pipeline.errors import UserError
from asid.pipeline.rows import Record
from asid.pipeline.schema import schema
from asid.pipeline.storage import Storage

FORMAT = "1"  # of the run folder; a run of another format is refused
FOOTER = b"asid"
FOOTER_CRC = b"asid.crc32"  # of the footer's bytes; files of earlier versions have none
MADE_AGAIN = ": asid run makes it again, from what is stored"
RecordType = TypeVar("RecordType", bound=Record)


class ShardError(UserError):
    """A shard file that cannot be what its name says."""


class DamagedShard(ShardError):
    """A shard whose bytes are not those that were written: its stage has to make it again."""

    def __init__(self, uri: str, reason: object):
        told = str(reason).split("\n", 1)[0][:200]
        super().__init__(f"{uri} is damaged ({told}){MADE_AGAIN}")
        self.uri = uri

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.uri, str(self))


def _again(uri: str, told: str) -> DamagedShard:
    """The error as another process has raised it."""
    error = DamagedShard(uri, "")
    error.args = (told,)
    return error


class Footer(BaseModel):
    """What made a shard. `inputs`: digest of each upstream shard it was made from. `outcomes`: for each input row, in
    order, its id and how many rows came of it; a failed row has none and `failed` holds its id. Said by ingest alone:
    `total` shards there were when its batch was whole, for each address `listed` in it the id of its video, "" for a
    failure and for one that was forgotten, and the `stamps` of these addresses, as far as the listing said them. Said
    by a corpus pass alone: the digest of its decisions for each of the `parts` that it read."""

    format: str = FORMAT
    fingerprint: str
    digest: str  # of the rows, so that the same rows have the same digest whenever they were made
    inputs: dict[str, str] = {}
    outcomes: list[tuple[str, int]] = []
    failed: list[str] = []
    rows: int = 0
    total: int = 0
    listed: list[tuple[str, str]] = []
    stamps: dict[str, str] = {}
    parts: dict[str, str] = {}

    def balanced(self) -> bool:
        """Rows in = rows that came through + failures, and the rows counted are the rows here."""
        failed = set(self.failed)
        lost = [id for id, count in self.outcomes if count == 0 and id not in failed]
        both = [id for id, count in self.outcomes if count > 0 and id in failed]
        return not lost and not both and sum(count for _, count in self.outcomes) == self.rows


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
    """Make the bytes of a shard: Parquet whose schema is that of `kind`."""
    maps = _maps(kind)
    dumped = []
    for row in rows:
        plain = _plain(row.model_dump())
        for name in maps:
            plain[name] = sorted(plain[name].items())
        dumped.append(plain)
    table = pa.Table.from_pylist(dumped, schema=schema(kind))
    table = table.replace_schema_metadata(metadata(footer))
    sink = BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=256, write_page_checksum=True)
    return sink.getvalue()


def metadata(footer: Footer) -> dict[bytes, bytes]:
    """A footer, with its checksum, as the metadata of a Parquet file."""
    said = footer.model_dump_json().encode()
    return {FOOTER: said, FOOTER_CRC: b"%08x" % zlib.crc32(said)}


def write(storage: Storage, uri: str, kind: type[RecordType], rows: Sequence[RecordType], footer: Footer) -> None:
    """Write a shard whole. Raises ShardError when its rows do not add up."""
    if not footer.balanced():
        raise ShardError(f"{uri}: rows in are not rows out plus failures")
    storage.write(uri, encode(kind, rows, footer))


def read(storage: Storage, uri: str, kind: type[RecordType]) -> list[RecordType]:
    """All rows of a shard. Raises DamagedShard, and FileNotFoundError where there is none."""
    maps = _maps(kind)
    rows = []
    with storage.open(uri) as file, _damage_told(uri):
        for row in _verified(file).read().to_pylist():  # read_table would import pandas
            for name in maps:
                row[name] = dict(row[name])  # Arrow gives a map back as pairs
            rows.append(kind.model_validate(row))
    return rows


def read_columns(storage: Storage, uri: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a shard as dictionaries, a few hundred rows at a time. Raises DamagedShard."""
    with storage.open(uri) as file, _damage_told(uri):
        for batch in _verified(file).iter_batches(batch_size=1024, columns=list(columns)):
            yield from batch.to_pylist()


def verify(storage: Storage, uri: str) -> None:
    """Read every page of a shard against its checksum. Raises DamagedShard."""
    with storage.open(uri) as file, _damage_told(uri):
        for _ in _verified(file).iter_batches(batch_size=1024):
            pass


def _verified(file: BinaryIO) -> pq.ParquetFile:
    """Pages are held against their checksums, where they have some."""
    return pq.ParquetFile(file, page_checksum_verification=True)


@contextlib.contextmanager
def _damage_told(uri: str) -> Iterator[None]:
    """What a reader meets in bytes that nobody wrote. Errors of the disk or the bucket have a number, and pass."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise DamagedShard(uri, error) from error
    except (pa.ArrowException, ValueError, KeyError, TypeError, MemoryError) as error:
        raise DamagedShard(uri, error) from error


def footer(storage: Storage, uri: str) -> Footer | None:
    """What made this shard; None when it is not there. Raises DamagedShard, or ShardError for another format."""
    try:
        with storage.open(uri) as file, _damage_told(uri):
            metadata = pq.read_metadata(file).metadata or {}
            said = metadata[FOOTER]
            if metadata.get(FOOTER_CRC, b"%08x" % zlib.crc32(said)) != b"%08x" % zlib.crc32(said):
                raise ValueError("its footer does not fit its checksum")
            values = json.loads(said)
            found = values["format"]
    except FileNotFoundError:
        return None
    if found != FORMAT:
        raise ShardError(f"{uri} is of run format {found!r}; this version of asid reads {FORMAT!r}")
    with _damage_told(uri):
        return Footer.model_validate(values)

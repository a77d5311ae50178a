"""SQL over a run, wherever it lies: a view for each step, the dataset, the failures and the spending.

The views read the run's Parquet files as they are, through the run's own storage; nothing is copied, and of a query
that names few columns only these are read. DuckDB is an extra: `pip install 'asid-verify[sql]'`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from asid.pipeline.errors import UserError
from asid.pipeline.models.spend import spent
from asid.pipeline.rows import Failure, Record
from asid.pipeline.run.folder import SHARD, Run
from asid.pipeline.schema import schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset

ROWS = 1024  # of a result that are held at once
RESERVED = ("dataset", "failures", "spend")
SPEND = pa.schema(
    [(name, pa.string()) for name in ("stage", "model", "attribute")]
    + [(name, pa.int64()) for name in ("answers", "rejected", "calls")]
    + [(name, pa.int64()) for name in ("input_tokens", "cached_tokens", "audio_tokens", "video_tokens")]
    + [(name, pa.int64()) for name in ("output_tokens", "thought_tokens")]
    + [(name, pa.float64()) for name in ("usd", "seconds")]
)


class SqlError(UserError):
    """A query that cannot be answered; the message says why."""


def views(run: Run) -> dict[str, pa.dataset.Dataset | pa.Table]:
    """The tables of a run by their names in SQL: a step's name with `_` for what is no letter or digit."""
    found: dict[str, Any] = {}
    for step in run.steps:
        files = [f"run:{step}/{name}" for name in run.storage.list(f"run:{step}") if SHARD.match(name)]
        found[view_name(step)] = _dataset(run, files, run.types(step)[1])
    failures = [
        f"run:{step}/failures/{name}"
        for step in run.steps
        for name in run.storage.list(f"run:{step}/failures")
        if name.endswith(".parquet")
    ]
    found["failures"] = _dataset(run, failures, Failure)
    samples = [name for name in run.storage.files("run:dataset/data") if name.endswith(".parquet")]
    if samples:
        found["dataset"] = _dataset(run, samples, None)
    found["spend"] = _spending(run)
    return found


def view_name(step: str) -> str:
    """Give a step's name as SQL can write it without quotes."""
    name = re.sub(r"\W", "_", step)
    return f"{name}_" if name in RESERVED else name


def query(run: Run, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The columns and the rows of a query's result. Raises SqlError."""
    connection = _connected()
    import duckdb

    try:
        for name, table in views(run).items():
            connection.register(name, table)
        result = connection.execute(sql)
    except duckdb.Error as error:
        raise SqlError(f"{error}\nthe tables are {', '.join(views(run))}") from error
    return [column[0] for column in result.description or ()], _fetched(result)


def described(run: Run) -> Iterator[tuple[str, Sequence[str]]]:
    """Each view with its columns and their types."""
    for name, table in views(run).items():
        yield name, [f"{field.name} {field.type}" for field in table.schema]


def _connected() -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise SqlError("`asid sql` needs DuckDB: pip install 'asid-verify[sql]'") from error
    return duckdb.connect()


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(ROWS):
        yield from rows


def _dataset(run: Run, files: Sequence[str], kind: type[Record] | None) -> pa.dataset.Dataset | pa.Table:
    """Files of the run as one table that reads them when it is asked."""
    import pyarrow.dataset

    wanted = schema(kind) if kind else None
    if not files:
        assert wanted is not None
        return wanted.empty_table()
    places = [run.storage.place(file) for file in files]
    return pyarrow.dataset.dataset([path for _, path in places], wanted, "parquet", filesystem=places[0][0])


def _spending(run: Run) -> pa.Table:
    rows = []
    for line in spent(run.storage, run.steps, run.manifest.models):
        values = asdict(line) | line.usage.model_dump()
        rows.append({name: values[name] for name in SPEND.names})
    return pa.Table.from_pylist(rows, schema=SPEND)

"""Rows of Parquet tables that others wrote, and which files of a folder are parts of one."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.readers import BadRow
from asid.pipeline.inputs.tables import read_parquet, table_parts
from asid.pipeline.storage import Storage, to_uri

LISTS = frozenset({".csv", ".json", ".parquet"})


def rows(file: Path, seen: list[str] | None = None) -> list[tuple[int | str, Any]]:
    def check(names: Sequence[str]) -> str:
        if seen is not None:
            seen.extend(names)
        if "uri" not in names:
            raise InputError("no column of addresses")
        return "uri"

    return list(read_parquet(to_uri(file), Storage(file.parent), check))


def test_rows_have_their_numbers_across_groups(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"uri": [f"{n}.mp4" for n in range(5)], "n": range(5)}), tmp_path / "t.parquet", row_group_size=2
    )
    assert rows(tmp_path / "t.parquet") == [(n + 1, {"uri": f"{n}.mp4", "n": n}) for n in range(5)]


def test_bytes_are_not_read_and_all_else_is(tmp_path: Path) -> None:
    table = pa.table(
        {"uri": ["a.mp4"], "video": [b"\0" * 100], "tags": [["x", "y"]], "about": [{"year": 1999, "raw": b"z"}]}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    seen: list[str] = []
    assert rows(tmp_path / "t.parquet", seen) == [(1, {"uri": "a.mp4", "tags": ["x", "y"], "about": {"year": 1999}})]
    assert seen == ["uri", "tags", "about"]


def test_what_python_cannot_hold_is_replaced_by_a_word(tmp_path: Path) -> None:
    far = pa.array([10**15, 0], pa.timestamp("s"))
    pq.write_table(pa.table({"uri": ["a", "b"], "made": far}), tmp_path / "t.parquet")
    (_, one), (_, two) = rows(tmp_path / "t.parquet")
    assert one == {"uri": "a", "made": "(unreadable)"}
    assert two == {"uri": "b", "made": datetime.datetime(1970, 1, 1)}


def test_a_damaged_group_costs_its_rows_alone(tmp_path: Path) -> None:
    table = pa.table({"uri": [f"{n:04d}.mp4" for n in range(300)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=100, compression="zstd", use_dictionary=False)
    data = bytearray((tmp_path / "t.parquet").read_bytes())
    column = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(1).column(0)
    for at in range(column.data_page_offset, column.data_page_offset + column.total_compressed_size):
        data[at] ^= 0x5A
    (tmp_path / "t.parquet").write_bytes(data)
    found = rows(tmp_path / "t.parquet")
    assert [number for number, _ in found] == list(range(1, 301))
    lost = [number for number, row in found if isinstance(row, BadRow)]
    assert lost == list(range(101, 201))
    assert "damaged" in str(found[150][1])


def test_what_is_no_table_or_has_no_addresses_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        rows(tmp_path / "t.parquet")
    pq.write_table(pa.table({"title": ["a"]}), tmp_path / "u.parquet")
    with pytest.raises(InputError, match="no column of addresses"):
        rows(tmp_path / "u.parquet")


@pytest.mark.parametrize(
    ("paths", "parts"),
    [
        (
            ["part-1.parquet", "part-0.parquet", "_SUCCESS", ".part-0.crc"],
            [("part-0.parquet", {}), ("part-1.parquet", {})],
        ),
        (["year=2020/part-0.csv.gz"], [("year=2020/part-0.csv.gz", {"year": "2020"})]),
        (["a=x%20y/b=2/t.parquet"], [("a=x%20y/b=2/t.parquet", {"a": "x y", "b": "2"})]),
        (["_temporary/part-0.parquet", "part-1.json"], [("part-1.json", {})]),
        (["part-0.parquet", "film.mp4"], []),
        (["films/part-0.parquet"], []),
        (["list.csv"], []),
        (["_SUCCESS"], []),
        ([], []),
    ],
)
def test_parts_of_one_table(paths: list[str], parts: list[tuple[str, dict[str, str]]]) -> None:
    assert table_parts(paths, LISTS) == parts

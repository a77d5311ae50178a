"""Lists as people and programs write them are read, or named for what they are, and no line is lost in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asid.pipeline.inputs import delimited, readers
from asid.pipeline.inputs.base import InputConfig, InputError, Listed
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage

NAMES = ("a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files in which nothing is looked at but their names."""
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def read(path: Path, **config: object) -> list[Listed | Failure]:
    inputs = [InputConfig(path=os.fspath(path), **config)]  # type: ignore[arg-type]
    found = list(list_inputs(inputs, Storage(path.parent / "run")))
    for row in found:
        assert type(row).model_validate_json(row.model_dump_json()) == row  # fit for a table and a log
    assert len({row.id for row in found}) == len(found)
    return found


def names(found: list[Listed | Failure]) -> list[str]:
    return [row.name for row in found if isinstance(row, Listed)]


def lost(found: list[Listed | Failure]) -> list[str]:
    return [row.name for row in found if isinstance(row, Failure)]


def tags(found: list[Listed | Failure]) -> list[dict[str, str]]:
    return [row.tags for row in found if isinstance(row, Listed)]


# --- text ----------------------------------------------------------------------------------------------------------


def test_halves_of_characters_are_shown_escaped(folder: Path) -> None:
    rows = [
        {"path": "a.mp4", "title": "Best day ever \ud83d"},
        {"path": "b.mp4", "ti\udc00tle": ["\udfff", {"\ud800": "\udcff"}]},
        {"path": "c\ud83d.mp4"},
        {"path": "s3://bucket/x\ud83d.mp4", "licence": "\ud83d"},
        {"path": "c.mp4", "title": "\ud83d\ude00"},
    ]
    (folder / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read(folder / "l.jsonl")
    assert names(found) == ["a.mp4", "b.mp4", "x\\ud83d.mp4", "c.mp4"]
    assert tags(found) == [
        {"title": "Best day ever \\ud83d"},
        {"ti\\udc00tle": '["\\udfff", {"\\ud800": "\\xff"}]'},
        {},
        {"title": "😀"},
    ]
    assert lost(found) == ["l.jsonl:3"]


def test_halves_of_characters_beside_a_member_of_a_tar(folder: Path) -> None:
    with tarfile.open(folder / "s.tar", "w") as tar:
        for name, data in (("0.mp4", b"x"), ("0.json", b'\xef\xbb\xbf{"ti\\ud83dtle": "\\udc80"}')):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    assert tags(read(folder / "s.tar")) == [{"ti\\ud83dtle": "\\x80"}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "txt"])
def test_encodings_that_programs_of_windows_write(folder: Path, kind: str, encoding: str) -> None:
    texts = {
        "csv": "path,title\r\na.mp4,größer\r\n",
        "tsv": "path\ttitle\r\na.mp4\tgrößer\r\n",
        "jsonl": '{"path": "a.mp4", "title": "größer"}\r\n',
        "json": '[{"path": "a.mp4", "title": "größer"}]',
        "txt": "a.mp4\r\n",
    }
    (folder / f"l.{kind}").write_bytes(texts[kind].encode(encoding))
    found = read(folder / f"l.{kind}")
    assert names(found) == ["a.mp4"]
    assert tags(found) == ([{}] if kind == "txt" else [{"title": "größer"}])


# --- CSV and TSV ---------------------------------------------------------------------------------------------------


def test_a_quotation_mark_in_a_tsv_is_a_character(folder: Path) -> None:
    cells = ['"Best goals ever', "plain", 'the "best"', '5" screen', '"whole"']
    (folder / "l.tsv").write_text("path\ttitle\n" + "".join(f"{n}\t{c}\n" for n, c in zip(NAMES, cells, strict=True)))
    found = read(folder / "l.tsv")
    assert names(found) == list(NAMES)
    assert [one["title"] for one in tags(found)] == cells


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ('path,title\na.mp4,"open\nb.mp4,x\nc.mp4,y\nd.mp4,z\n', [], [2, 3, 4, 5]),
        ('path,title\na.mp4,x\nb.mp4,"open\nc.mp4,"y"\nd.mp4,z\n', ["a.mp4", "d.mp4"], [3, 4]),
        ('path,title\na.mp4,"open\nb.mp4,x\nc.mp4,y"\nd.mp4,z\n', ["d.mp4"], [2, 3, 4]),
        ('path,title\na.mp4,"two\nlines"\nb.mp4,x,y\nc.mp4,z\n', ["a.mp4", "c.mp4"], [4]),
        ('title,path\n"open,a.mp4\nx,b.mp4\n', [], [2, 3]),
        ('path,title\r\na.mp4,"x"y\r\n\r\nb.mp4,z\r\n', ["b.mp4"], [2]),
    ],
)
def test_each_line_that_is_lost_is_named_by_its_own_number(
    folder: Path, text: str, kept: list[str], gone: list[int]
) -> None:
    (folder / "l.csv").write_bytes(text.encode())
    found = read(folder / "l.csv")
    assert names(found) == kept
    assert lost(found) == [f"l.csv:{number}" for number in gone]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_a_long_cell_is_a_cell(folder: Path, kind: str) -> None:
    long = "x" * 300_000
    texts = {"csv": f"path,t\na.mp4,{long}\nb.mp4,y\n", "tsv": f"path\tt\na.mp4\t{long}\nb.mp4\ty\n",
             "jsonl": json.dumps({"path": "a.mp4", "t": long}) + '\n{"path": "b.mp4", "t": "y"}\n'}  # fmt: skip
    (folder / f"l.{kind}").write_text(texts[kind])
    assert tags(read(folder / f"l.{kind}")) == [{"t": long}, {"t": "y"}]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "txt"])
def test_a_line_without_end_costs_itself_alone(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (readers, delimited):
        monkeypatch.setattr(module, "LONGEST", 1000)
    long = "x" * 5000
    texts = {"csv": f"path,t\na.mp4,y\n{long}\nb.mp4,y\n", "tsv": f"path\tt\na.mp4\ty\n{long}\nb.mp4\ty\n",
             "jsonl": f'{{"path": "a.mp4"}}\n{long}\n{{"path": "b.mp4"}}\n',
             "txt": f"a.mp4\n{long}\nb.mp4\n"}  # fmt: skip
    (folder / f"l.{kind}").write_text(texts[kind])
    found = read(folder / f"l.{kind}")
    assert names(found) == ["a.mp4", "b.mp4"]
    assert lost(found) == [f"l.{kind}:{2 if kind in ('jsonl', 'txt') else 3}"]


@pytest.mark.parametrize("text", ["path;title\na.mp4;x\n", "sep=;\npath;title\na.mp4;x\n", "Path|title\na.mp4|x\n"])
def test_marks_between_cells_that_other_countries_use(folder: Path, text: str) -> None:
    (folder / "l.csv").write_text(text)
    assert tags(read(folder / "l.csv")) == [{"title": "x"}]


def test_two_columns_of_one_name_are_both_kept(folder: Path) -> None:
    (folder / "l.csv").write_text("path,title,title\na.mp4,x,y\n")
    assert tags(read(folder / "l.csv")) == [{"title": "x", "title (2)": "y"}]


# --- JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "jsonl"])
@pytest.mark.parametrize(
    "text",
    [
        '[{"path": "a.mp4"}, {"path": "b.mp4"}]',
        '[\n  {\n    "path": "a.mp4"\n  },\n  {\n    "path": "b.mp4"\n  }\n]\n',
        '["a.mp4", "b.mp4"]',
        '{"path": "a.mp4"}\n{"path": "b.mp4"}\n',
        '"a.mp4"\n"b.mp4"\n',
    ],
)
def test_an_array_and_lines_are_told_by_what_they_hold(folder: Path, kind: str, text: str) -> None:
    (folder / f"l.{kind}").write_text(text)
    assert names(read(folder / f"l.{kind}")) == ["a.mp4", "b.mp4"]


def test_an_array_that_breaks_off_costs_what_is_after(folder: Path) -> None:
    (folder / "l.json").write_text('[\n{"path": "a.mp4"},\n{"path": "b.mp4"},\n{"path": "c.m\n\n{"path": "d.mp4"}\n')
    found = read(folder / "l.json")
    assert names(found) == ["a.mp4", "b.mp4"]
    assert lost(found) == ["l.json:line 4", "l.json:line 6"]


def test_lines_before_which_something_else_stands(folder: Path) -> None:
    (folder / "l.jsonl").write_text('[INFO] starting\n{"note": 1}\n{"path": "a.mp4"}\n[1]\n{"path": "b.mp4"}\n')
    found = read(folder / "l.jsonl")
    assert names(found) == ["a.mp4", "b.mp4"]
    assert lost(found) == ["l.jsonl:1", "l.jsonl:2", "l.jsonl:4"]


def test_a_key_that_stands_twice_is_told(folder: Path) -> None:
    (folder / "l.jsonl").write_text('{"path": "a.mp4", "path": "b.mp4"}\n{"path": "c.mp4", "x": 1, "x": 1}\n')
    found = read(folder / "l.jsonl")
    assert (names(found), lost(found)) == (["c.mp4"], ["l.jsonl:1"])


def test_what_is_nested_without_end_costs_its_row(folder: Path) -> None:
    deep = [f'{{"path": "b.mp4", "x": {"[" * depth}{"]" * depth}}}' for depth in (900, 960, 990, 1000, 100_000)]
    (folder / "l.jsonl").write_text("\n".join(['{"path": "a.mp4"}', *deep, '{"path": "c.mp4"}']))
    inputs = [InputConfig(path=os.fspath(folder / "l.jsonl"))]
    found = list(list_inputs(inputs, Storage(folder / "run")))
    assert len(found) == 7
    assert (names(found)[0], names(found)[-1]) == ("a.mp4", "c.mp4")
    assert lost(found)[-1] == "l.jsonl:6"


# --- wrappings -----------------------------------------------------------------------------------------------------

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, "zstd", asbytes=True),  # one frame
}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "txt"])
def test_compressed_lists(folder: Path, kind: str, packing: str) -> None:
    texts = {"csv": "path,t\na.mp4,x\n", "tsv": "path\tt\na.mp4\tx\n", "jsonl": '{"path": "a.mp4"}\n',
             "json": '["a.mp4"]', "txt": "# remark\n\na.mp4\n"}  # fmt: skip
    (folder / f"l.{kind}.{packing}").write_bytes(PACK[packing](texts[kind].encode()))
    assert names(read(folder / f"l.{kind}.{packing}")) == ["a.mp4"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_a_compressed_list_that_breaks_off(folder: Path, kind: str) -> None:
    lines = [os.urandom(40).hex() for _ in range(400)]
    texts = {"csv": "path,t\n" + "".join(f"{folder}/a.mp4,{x}\n" for x in lines),
             "jsonl": "".join(json.dumps({"path": "a.mp4", "t": x}) + "\n" for x in lines),
             "json": json.dumps([{"path": "a.mp4", "t": x} for x in lines], indent=0)}  # fmt: skip
    data = gzip.compress(texts[kind].encode())
    (folder / f"l.{kind}.gz").write_bytes(data[: len(data) // 2])
    inputs = [InputConfig(path=os.fspath(folder / f"l.{kind}.gz"))]
    found = list(list_inputs(inputs, Storage(folder / "run")))
    assert 100 < len(names(found)) < 300
    assert any("breaks off" in row.reason for row in found if isinstance(row, Failure))
    (folder / f"l.{kind}.gz").write_bytes(b"no gzip at all")
    with pytest.raises(InputError, match="cannot be read"):
        read(folder / f"l.{kind}.gz")


def test_addresses_one_a_line(folder: Path) -> None:
    (folder / "l.txt").write_text("# remark\na.mp4\n\n  b.mp4\r\ngone.mp4\ns3://bucket/x.mp4\n")
    found = read(folder / "l.txt")
    assert names(found) == ["a.mp4", "b.mp4", "x.mp4"]
    assert lost(found) == ["gone.mp4"]
    (folder / "film.txt").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    assert names(read(folder / "film.txt")) == ["film.txt"]  # a video, whatever it is called


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.json", '{"videos": [{"path": "a.mp4"}]}', "videos"),
        ("l.json", '{"path": {"0": "a.mp4"}}', None),
        ("l.txt", "ffconcat version 1.0\nfile 'a.mp4'\n", "concat"),
        ("l.txt", "file 'a.mp4'\n", "concat"),
        ("l.txt", "#EXTM3U\na.mp4\n", "playlist"),
        ("l.m3u8", "#EXTM3U\na.mp4\n", "playlist"),
        ("l.xlsx", "PK", "Excel"),
        ("l.tar.gz", "x", "tar"),
        ("l.csv", "title\nx\n", "title"),
        ("l.csv", '"path,title\na.mp4,x\n', "names"),
        ("l.parquet.gz", "x", "Parquet"),
    ],
)
def test_what_is_no_list_is_named_for_what_it_is(folder: Path, name: str, text: str, said: str | None) -> None:
    (folder / name).write_text(text)
    if said is None:
        assert len(lost(read(folder / name))) == 1
        return
    with pytest.raises(InputError, match=said):
        read(folder / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [("l.csv", "path,title\n"), ("l.csv", ""), ("l.tsv", "path\ttitle"), ("l.json", "[]"), ("l.jsonl", "\n\n"),
     ("l.txt", "# nothing\n")],
)  # fmt: skip
def test_a_list_without_a_row_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (row,) = read(folder / name)
    assert isinstance(row, Failure)
    assert row.kind == "empty_list"


# --- Parquet -------------------------------------------------------------------------------------------------------


@pytest.fixture
def spark(folder: Path) -> Path:
    table = folder / "list.parquet"
    for part, name in (("year=2020/part-00000-x.snappy", "a.mp4"), ("year=2021%3A1/part-00001-x.snappy", "b.mp4")):
        (table / part).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"path": [name], "n": [1]}), table / f"{part}.parquet")
        (table / part).with_name(f".{Path(part).name}.parquet.crc").write_bytes(b"crc\0")
    pq.write_table(pa.table({"path": pa.array([], pa.string())}), table / "part-00002.parquet")
    (table / "_SUCCESS").touch()
    (table / "._SUCCESS.crc").touch()
    return table


def test_a_table_in_parts_is_one_list(spark: Path) -> None:
    found = read(spark)
    assert names(found) == ["a.mp4", "b.mp4"]
    assert tags(found) == [{"year": "2020", "n": "1"}, {"year": "2021:1", "n": "1"}]
    assert lost(found) == []


@pytest.mark.parametrize(("kind", "text"), [("json", '{"path": "a.mp4"}\n'), ("csv.gz", "path\na.mp4\n")])
def test_parts_of_other_kinds(folder: Path, kind: str, text: str) -> None:
    data = gzip.compress(text.encode()) if kind.endswith("gz") else text.encode()
    (folder / "out").mkdir()
    (folder / "out" / f"part-00000-x.{kind}").write_bytes(data)
    (folder / "out" / "_SUCCESS").touch()
    assert names(read(folder / "out")) == ["a.mp4"]


def test_parts_beside_videos_are_passed_over(spark: Path, folder: Path) -> None:
    (spark / "c.mp4").touch()
    assert names(read(spark)) == ["c.mp4"]
    assert lost(read(folder)) == []


def test_a_damaged_part_of_a_table_costs_its_rows(folder: Path) -> None:
    table = pa.table({"path": ["a.mp4", "b.mp4", "c.mp4", "d.mp4"], "t": ["x" * 500] * 4})
    pq.write_table(table, folder / "l.parquet", row_group_size=2, compression="none", use_dictionary=False)
    data = bytearray((folder / "l.parquet").read_bytes())
    place = data.index(b"c.mp4")
    data[place - 30 : place] = b"\xff" * 30
    (folder / "l.parquet").write_bytes(data)
    found = read(folder / "l.parquet")
    assert (names(found), lost(found)) == (["a.mp4", "b.mp4"], ["l.parquet:3", "l.parquet:4"])


def test_values_of_a_table_that_are_no_text(folder: Path) -> None:
    bad = pa.array([b"caf\xe9", b"fine"]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, bad.buffers())
    late = pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"path": ["a.mp4", "b.mp4"], "t": text, "at": late}), folder / "l.parquet")
    assert tags(read(folder / "l.parquet")) == [
        {"t": "caf\\xe9", "at": "(unreadable)"},
        {"t": "fine", "at": '"1970-01-01 00:00:00"'},
    ]


# --- anything ------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("a.mp4"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
lists = st.lists(
    st.dictionaries(st.sampled_from(["path", "title", "url", ""]), values, max_size=3) | values, max_size=6
)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything(folder: Path, name: str, data: bytes) -> list[Listed | Failure] | None:
    """What listing gives; None when it says that this is no list."""
    (folder / name).write_bytes(data)
    try:
        found = list(list_inputs([InputConfig(path=os.fspath(folder / name))], Storage(folder / "run")))
    except InputError:
        return None
    for row in found:
        row.model_dump_json()
    return found


def is_plain(rows: list[object]) -> bool:
    """Whether some row says where addresses are."""
    return any(isinstance(row, str) or (isinstance(row, dict) and {"path", "url"} & row.keys()) for row in rows)


@relaxed
@given(lists)
def test_rows_in_are_rows_out_and_named_losses(folder: Path, rows: list[object]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    for name, data in (("l.jsonl", lines), ("l.json", json.dumps(rows).encode()),
                       ("l.jsonl.gz", gzip.compress(lines))):  # fmt: skip
        found = everything(folder, name, data)
        if found is None:
            assert not is_plain(rows)
        elif rows and not (len(rows) == 1 and isinstance(rows[0], list) and name != "l.json"):
            assert len(found) == len(rows), (name, found)
        else:
            assert len(found) >= 1


@relaxed
@given(lists, st.integers(0, 200), st.binary(max_size=4))
def test_damage_makes_no_crash(folder: Path, rows: list[object], place: int, damage: bytes) -> None:
    data = json.dumps(rows, indent=1).encode()
    data = data[:place] + damage + data[place + 1 :]
    for name in ("l.json", "l.jsonl", "l.csv", "l.tsv", "l.txt", "l.csv.gz", "l.parquet", "l.json.xz"):
        everything(folder, name, data)
    everything(folder, "l.csv.gz", gzip.compress(data)[: max(1, place)])


@relaxed
@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8), max_size=8))
def test_every_line_of_a_tsv_is_a_row_or_named(folder: Path, cells: list[str]) -> None:
    found = everything(folder, "l.tsv", ("path\tt\n" + "".join(f"a.mp4\t{cell}\n" for cell in cells)).encode())
    assert found is not None
    assert len(found) == max(1, len(cells))


@relaxed
@given(st.lists(st.text('ab,"\n', max_size=8), max_size=8))
@example(['"', '"\n"\na"'])
@example(['"', '"\n"a\n"'])
def test_every_line_of_a_csv_is_in_a_row_or_named(folder: Path, cells: list[str]) -> None:
    text = "path,t\n" + "".join(f"a.mp4,{cell}\n" for cell in cells)
    found = everything(folder, "l.csv", text.encode())
    assert found is not None
    told = sum(1 + row.tags.get("t", "").count("\n") if isinstance(row, Listed) else 1 for row in found)
    assert told >= sum(1 for line in text.split("\n")[1:] if line)

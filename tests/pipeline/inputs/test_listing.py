"""Every kind of input becomes rows or named failures, and no odd file stops or hangs the listing."""

from __future__ import annotations

import io
import json
import os
import socket
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.dataset import parquet
from asid.pipeline.inputs.base import InputConfig, InputError, Listed
from asid.pipeline.inputs.folders import braces
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.packing import fold_duplicates, pack
from asid.pipeline.inputs.tars import copy_member
from asid.pipeline.rows import Failure, Video
from asid.pipeline.storage import Storage, to_path, to_uri
from tests import samples
from tests.servers.s3 import buckets


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "run", cache=tmp_path / "cache")


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder of files in which nothing is looked at but their names."""
    folder = tmp_path / "videos"
    for name in ("b.mp4", "a.mkv", "inner/c.webm", "inner/deep/d.MP4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def rows(storage: Storage, path: str | Path, **settings: object) -> list[Listed | Failure]:
    return list(list_inputs([InputConfig(path=os.fspath(path), **settings)], storage))  # type: ignore[arg-type]


def names(found: list[Listed | Failure]) -> list[str]:
    return [row.name for row in found if isinstance(row, Listed)]


def kinds(found: list[Listed | Failure]) -> dict[str, str]:
    return {row.name: row.kind for row in found if isinstance(row, Failure)}


# --- folders, files, globs ------------------------------------------------------------------------------------------


def test_a_folder_is_read_to_its_end_in_order(storage: Storage, videos: Path) -> None:
    found = rows(storage, videos, licence="CC0", source="the attic", tags={"year": "1999"})
    assert names(found) == ["a.mkv", "b.mp4", "c.webm", "d.MP4"]
    assert found[0] == rows(storage, videos / "a.mkv", licence="CC0", source="the attic", tags={"year": "1999"})[0]
    assert isinstance(found[0], Listed)
    assert (found[0].licence, found[0].source, found[0].tags) == ("CC0", "the attic", {"year": "1999"})
    assert to_path(found[0].uri) == videos / "a.mkv"
    assert len({row.id for row in found}) == 4


def test_names_survive_whatever_they_hold(storage: Storage, tmp_path: Path) -> None:
    odd = ["-rf.mp4", "100%_%d.mp4", "#1?x=y&z.mp4", "new\nline.mp4", "$(id).mp4", "no_extension", ".hidden.mp4",
           "file:x.mp4", "s3:x.mp4", "w" * 240 + ".mp4",
           "\u202egpj.mp4", os.fsdecode(b"latin1_\xe9\xff.mp4")]  # fmt: skip
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in odd:
        (folder / name).touch()
    found = rows(storage, folder)
    assert {to_path(row.uri).name for row in found if isinstance(row, Listed)} == set(odd)
    for row in found:
        assert type(row).model_validate_json(row.model_dump_json()) == row  # fit for a table and a log


def test_what_lies_beside_videos_is_counted_and_passed_over(storage: Storage, videos: Path) -> None:
    for name in ("a.srt", "b.JSON", "inner/c.json", "notes.txt", ".DS_Store", "unknown.xyz"):
        (videos / name).touch()
    skipped: Counter[str] = Counter()
    found = list(list_inputs([InputConfig(path=os.fspath(videos))], storage, skipped))
    assert names(found) == ["a.mkv", "b.mp4", "unknown.xyz", "c.webm", "d.MP4"]
    assert skipped == {".srt": 1, ".json": 2, ".txt": 1, ".DS_Store": 1}


def test_a_file_named_itself_is_tried_whatever_its_ending(storage: Storage, videos: Path) -> None:
    (videos / "film.txt").touch()
    assert names(rows(storage, videos / "film.txt")) == ["film.txt"]


def test_things_that_are_no_files_are_refused_unopened(storage: Storage, videos: Path) -> None:
    os.mkfifo(videos / "pipe.mp4")  # opening it would wait for ever
    here = os.getcwd()
    os.chdir(videos)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket.mp4")
    finally:
        os.chdir(here)
    (videos / "device.mp4").symlink_to("/dev/zero")
    (videos / "folder.mp4").mkdir()
    (videos / "dangling.mp4").symlink_to("not_there.mp4")
    (videos / "loop_a.mp4").symlink_to("loop_b.mp4")
    (videos / "loop_b.mp4").symlink_to("loop_a.mp4")
    (videos / "link.mp4").symlink_to("b.mp4")
    found = rows(storage, videos)
    assert kinds(found) == {
        "pipe.mp4": "not_a_file",
        "socket.mp4": "not_a_file",
        "device.mp4": "not_a_file",
        "folder.mp4": "folder",
        "dangling.mp4": "dangling_link",
        "loop_a.mp4": "link_loop",
        "loop_b.mp4": "link_loop",
    }
    assert names(found) == ["a.mkv", "b.mp4", "link.mp4", "c.webm", "d.MP4"]
    assert all(row.reason for row in found if isinstance(row, Failure))
    assert kinds(rows(storage, videos / "pipe.mp4")) == {"pipe.mp4": "not_a_file"}


def test_links_between_folders_end(storage: Storage, tmp_path: Path, videos: Path) -> None:
    """Each of six folders links to all others and to the top: followed blindly, this is thousands of paths."""
    for one in range(6):
        (videos / f"{one}").mkdir()
        (videos / f"{one}" / f"{one}.mp4").touch()
        for other in range(6):
            (videos / f"{one}" / f"to{other}").symlink_to(videos / f"{other}")
        (videos / f"{one}" / "up").symlink_to("..")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "far.mp4").touch()
    (videos / "away").symlink_to(outside)
    found = rows(storage, videos)
    assert sorted(names(found)) == ["0.mp4", "1.mp4", "2.mp4", "3.mp4", "4.mp4", "5.mp4",
                                    "a.mkv", "b.mp4", "c.webm", "d.MP4", "far.mp4"]  # fmt: skip
    assert kinds(found) == {"up": "link_loop"} | {f"to{one}": "link_loop" for one in range(6)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(storage: Storage, videos: Path) -> None:
    (videos / "inner").chmod(0)
    try:
        assert kinds(rows(storage, videos)) == {"inner": "no_permission"}
    finally:
        (videos / "inner").chmod(0o755)


def test_globs(storage: Storage, videos: Path) -> None:
    (videos / ".hidden.mp4").touch()
    (videos / "[x].mp4").touch()
    assert names(rows(storage, videos / "*.mp4")) == [".hidden.mp4", "[x].mp4", "b.mp4"]
    assert names(rows(storage, videos / "**" / "*.webm")) == ["c.webm"]
    assert names(rows(storage, videos / "{b.mp4,a.mkv}")) == ["b.mp4", "a.mkv"]
    assert names(rows(storage, videos / "[x].mp4")) == ["[x].mp4"]  # a file of that very name comes first
    assert names(rows(storage, videos / "inn*")) == ["c.webm", "d.MP4"]


def test_braces() -> None:
    assert braces("s-{08..11}.tar") == ["s-08.tar", "s-09.tar", "s-10.tar", "s-11.tar"]
    assert braces("{a,b}{1..2}") == ["a1", "a2", "b1", "b2"]
    assert braces("{0}_{x}") == ["{0}_{x}"]


@pytest.mark.parametrize("path", ["nothing", "nothing*.mp4", "nothing.csv", "nothing.tar"])
def test_an_input_that_is_not_there_is_an_error(storage: Storage, tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="nothing"):
        rows(storage, tmp_path / path)


# --- lists ----------------------------------------------------------------------------------------------------------

COLUMNS = {
    "path": ["videos/a.mkv", "videos/b.mp4"],
    "license": ["CC-BY", ""],
    "source": ["web", ""],
    "mood": ["calm", "naïve, “odd”"],
}


def write_list(path: Path, columns: dict[str, list[str]]) -> Path:
    lines = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        mark = "\t" if path.suffix == ".tsv" else ","
        cells = [list(columns), *zip(*columns.values(), strict=True)]
        path.write_text("\ufeff" + "".join(mark.join(f'"{cell}"' for cell in line) + "\r\n" for line in cells))
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_a_list_carries_its_columns(storage: Storage, tmp_path: Path, videos: Path, kind: str) -> None:
    found = rows(storage, write_list(tmp_path / f"list.{kind}", COLUMNS), licence="CC0", source="the attic")
    assert [row.uri for row in found if isinstance(row, Listed)] == [to_uri(videos / "a.mkv"), to_uri(videos / "b.mp4")]
    first, second = found
    assert isinstance(first, Listed)
    assert isinstance(second, Listed)
    assert (first.licence, first.source, first.tags) == ("CC-BY", "web", {"mood": "calm"})
    assert (second.licence, second.source, second.tags) == ("CC0", "the attic", {"mood": "naïve, “odd”"})


def test_the_column_can_be_named(storage: Storage, tmp_path: Path, videos: Path) -> None:
    where = write_list(tmp_path / "list.csv", {"clip": [str(videos / "a.mkv")], "url": ["http://a/b"]})
    (found,) = rows(storage, where, column="clip")
    assert found.name == "a.mkv"
    assert isinstance(found, Listed)
    assert found.tags == {"url": "http://a/b"}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_list_without_addresses_is_an_error(storage: Storage, tmp_path: Path, kind: str) -> None:
    where = write_list(tmp_path / f"list.{kind}", {"mood": ["calm"], "year": ["1999"]})
    with pytest.raises(InputError, match="mood, year"):
        rows(storage, where)
    with pytest.raises(InputError, match="'clip'"):
        rows(storage, where, column="clip")


def test_a_table_that_is_none_is_an_error(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_text("no table")
    with pytest.raises(InputError, match="Parquet"):
        rows(storage, tmp_path / "list.parquet")


def test_a_table_with_videos_inside_is_not_loaded_for_its_paths(storage: Storage, tmp_path: Path, videos: Path) -> None:
    cell = [{"bytes": b"x" * 1000, "path": str(videos / "a.mkv")}]
    pq.write_table(pa.table({"video": cell, "raw": [b"\xff"], "n": [1]}), tmp_path / "list.parquet")
    (found,) = rows(storage, tmp_path / "list.parquet")
    assert isinstance(found, Listed)
    assert (found.name, found.tags) == ("a.mkv", {"n": "1"})


def test_a_bad_line_is_a_failure_and_the_others_go_on(storage: Storage, tmp_path: Path, videos: Path) -> None:
    os.mkfifo(videos / "pipe.mp4")
    lines = [
        '{"path": "videos/a.mkv", "n": [1, 2]}', "{broken", "[1]", '{"path": ""}', '{"path": null}', '{"mood": 1}', "",
        '{"path": "videos/gone.mp4"}', '{"path": "http://example.org/x.mp4"}', '{"path": "videos/pipe.mp4"}',
        '{"path": "videos/inner"}', '{"path": "nul\\u0000.mp4"}', '{"path": "s3://bucket/x y#.mp4"}',
        "[" * 100_000, '{"path": "videos/b.mp4"}',
    ]  # fmt: skip
    (tmp_path / "list.jsonl").write_text("\n".join(lines))
    found = rows(storage, tmp_path / "list.jsonl")
    assert names(found) == ["a.mkv", "x y#.mp4", "b.mp4"]
    assert isinstance(found[0], Listed)
    assert found[0].tags == {"n": "[1, 2]"}
    assert [row.kind for row in found if isinstance(row, Failure)] == [
        *("bad_row", "bad_row", "bad_row", "bad_row", "bad_row", "missing", "unsupported", "not_a_file", "folder"),
        *("unreadable", "bad_row"),
    ]
    assert kinds(found)["list.jsonl:2"] == "bad_row"


def test_bad_lines_of_a_csv(storage: Storage, tmp_path: Path, videos: Path) -> None:
    lines = [b"path,mood", b"videos/a.mkv,calm", b"videos/b.mp4,calm,more", b'"videos/b.mp4"x,calm', b"videos/b.mp4"]
    (tmp_path / "list.csv").write_bytes(b"\n".join([*lines, b"vid\xe9os/x.mp4,\xff"]))
    found = rows(storage, tmp_path / "list.csv")
    assert names(found) == ["a.mkv", "b.mp4"]
    assert [row.kind for row in found if isinstance(row, Failure)] == ["bad_row", "bad_row", "missing"]


# --- WebDataset -----------------------------------------------------------------------------------------------------


def add(tar: tarfile.TarFile, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> None:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(data), kind, link
    tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "shards" / "shard-000.tar"
    path.parent.mkdir()
    with tarfile.open(path, "w") as tar:
        add(tar, "a/000.mp4", b"video zero")
        add(tar, "a/000.json", json.dumps({"license": "CC-BY", "mood": "calm", "n": 3}).encode())
        add(tar, "a/001.json", b"{broken")
        add(tar, "a/001.txt", "a caption, naïve".encode())
        add(tar, "a/001.cam1.mp4", b"video one")
        add(tar, "a/001.cam2.mp4", b"video two")
        add(tar, "a/001.jpg", b"no video")
        add(tar, "../../etc/evil#@1+2.mp4", b"video three")
        add(tar, "link.mp4", kind=tarfile.SYMTYPE, link="/etc/passwd")
        add(tar, "pipe.mp4", kind=tarfile.FIFOTYPE)
    return path


def test_members_of_a_tar_with_what_lies_beside_them(storage: Storage, shard: Path) -> None:
    found = rows(storage, shard, source="web")
    assert names(found) == ["shard-000.tar/a/000.mp4", "shard-000.tar/a/001.cam1.mp4", "shard-000.tar/a/001.cam2.mp4",
                            "shard-000.tar/../../etc/evil#@1+2.mp4"]  # fmt: skip
    first, second = found[0], found[1]
    assert isinstance(first, Listed)
    assert isinstance(second, Listed)
    assert (first.licence, first.source, first.tags) == ("CC-BY", "web", {"mood": "calm", "n": "3"})
    assert second.tags == {"json": "{broken", "text": "a caption, naïve"}
    assert set(kinds(found).values()) == {"not_a_file"}
    assert len(kinds(found)) == 2
    assert [row.uri for row in rows(storage, shard.parent) if isinstance(row, Listed)] == [
        row.uri for row in found if isinstance(row, Listed)
    ]


def test_a_member_is_copied_from_its_place(storage: Storage, shard: Path, tmp_path: Path) -> None:
    copies = []
    for row in rows(storage, shard):
        if isinstance(row, Listed):
            copy_member(row.uri, tmp_path / "copy", storage)
            copies.append((tmp_path / "copy").read_bytes())
    assert copies == [b"video zero", b"video one", b"video two", b"video three"]


def test_a_tar_that_is_cut_short(storage: Storage, shard: Path, tmp_path: Path) -> None:
    (video, *_) = rows(storage, shard)
    data = shard.read_bytes()
    shard.write_bytes(data[: 5 * 512 - 100])
    found = rows(storage, shard)
    assert names(found) == ["shard-000.tar/a/000.mp4"]
    shard.write_bytes(data[:515])
    assert isinstance(video, Listed)
    with pytest.raises(EOFError):
        copy_member(video.uri, tmp_path / "copy", storage)
    assert list(kinds(rows(storage, shard)).values()) == ["cut_short"]


@pytest.mark.parametrize("data", [b"", b"no tar" * 1000, b"\x1f\x8b\x08" + b"x" * 600])
def test_a_tar_that_is_none(storage: Storage, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar").write_bytes(data)
    assert set(kinds(rows(storage, tmp_path / "x.tar"))) == {"x.tar"}


# --- buckets and the Hub --------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(tmp_path: Path, shard: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "cloud" / "vids"
    for name in ("a.mp4", "in/x y#1.mp4", "in/deep/c%41.webm", "in/beside.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    (root / "shards").mkdir()
    (root / "shards" / "s.tar").write_bytes(shard.read_bytes())
    (root / "list.csv").write_text("path,mood\nin/x y#1.mp4,calm\ns3://vids/a.mp4,loud\n")
    with buckets(tmp_path / "cloud", monkeypatch):
        yield root


def test_a_bucket_is_listed(storage: Storage, bucket: Path) -> None:
    uris = [row.uri for row in rows(storage, "s3://vids/in")]
    assert uris == ["s3://vids/in/deep/c%41.webm", "s3://vids/in/x y#1.mp4"]
    assert [storage.local(uri).read_bytes() for uri in uris] == [b"in/deep/c%41.webm", b"in/x y#1.mp4"]
    assert [row.uri for row in rows(storage, "s3://vids/**/*.mp4")] == ["s3://vids/a.mp4", "s3://vids/in/x y#1.mp4"]
    assert [row.uri for row in rows(storage, "s3://vids/*.mp4")] == ["s3://vids/a.mp4"]
    assert [row.uri for row in rows(storage, "s3://vids/a.mp4")] == ["s3://vids/a.mp4"]


def test_lists_and_tars_in_a_bucket(storage: Storage, bucket: Path, tmp_path: Path) -> None:
    found = rows(storage, "s3://vids/list.csv")
    assert [row.uri for row in found if isinstance(row, Listed)] == ["s3://vids/in/x y#1.mp4", "s3://vids/a.mp4"]
    members = [row for row in rows(storage, "s3://vids/shards/s.tar") if isinstance(row, Listed)]
    assert len(members) == 4
    copy_member(members[2].uri, tmp_path / "copy", storage)
    assert (tmp_path / "copy").read_bytes() == b"video two"


@pytest.mark.parametrize("path", ["s3://vids/none", "s3://vids/*.mov", "s3://nobody/x.mp4"])
def test_nothing_in_the_bucket_is_an_error(storage: Storage, bucket: Path, path: str) -> None:
    with pytest.raises(InputError):
        rows(storage, path)


@pytest.fixture
def hub_folder(tmp_path: Path) -> Path:
    """A dataset in the Hub's layout, on disk: files with a table of what is known of them."""
    folder = tmp_path / "dataset" / "train"
    folder.mkdir(parents=True)
    for name in ("a.mp4", "b.mp4"):
        (folder / name).write_bytes(name.encode())
    (folder / "metadata.csv").write_text("file_name,licence,mood\na.mp4,CC-BY,calm\nb.mp4,CC0,loud\n")
    return folder.parent


def test_a_dataset_of_files(storage: Storage, hub_folder: Path) -> None:
    found = rows(storage, f"hf://datasets/{hub_folder}")
    assert [to_path(row.uri) for row in found if isinstance(row, Listed)] == [
        hub_folder / "train/a.mp4",
        hub_folder / "train/b.mp4",
    ]
    assert isinstance(found[0], Listed)
    assert (found[0].licence, found[0].tags) == ("CC-BY", {"split": "train", "mood": "calm"})


def test_a_dataset_with_videos_in_its_table(storage: Storage, tmp_path: Path) -> None:
    import datasets

    cells = [{"bytes": b"one", "path": "1.mp4"}, {"bytes": b"two", "path": "x.$(id)"}]
    features = datasets.Features({"clip": datasets.Video(decode=False), "n": datasets.Value("int64")})
    (tmp_path / "table" / "data").mkdir(parents=True)
    table = datasets.Dataset.from_dict({"clip": cells, "n": [1, 2]}, features=features)
    table.to_parquet(tmp_path / "table" / "data" / "test-00000-of-00001.parquet")
    found = rows(storage, f"hf://datasets/{tmp_path / 'table'}?split=test")
    assert [storage.read(row.uri) for row in found if isinstance(row, Listed)] == [b"one", b"two"]
    assert isinstance(found[1], Listed)
    assert found[1].tags == {"split": "test", "n": "2"}
    assert found[1].uri.startswith("run:media/inputs/")
    assert "$" not in found[1].uri
    for wrong in ("?split=train", "?colour=red"):
        with pytest.raises(InputError):
            rows(storage, f"hf://datasets/{tmp_path / 'table'}{wrong}")


def test_the_dataset_of_another_run(storage: Storage, tmp_path: Path) -> None:
    """Paths lead from its folder; what it knows of a clip is carried on, its own tags among it."""
    run = samples.make(tmp_path / "other" / "run", videos=1, clips=2)
    samples.with_media(run)
    parquet.write(run)
    found = rows(storage, f"hf://datasets/{tmp_path / 'other' / 'run' / 'dataset'}")
    listed = [row for row in found if isinstance(row, Listed)]
    assert [storage.read(row.uri) for row in listed] == [
        b"not a real video" + row.id.encode() for row in run.all_rows("finish")
    ]
    assert json.loads(listed[0].tags["tags"]) == {"title": samples.NAMES[0]}


def test_a_dataset_that_is_not_there(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        rows(storage, f"hf://datasets/{tmp_path}/nowhere")


# --- packing --------------------------------------------------------------------------------------------------------


def video(number: int, duration: float, content: int | None = None) -> Video:
    sha256 = f"{number if content is None else content:064x}"
    return Video(
        id=sha256[-16:], uri=f"file:///{number}.mp4", name=f"{number}.mp4", sha256=sha256, size=1, duration=duration,
        width=1, height=1, fps=1.0, video_codec="", audio_codec="", audio_streams=0, licence="", source="", tags={},
        duplicates=(),
    )  # fmt: skip


@given(st.lists(st.integers(0, 5), max_size=20))
def test_the_same_bytes_are_kept_once(contents: list[int]) -> None:
    given_ = [video(number, 1.0, content) for number, content in enumerate(contents)]
    folded = fold_duplicates(given_)
    assert [one.sha256 for one in folded] == list(dict.fromkeys(one.sha256 for one in given_))
    assert sorted(uri for one in folded for uri in (one.uri, *one.duplicates)) == sorted(one.uri for one in given_)
    for one in folded:
        mine = [other.uri for other in given_ if other.sha256 == one.sha256]
        assert [one.uri, *one.duplicates] == mine
    assert fold_duplicates(folded) == folded


durations = st.lists(st.floats(0.01, 20000), max_size=80)


@given(durations, st.floats(0.1, 120), st.integers(1, 30))
def test_shards_are_whole_even_and_in_order(lengths: list[float], minutes: float, rows: int) -> None:
    given_ = [video(number, length) for number, length in enumerate(lengths)]
    shards = pack(given_, minutes, rows)
    order = {one.id: number for number, one in enumerate(given_)}
    assert sorted((one.id for shard in shards for one in shard), key=order.__getitem__) == [one.id for one in given_]
    assert all(shards)
    assert all(len(shard) <= rows for shard in shards)
    for shard in shards:
        numbers = [order[one.id] for one in shard]
        assert numbers == sorted(numbers)
    assert [order[shard[0].id] for shard in shards] == sorted(order[shard[0].id] for shard in shards)
    assert pack(given_, minutes, rows) == shards


@given(durations.filter(bool), st.floats(0.1, 120))
def test_no_shard_is_longer_than_the_mean_by_more_than_one_video(lengths: list[float], minutes: float) -> None:
    shards = pack([video(number, length) for number, length in enumerate(lengths)], minutes, 1000)
    mean = sum(lengths) / len(shards)
    assert max(sum(one.duration for one in shard) for shard in shards) <= mean + max(lengths) + 1e-6
    assert mean <= minutes * 60 + 1e-6 or len(shards) == len(lengths)


def test_an_hour_a_shard() -> None:
    shards = pack([video(number, 600.0) for number in range(60)], 60.0, 500)
    assert [len(shard) for shard in shards] == [6] * 10
    assert pack([], 60.0, 500) == []

"""Where an exported row finds its video: by the run's own file, by a copy, or not at all, and then it says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asid.pipeline.dataset.export.folder import ExportError, Folder
from asid.pipeline.dataset.export.media import ExportedMedia, Where, own_file, suffix
from asid.pipeline.storage import Storage
from tests.kits.exportkit import clip, place

LONG = {"uri": "file:///videos/long.mkv", "source_uri": "file:///videos/long.mkv"}


def named(tmp_path: Path, where: Where, out: str = "out", **changed: object) -> str:
    with Folder(tmp_path / out) as folder:
        return ExportedMedia(Storage(tmp_path / "run"), folder, where).video(clip(7, **changed))


@pytest.mark.parametrize(
    ("changed", "own"),
    [({}, True), ({"offset": 0.05}, True), ({"offset": 0.06}, False), (LONG, False), (LONG | {"offset": 3.0}, False)],
)
def test_a_file_is_the_clip_s_own_when_it_begins_with_it_and_is_no_source(
    changed: dict[str, object], own: bool
) -> None:
    assert own_file(clip(**changed)) is own


def test_a_copy_keeps_its_ending_and_what_is_cut_is_an_mp4() -> None:
    assert suffix(clip(uri="run:media/a.b.webm")) == ".webm"
    assert suffix(clip(**LONG)) == ".mp4"


def test_absolute_and_relative_paths_lead_to_the_same_file(tmp_path: Path) -> None:
    place(tmp_path / "run", "run:media/7.mp4", b"seven")
    assert Path(named(tmp_path, "absolute")).read_bytes() == b"seven"
    relative = named(tmp_path, "relative", out="deep/out")
    assert not os.path.isabs(relative)
    assert (tmp_path / "deep/out" / relative).read_bytes() == b"seven"


def test_a_clip_in_a_bucket_is_named_by_its_address(tmp_path: Path) -> None:
    assert named(tmp_path, "relative", uri="s3://bucket/run/7.mp4") == "s3://bucket/run/7.mp4"


def test_a_copy_lies_in_the_export_among_few_others(tmp_path: Path) -> None:
    place(tmp_path / "run", "run:media/7.mp4", b"seven")
    assert named(tmp_path, "copy") == "media/00/c007.mp4"
    assert (tmp_path / "out/media/00/c007.mp4").read_bytes() == b"seven"


def test_a_path_that_is_no_text_is_copied(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        file.write_bytes(b"seven")
    except OSError:
        pytest.skip("this file system takes no such names")
    uri = "file://" + os.fspath(tmp_path) + "/caf%E9.mp4"
    name = named(tmp_path, "absolute", uri=uri)
    assert name == str(tmp_path / "out/media/00/c007.mp4")
    assert Path(name).read_bytes() == b"seven"


def test_a_span_of_a_longer_file_is_not_named_and_the_way_out_is(tmp_path: Path) -> None:
    for where in ("absolute", "relative"):
        with pytest.raises(ExportError, match=r"c007 is a span .*--media copy"):
            named(tmp_path, where, **LONG)  # type: ignore[arg-type]


def test_media_that_is_gone_is_told_with_its_clip(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the video of c007 cannot be read"):
        named(tmp_path, "copy")
    with pytest.raises(ExportError, match="the video of c007 cannot be read"), Folder(tmp_path / "out") as folder:
        ExportedMedia(Storage(tmp_path / "run"), folder, "copy").sound(clip(7))

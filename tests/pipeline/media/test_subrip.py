"""Subtitles that lie in a file beside its picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.media.process import MediaError
from asid.pipeline.media.subrip import subrip
from tests.kits.mediakit import ffmpeg

LINES = "1\n00:00:00,200 --> 00:00:00,900\nשלום & <i>hello</i>\n\n2\n00:00:01,000 --> 00:00:01,500\n{\\an8}two\nlines\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("subrip")
    (out / "a.srt").write_text(LINES, encoding="utf-8")
    picture = ("-f", "lavfi", "-t", 2, "-i", "color=s=32x32:r=5", "-i", out / "a.srt")
    for name, codec in (("a.mkv", "srt"), ("b.mkv", "ass"), ("c.mp4", "mov_text")):
        ffmpeg(*picture, "-map", 0, "-map", 1, "-c:v", "libx264", "-preset", "ultrafast", "-c:s", codec, out / name)
    return out


@pytest.mark.parametrize("name", ["a.mkv", "b.mkv", "c.mp4"])
def test_every_form_is_read_as_subrip_with_its_times(folder: Path, name: str) -> None:
    text = subrip(folder / name, 1, 10_000).decode()
    assert "00:00:00,200 --> 00:00:00,900" in text
    assert "שלום & " in text
    assert "two\nlines" in text.replace("\r", "")


def test_more_than_permitted_is_an_error_not_a_part(folder: Path) -> None:
    with pytest.raises(MediaError):
        subrip(folder / "a.mkv", 1, 20)


@pytest.mark.parametrize("stream", [0, 5])
def test_a_stream_that_holds_no_subtitles_is_an_error(folder: Path, stream: int) -> None:
    with pytest.raises(MediaError):
        subrip(folder / "a.mkv", stream, 10_000)

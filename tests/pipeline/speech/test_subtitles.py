"""Subtitles beside a video and in it are read, put on its clock and held against what was heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.rows import Word
from asid.pipeline.speech.subtitles import compare, parse, subtitles
from asid.pipeline.storage import Storage, to_uri
from tests.kits.speechkit import ffmpeg

LINES = ["The old library opens at nine.", "My brother left his umbrella.", "We can walk to the river."]
SRT = "".join(
    f"{n + 1}\n00:00:0{2 * n},500 --> 00:00:0{2 * n + 2},000\n<i>{line}</i>\n\n" for n, line in enumerate(LINES)
)
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Mind the gap\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown\n"
    "Dialogue: 0,0:00:03.00,0:00:04.50,Default,,0,0,0,,{\\an8}Mind{\\b1} the\\Ngap\n"
    "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n"
)


def said(late: float, *lines: str) -> list[Word]:
    """The lines as recognised words, 0.25 s each, `late` seconds after SRT shows them."""
    return [
        Word(start=2 * n + 0.5 + late + 0.25 * at, end=2 * n + 0.7 + late + 0.25 * at, text=word, score=1.0, speaker="")
        for n, line in enumerate(lines)
        for at, word in enumerate(line.split())
    ]


@pytest.mark.parametrize(
    ("form", "data", "cues"),
    [
        ("srt", SRT.encode(), [(2 * n + 0.5, 2 * n + 2.0, line) for n, line in enumerate(LINES)]),
        ("srt", SRT.replace("old", "öld").encode("utf-16"), [(0.5, 2.0, LINES[0].replace("old", "öld"))]),
        ("srt", SRT.replace("old", "öld").encode("cp1252"), [(0.5, 2.0, LINES[0].replace("old", "öld"))]),
        ("vtt", b"\xef\xbb\xbf" + VTT.encode(), [(1.0, 2.0, "Mind the gap")]),
        ("ass", ASS.encode(), [(3.0, 4.5, "Mind the gap")]),
    ],
)
def test_text_and_times_of_every_form(form: str, data: bytes, cues: list[tuple[float, float, str]]) -> None:
    found = [(cue.start, cue.end, cue.text) for cue in parse(data, form)]
    assert found[: len(cues)] == cues
    assert len(found) in (len(cues), 3)


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 100, b"not subtitles at all", b"{" * 5000, b"WEBVTT\n\n"])
@pytest.mark.parametrize("form", ["srt", "vtt", "ass"])
def test_what_is_no_subtitles_is_named(data: bytes, form: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(data, form)


def test_words_heard_late_move_the_cues_and_others_lower_the_agreement() -> None:
    cues = parse(SRT.encode(), "srt")
    lag, agreement = compare(cues, said(1.5, *LINES), "en")
    assert lag == pytest.approx(1.5, abs=0.15)
    assert agreement == 1.0
    assert compare(cues, said(0.0, *(line.upper() for line in LINES)), "en")[1] == 1.0
    lag, agreement = compare(cues, said(0.0, "Nothing of this was ever shown", "on any screen"), "en")
    assert (lag, agreement < 0.3) == (0.0, True)
    assert compare(cues, [], "") == (0.0, 0.0)
    assert compare([], [], "") == (0.0, 0.0)


def test_files_beside_the_video_and_streams_in_it(tmp_path: Path) -> None:
    (tmp_path / "inside.srt").write_text(SRT)
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=7")
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-c:s", "mov_text", "-metadata:s:s:0", "language=eng")
    ffmpeg(*picture, "-i", str(tmp_path / "inside.srt"), *coding, str(tmp_path / "a.mp4"))
    (tmp_path / "a.en.vtt").write_text(VTT)
    (tmp_path / "a.srt").write_bytes(b"\x00 broken " * 9)
    (tmp_path / "ab.srt").write_text(SRT)  # another video's
    found, notes = subtitles(Storage(tmp_path / "run"), to_uri(tmp_path / "a.mp4"), "", said(0.5, *LINES), "en")
    beside, inside = found
    assert (beside.origin, [cue.text for cue in beside.cues]) == ("file a.en.vtt", ["Mind the gap"])
    assert (inside.origin, inside.language, inside.agreement) == ("stream 1", "eng", 1.0)
    assert inside.lag == pytest.approx(0.5, abs=0.15)
    assert [cue.text for cue in inside.cues] == LINES
    assert inside.cues[0].start == pytest.approx(0.5 + inside.lag)
    assert len(notes) == 1
    assert notes[0].startswith("file a.srt cannot be read")


def test_a_stream_without_cues_is_named_and_one_after_a_late_start_is_on_the_pictures_clock(tmp_path: Path) -> None:
    (tmp_path / "empty.srt").write_text("1\n00:00:09,000 --> 00:00:09,500\nafter the end\n")
    (tmp_path / "inside.srt").write_text(SRT)
    picture = ("-itsoffset", "1.0", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=7")
    inputs = (*picture, "-i", str(tmp_path / "inside.srt"), "-i", str(tmp_path / "empty.srt"))
    coding = (
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:s",
        "srt",
        "-t",
        "8",
    )
    ffmpeg(*inputs, *coding, str(tmp_path / "a.mkv"))
    found, notes = subtitles(Storage(tmp_path / "run"), to_uri(tmp_path / "a.mkv"), "", [], "en")
    assert [one.origin for one in found] == ["stream 1"]
    assert found[0].cues[-1].start == pytest.approx(4.5 - 1.0, abs=0.05)
    assert notes == ["stream 2 cannot be read: it shows nothing"]

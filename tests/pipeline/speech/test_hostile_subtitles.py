"""Subtitles as they come: in any encoding, rolling, broken, or no subtitles at all. None costs the video anything."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asid.pipeline.rows import Cue, Subtitles, Word
from asid.pipeline.speech.encodings import decoded
from asid.pipeline.speech.rolling import ShownCue, read_once
from asid.pipeline.speech.subtitles import compare, parse, subtitles
from asid.pipeline.storage import Storage, to_uri
from tests.kits.speechkit import ffmpeg

TEXTS = {
    "ru": ["Здравствуйте, это поезд на Москву?", "Нет, он уже ушёл."],
    "uk": ["Привіт, як у тебе справи?", "Їжак їсть яблуко у саду."],
    "el": ["Καλημέρα, πώς είσαι σήμερα;", "Δεν ξέρω τι να πω."],
    "pl": ["Dzień dobry, jak się masz?", "Żółta łódź płynie po rzece."],
    "fr": ["Où étais-tu hier soir ?", "Je ne sais pas, ça dépend."],
    "de": ["Schöne Grüße aus München.", "Ich weiß nicht, was soll das heißen?"],
    "tr": ["Günaydın, nasılsın?", "İyiyim, teşekkür ederim."],
    "he": ["שלום, מה שלומך היום?", "אני לא יודע."],
    "ar": ["مرحبا، كيف حالك اليوم؟", "لا أعرف."],
    "ja": ["こんにちは、お元気ですか。", "窓を開けてください。"],
    "zh": ["你好，今天天气怎么样？", "我不知道，请打开窗户。"],
    "ko": ["안녕하세요, 오늘 어떻게 지내세요?", "창문을 열어 주세요."],
    "th": ["สวัสดีครับ วันนี้เป็นอย่างไรบ้าง", "ฉันไม่รู้"],
    "en": ["The öld library opens at nine.", "Don’t go — wait for me…"],
}
CERTAIN = [
    ("ru", "cp1251"), ("ru", "koi8-r"), ("ru", "cp866"), ("uk", "cp1251"), ("el", "cp1253"), ("el", "iso8859-7"),
    ("tr", "cp1254"), ("he", "cp1255"), ("ar", "cp1256"), ("ja", "cp932"), ("ja", "euc_jp"), ("ja", "iso2022_jp"),
    ("zh", "gb18030"), ("ko", "cp949"), ("th", "cp874"), ("de", "cp1252"),
]  # fmt: skip
UNCERTAIN = [
    ("pl", "cp1250"), ("pl", "iso8859-2"), ("fr", "cp1252"), ("fr", "cp850"), ("fr", "mac_roman"), ("de", "cp850"),
    ("ru", "mac_cyrillic"), ("ru", "iso8859-5"), ("en", "cp1252"), ("en", "mac_roman"),
]  # fmt: skip
WIDE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def srt(lines: list[str]) -> str:
    return "".join(
        f"{n + 1}\n00:00:{2 * n:02d},500 --> 00:00:{2 * n + 2:02d},000\n{x}\n\n" for n, x in enumerate(lines)
    )


def texts(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.text for cue in cues]


@pytest.mark.parametrize(("language", "encoding"), CERTAIN)
def test_an_encoding_that_shows_is_read(language: str, encoding: str) -> None:
    assert texts(parse(srt(TEXTS[language]).encode(encoding), "srt")) == TEXTS[language]


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("encoding", WIDE)
def test_unicode_of_every_width(language: str, encoding: str) -> None:
    assert texts(parse(srt(TEXTS[language]).encode(encoding), "srt")) == TEXTS[language]


@pytest.mark.parametrize("hint", [False, True])
@pytest.mark.parametrize(("language", "encoding"), UNCERTAIN)
def test_an_encoding_that_does_not_show_is_never_guessed_at(language: str, encoding: str, hint: bool) -> None:
    try:
        found = texts(parse(srt(TEXTS[language]).encode(encoding, "replace"), "srt", 0.0, [language] if hint else []))
    except ValueError as error:
        assert "UTF-8" in str(error) or "text" in str(error)  # noqa: PT017
    else:
        assert found == [one.encode(encoding, "replace").decode(encoding) for one in TEXTS[language]]


def test_the_language_that_is_spoken_tells_encodings_apart() -> None:
    data = srt(TEXTS["fr"]).encode("cp1252")
    with pytest.raises(ValueError, match="UTF-8"):
        parse(data, "srt")
    assert texts(parse(data, "srt", 0.0, ["fr"])) == TEXTS["fr"]


def test_a_damaged_byte_costs_itself() -> None:
    data = srt(TEXTS["ru"]).encode().replace("поезд".encode(), "поез".encode() + b"\xd0")
    assert "поез\ufffd" in texts(parse(data, "srt"))[0]


def test_words_of_an_encoding_are_told_in_bounded_time() -> None:
    data = srt(TEXTS["ru"] * 4).encode("cp1251") * 4000
    started = time.monotonic()
    assert decoded(data).startswith("1\n")
    assert time.monotonic() - started < 10


# --- captions that roll -------------------------------------------------------------------------------------------

YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.000 align:start position:0%
 \nopen<00:00:00.480><c> the</c><00:00:00.800><c> window</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
open the window
 \n
00:00:02.010 --> 00:00:04.500 align:start position:0%
open the window
and<00:00:02.600><c.colorE5E5E5> tell</c><00:00:03.100><c> me</c>

00:00:04.500 --> 00:00:04.510 align:start position:0%
and tell me
 \n
00:00:04.510 --> 00:00:06.000 align:start position:0%
and tell me
&gt;&gt; what<00:00:05.100><c> you&#39;ve</c><00:00:05.300><c> seen</c>
"""
WITHOUT_TAGS = """1
00:00:00,000 --> 00:00:02,000
open the window

2
00:00:02,000 --> 00:00:02,010
open the window

3
00:00:02,010 --> 00:00:04,500
open the window
and tell me

4
00:00:04,500 --> 00:00:06,000
and tell me
what you've seen
"""


def test_a_line_that_rolls_up_is_read_once() -> None:
    assert texts(parse(YOUTUBE.encode(), "vtt")) == ["open the window", "and tell me", ">> what you've seen"]
    found = parse(WITHOUT_TAGS.encode(), "srt")
    assert [(one.start, one.text) for one in found] == [(0, "open the window"), (2.01, "and tell me"),
                                                        (4.5, "what you've seen")]  # fmt: skip


def test_words_that_come_one_by_one_are_read_once() -> None:
    said = ["open", "open the", "open the window", "and", "and tell", "and tell me"]
    found = parse(srt(said).replace(",500", ",000").encode(), "srt")
    assert [(one.start, one.end, one.text) for one in found] == [(0, 6, "open the window"), (6, 12, "and tell me")]


@pytest.mark.parametrize("said", [["Go!", "Go!", "Go!"], ["No.", "No.", "Who is there?", "Me."], ["Yes", "Yes sir"]])
def test_what_is_said_twice_is_read_twice(said: list[str]) -> None:
    assert texts(parse(srt(said).replace(",500", ",000").encode(), "srt")) == said


def test_a_line_that_comes_again_later_is_read_again() -> None:
    cues = [ShownCue(0, 1, ("a",)), ShownCue(1, 2, ("a", "b")), ShownCue(2, 3, ("b", "c")), ShownCue(9, 10, ("c",))]
    assert [one.lines for one in read_once(cues, timed=True)] == [("a",), ("b",), ("c",), ("c",)]


def test_marks_and_entities_are_no_words() -> None:
    vtt = "WEBVTT\n\nNOTE x\n\nSTYLE\n::cue{}\n\n00:01.000 --> 00:02.000\n"
    vtt += "<v Ann>Mind &amp; <00:01.500>the&nbsp;<b>gap</b></v>\n"
    assert texts(parse(vtt.encode(), "vtt")) == ["Mind & the gap"]


# --- whatever bears the video's name -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=1", "-c:v", "libx264", str(path))
    return path


def beside(clip: Path, folder: Path, name: str = "a") -> Path:
    video = folder / f"{name}.mp4"
    os.link(clip, video)
    return video


def read(video: Path) -> tuple[tuple[Subtitles, ...], list[str]]:
    words = [Word(start=0.1, end=0.4, text="hello", score=1.0, speaker="")]
    started = time.monotonic()
    found = subtitles(Storage(video.parent / "run"), to_uri(video), "", words, "en")
    assert time.monotonic() - started < 30
    return found


def make(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the address of a socket is short
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(path.name)
        finally:
            os.chdir(here)
    elif kind in ("/dev/zero", "/dev/full", "nowhere"):
        path.symlink_to(kind)
    elif kind == "loop":
        path.symlink_to(path.name)
    else:
        path.write_bytes(HOSTILE[kind])


ONE = b"1\n00:00:01,000 --> 00:00:02,000\n"
HOSTILE = {
    "empty": b"",
    "JSON": json.dumps([{"start": 0, "end": 1, "text": "hello"}] * 50).encode(),
    "JSON of pysubs2": b'{"info": {}, "styles": {}, "events": [{"start": 0, "end": 9, "text": "\\ud800"}]}',
    "nested": b"[" * 1_000_000,
    "web page": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "TTML": b"<tt xmlns='http://www.w3.org/ns/ttml'>" + b"<p>" * 500_000,
    "4 MB of cues": b"".join(b"%d\n00:00:01,000 --> 00:00:02,000\nhello there\n\n" % n for n in range(80_000)),
    "4 MB of times": b"00:00:01,000 --> 00:00:02,000\n" * 130_000,
    "4 MB in a cue": ONE + b"<" * 4_000_000,
    "4 MB of words": ONE + b"hello " * 660_000,
    "4 MB of lines": ONE + b"x\n" * 2_000_000,
    "20 MB": b"x" * 20_000_000,
    "zeros": bytes(100_000),
    "a video": b"\0\0\0\x18ftypmp42" + os.urandom(50_000),
    "endless times": b"1\n99999999999:00:00,000 --> 99999999999999:00:00,000\nhello\n",
    "styles": b"[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,," + b"{\\b1}" * 800_000,
}  # fmt: skip


@pytest.mark.parametrize("ending", [".srt", ".en.vtt", ".ass"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "/dev/zero", "/dev/full", "nowhere", "loop", *HOSTILE])
def test_it_never_costs_the_video(clip: Path, tmp_path: Path, kind: str, ending: str) -> None:
    video = beside(clip, tmp_path)
    make(tmp_path / f"a{ending}", kind)
    (tmp_path / "a.ssa").write_text(srt(["hello"]))
    found, notes = read(video)
    assert [cue.text for one in found if one.origin == "file a.ssa" for cue in one.cues] == ["hello"]
    named = [note for note in notes if note.startswith(f"file a{ending} cannot be read: ")]
    assert len(named) + sum(one.origin == f"file a{ending}" for one in found) == 1
    if kind not in ("4 MB of words", "4 MB of lines", "4 MB in a cue", "endless times", "styles"):
        assert named and len(named[0]) < 400


def test_a_name_that_is_too_long(clip: Path, tmp_path: Path) -> None:
    assert read(beside(clip, tmp_path, "w" * 250)) == ((), [])


def test_a_video_that_is_gone_keeps_its_subtitles(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(srt(["hello"]))
    found, notes = read(tmp_path / "a.mp4")
    assert len(found) == len(notes) == 1


@pytest.mark.parametrize("same", [1, 150])
def test_words_that_repeat_are_compared_in_bounded_time(same: int) -> None:
    cues = [Cue(start=float(n), end=n + 1.0, text=f"a{n % same} b{n % 149} c{n % 148}") for n in range(20_000)]
    words = [Word(start=float(n), end=n + 0.5, text=f"a{n % same}", score=1.0, speaker="") for n in range(5_000)]
    started = time.monotonic()
    try:
        assert 0 <= compare(cues, words, "en")[1] <= 1
    except ValueError as error:
        assert "compared" in str(error)  # noqa: PT017
    assert time.monotonic() - started < 100


# --- anything ------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
pieces = st.sampled_from(["1", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000 align:start", "WEBVTT", "<i>x",
                          "[Events]", "Dialogue: 0,0:00:00.00,0:00:01.00,,,0,0,0,,x", "{1}{2}x", "{\\p1}",
                          "-->", "<00:00:01.000>", "\x1b$B", "\ud800", "Здравствуйте", "&#xD800;", "&#0;"])  # fmt: skip
relaxed = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
@given(
    st.binary(max_size=300)
    | values.map(lambda value: json.dumps(value).encode())
    | st.lists(pieces | st.text(st.characters(), max_size=20), max_size=12).map(
        lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
    ),
    st.sampled_from(["srt", "vtt", "ass", "ssa"]),
    st.sampled_from(["", "utf-16", "ru", "en"]),
)
def test_bytes_are_cues_or_named(data: bytes, form: str, language: str) -> None:
    if language == "utf-16":
        data = data.decode("latin-1").encode("utf-16")
    try:
        cues = parse(data, form, 0.0, [language])
    except ValueError:
        return
    assert cues
    for cue in cues:
        assert 0 <= cue.start < cue.end
        assert cue.text.strip()
        cue.model_dump_json()


shown = st.lists(st.lists(st.sampled_from(["a", "b", "a b", "c"]), min_size=1, max_size=3), max_size=8)


@relaxed
@given(shown, st.booleans())
def test_reading_once_loses_no_word(lines: list[list[str]], timed: bool) -> None:
    cues = [ShownCue(float(n), n + 1.0, tuple(rows)) for n, rows in enumerate(lines)]
    kept = read_once(cues, timed)
    assert {word for one in kept for row in one.lines for word in row.split()} == {
        word for one in cues for row in one.lines for word in row.split()
    }
    assert [one.start for one in kept] == sorted(one.start for one in kept)

"""Clips are what they claim: the right frames at the right times, the right samples, in a form that plays anywhere."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asid.pipeline.media.cutting import Piece, cut
from asid.pipeline.media.probe import Probe, probe
from asid.pipeline.media.process import MediaError, MediaTimeout
from asid.pipeline.media.settings import CutSettings
from asid.pipeline.media.timeline import Timeline, read_timeline
from asid.pipeline.rows import Span
from tests.kits.mediakit import ffmpeg, noise, shift, write_wav

RATE = 48000
SECONDS = 4
SOUND = noise(SECONDS * RATE / 16000)  # samples at RATE
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", 10, "-bf", 2, "-g", 30)
LOSSLESS = ("-c:v", "ffv1")


def picture(
    size: str = "160x90", rate: object = 25, filters: str = "null", seconds: float = SECONDS
) -> tuple[object, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds},{filters}")


def source(folder: Path, name: str, *arguments: object) -> Path:
    ffmpeg(*arguments, folder / name)
    return folder / name


def build(folder: Path, name: str) -> Path:
    wav = ("-i", write_wav(folder / "noise.wav", SOUND, RATE))
    pcm = ("-c:a", "pcm_s16le")
    made: dict[str, tuple[object, ...]] = {
        "plain.mp4": (*picture(), *wav, *X264, "-c:a", "aac", "-b:a", "192k", "-t", SECONDS),
        "ntsc.mkv": (*picture(rate="30000/1001"), *wav, *X264, *pcm),
        "broadcast.ts": (*picture(), *wav, *X264, "-c:a", "mp2", "-b:a", "256k", "-output_ts_offset", 7),
        "late.mkv": (*picture(), "-itsoffset", 1.5, *wav, *X264, *pcm),
        "early.mkv": ("-itsoffset", 0.72, *picture(), *wav, *X264, *pcm),
        "long.mkv": (*picture(seconds=3), *wav, *X264, *pcm),
        "hole.mkv": (*picture(), *wav, *X264, *pcm, "-af", "aselect='not(between(t,2,2.5))'"),
        "odd.mkv": (*picture("127x73", filters="format=yuv444p"), *LOSSLESS),
        "ten_bit.mp4": (*picture(filters="format=yuv420p10le"), "-c:v", "libx265", "-x265-params",
                        "log-level=none:crf=12"),
        "anamorphic.mp4": (*picture(filters="setsar=16/11"), *X264),
        "vfr.mkv": (*picture(filters="select='not(mod(n,3))+between(n,40,60)'"), *wav, *X264, *pcm, "-fps_mode",
                    "passthrough"),
        "vfr.mp4": (*picture(filters="select='not(mod(n,5))+between(n,40,60)'"), "-fps_mode", "passthrough", *X264),
        "film.webm": (*picture(), *wav, "-c:v", "libvpx", "-b:v", "2M", "-c:a", "libopus", "-b:a", "128k"),
        "rgb.mkv": (*picture(filters="format=gbrp"), *LOSSLESS),
        "full_range.avi": (*picture(), "-c:v", "mjpeg", "-q:v", 2, "-pix_fmt", "yuvj420p"),
        "xvid.avi": (*picture(), "-c:v", "mpeg4", "-q:v", 2),
        "slow.mkv": (*picture(rate="1/2", seconds=20), *X264),
    }  # fmt: skip
    return source(folder, name, *made[name])


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Sources by name, made when first asked for."""
    folder, made = tmp_path_factory.mktemp("sources"), {}

    def by_name(name: str) -> Path:
        if name not in made:
            made[name] = build(folder, name)
        return made[name]

    return by_name


# --- looking and listening, without the code under test ----------------------------------------------------------


def frames(path: Path, size: tuple[int, int], before: str = "") -> np.ndarray:
    """Every frame as RGB reduced to a quarter, shape (n, height, width, 3)."""
    width, height = size[0] // 2, size[1] // 2
    filters = f"{before}scale={width}:{height}:flags=area,format=rgb24"
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vf", filters, "-fps_mode", "passthrough"]
    data = subprocess.run([*command, "-f", "rawvideo", "pipe:1"], check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)


@cache
def look(path: Path) -> dict[str, Any]:
    wanted = ["-show_streams", "-show_format", "-show_frames", "-select_streams", "v:0", "-of", "json"]
    entries = ["-show_entries", "stream:format:frame=best_effort_timestamp_time"]
    command = ["ffprobe", "-v", "error", *wanted, *entries, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def shown(path: Path) -> list[float]:
    """When each frame that decodes is shown, in seconds of file time."""
    return [float(frame["best_effort_timestamp_time"]) for frame in look(path)["frames"]]


def length(path: Path) -> float:
    """Seconds that the file plays."""
    return float(look(path)["format"]["duration"])


def sound_track(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found["streams"][0]


def listen(path: Path) -> np.ndarray:
    """Mono samples at RATE, the first heard when the first frame is shown."""
    zero = round(min(shown(path)) * RATE)
    command = ["ffmpeg", "-v", "error", "-copyts", "-i", str(path), "-map", "0:a:0"]
    output = ["-af", f"aresample={RATE}:async=1:first_pts={zero}", "-ac", "1", "-f", "f32le", "pipe:1"]
    return np.frombuffer(subprocess.run([*command, *output], check=True, capture_output=True).stdout, np.float32)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def best(frame: np.ndarray, among: np.ndarray) -> int:
    return int(np.argmax([psnr(frame, other) for other in among]))


def spans_of(*edges: float) -> list[Span]:
    return [Span(start=a, end=b) for a, b in pairwise(edges)]


@cache
def plan(path: Path) -> tuple[Probe, Timeline]:
    found = probe(path)
    return found, read_timeline(path, found)


def make(path: Path, spans: list[Span], folder: Path, timeout: float = 120, **settings: Any) -> list[Piece | None]:
    folder.mkdir(exist_ok=True)
    return cut(path, spans, folder, CutSettings(**settings), *plan(path), timeout=timeout)


def thirds(path: Path) -> list[Span]:
    timeline = plan(path)[1]
    times = timeline.times
    return spans_of(0.0, float(times[len(times) // 3]), float(times[2 * len(times) // 3]), timeline.duration)


# --- the picture -------------------------------------------------------------------------------------------------

CASES = {  # least PSNR of a clip's frame against the source's, size of the clip
    "plain.mp4": (38, (160, 90)),
    "ntsc.mkv": (38, (160, 90)),
    "broadcast.ts": (38, (160, 90)),
    "early.mkv": (38, (160, 90)),
    "odd.mkv": (29, (126, 72)),  # of 4:4:4; its colours lose half their resolution
    "ten_bit.mp4": (38, (160, 90)),
    "anamorphic.mp4": (36, (232, 90)),
    "vfr.mkv": (38, (160, 90)),
    "vfr.mp4": (38, (160, 90)),
    "film.webm": (38, (160, 90)),
    "rgb.mkv": (21, (160, 90)),  # a lossless encode in yuv420p has 23
    "full_range.avi": (37, (160, 90)),
    "xvid.avi": (38, (160, 90)),
}


@pytest.mark.parametrize("name", CASES)
def test_every_frame_is_in_its_clip_at_its_time(get: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    least, size = CASES[name]
    path, spans = get(name), thirds(get(name))
    pieces = make(path, spans, tmp_path / "clips", quality=12)
    crop = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0," if name == "odd.mkv" else ""
    originals, times = frames(path, size, crop), np.array(shown(path))
    times -= times[0]
    count = 0
    for span, piece in zip(spans, pieces, strict=True):
        assert piece is not None
        assert piece.path is not None
        assert (piece.width, piece.height, piece.offset) == (*size, 0.0)
        mine, at = frames(piece.path, size), np.array(shown(piece.path))
        assert at + span.start == pytest.approx(times[count : count + len(at)], abs=2e-5)
        for own in (0, -1):
            place = count + (len(mine) - 1 if own else 0)
            assert psnr(mine[own], originals[place]) > least
            assert np.abs(mine[own].mean(axis=(0, 1)) - originals[place].mean(axis=(0, 1))).max() < 3  # colours
            assert best(mine[own], originals) == place
        count += len(mine)
        track = look(piece.path)["streams"][0]
        assert (track["codec_name"], track["pix_fmt"], track["width"], track["height"]) == ("h264", "yuv420p", *size)
        assert track.get("sample_aspect_ratio", "1:1") == "1:1"
        assert track["field_order"] == "progressive"
        assert length(piece.path) == pytest.approx(span.end - span.start, abs=2 / RATE)
    assert count == len(originals)
    assert sum(length(piece.path) for piece in pieces if piece and piece.path) == pytest.approx(spans[-1].end, abs=1e-4)


def test_a_turned_picture_stands_upright(get: Callable[[str], Path], tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-i", get("plain.mp4"), "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
    pieces = make(turned, thirds(turned), tmp_path / "clips")
    assert [(p.width, p.height) for p in pieces if p] == [(90, 160)] * 3
    assert pieces[0]
    assert pieces[0].path
    assert look(pieces[0].path)["streams"][0].get("side_data_list", []) == []
    assert psnr(frames(pieces[0].path, (90, 160))[0], frames(turned, (90, 160))[0]) > 36


def test_interlaced_lines_are_woven_apart(tmp_path: Path) -> None:
    path = source(tmp_path, "fields.mpg", *picture("320x180", 50, "tinterlace=interleave_top,fieldorder=tff"),
                  "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", 2, "-bf", 2)  # fmt: skip
    assert probe(path).interlaced
    pieces = make(path, thirds(path), tmp_path / "clips")

    def combing(file: Path) -> float:
        """How much more a line differs from its neighbour than from the one after."""
        command = ["ffmpeg", "-v", "error", "-i", str(file), "-vf", "format=gray", "-f", "rawvideo", "pipe:1"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        lines = np.frombuffer(data, np.uint8).reshape(-1, 180, 320).astype(float)
        return float(np.abs(np.diff(lines, axis=1)).mean() / np.abs(lines[:, 2:] - lines[:, :-2]).mean())

    assert all(combing(piece.path) < 0.8 * combing(path) for piece in pieces if piece and piece.path)
    assert sum(len(shown(piece.path)) for piece in pieces if piece and piece.path) == len(shown(path))


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    see_through = "format=rgba,geq=r=255:g=200:b=0:a='if(lt(X,80),255,0)'"
    path = source(tmp_path, "alpha.mov", *picture(filters=see_through), "-c:v", "qtrle")
    piece = make(path, thirds(path), tmp_path / "clips")[1]
    assert piece
    assert piece.path
    frame = frames(piece.path, (160, 90))[0]
    assert np.abs(frame[:, :38].mean(axis=(0, 1)) - (255, 200, 0)).max() < 6
    assert frame[:, 42:].mean() < 3


def test_hdr_becomes_sdr(tmp_path: Path) -> None:
    """Mid grey as PQ codes it, about 58 % of full signal at 200 cd/m2, would look pale: it comes out darker."""
    tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    grey = ("-f", "lavfi", "-i", f"color=0x808080:s=160x90:r=25:d=4,format=yuv420p10le,{tags}")
    x265 = ("-c:v", "libx265", "-x265-params", "log-level=none", "-color_trc", "smpte2084")
    path = source(tmp_path, "hdr.mp4", *grey, *x265, "-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    assert probe(path).hdr
    piece = make(path, thirds(path), tmp_path / "clips")[0]
    assert piece
    assert piece.path
    track = look(piece.path)["streams"][0]
    assert (track["color_transfer"], track["color_primaries"], track["pix_fmt"]) == ("bt709", "bt709", "yuv420p")
    assert 100 < frames(piece.path, (160, 90))[0].mean() < 250
    assert abs(frames(piece.path, (160, 90))[0].mean() - frames(path, (160, 90))[0].mean()) > 10


def test_spans_that_are_left_out_leave_no_frame(get: Callable[[str], Path], tmp_path: Path) -> None:
    path = get("plain.mp4")
    spans = [Span(start=0.6, end=1.2), Span(start=1.2, end=1.8), Span(start=2.6, end=3.2)]
    pieces, originals = make(path, spans, tmp_path / "clips"), frames(path, (160, 90))
    for span, piece in zip(spans, pieces, strict=True):
        assert piece
        assert piece.path
        mine = frames(piece.path, (160, 90))
        assert [best(mine[0], originals), best(mine[-1], originals)] == [
            round(span.start * 25),
            round(span.end * 25) - 1,
        ]
        assert shown(piece.path) == pytest.approx([n / 25 for n in range(15)], abs=1e-4)
        assert abs(shift(listen(piece.path), SOUND[round(span.start * RATE) :])) <= 1


def test_a_clip_that_begins_between_two_frames(get: Callable[[str], Path], tmp_path: Path) -> None:
    """Its first frame is shown from its start, the others and the sound are where they were."""
    path = get("plain.mp4")
    spans = spans_of(0.0, 1.013, 2.03, 4.0)
    pieces = make(path, spans, tmp_path / "clips")
    firsts = [best(frames(p.path, (160, 90))[0], frames(path, (160, 90))) for p in pieces if p and p.path]
    assert firsts == [0, 26, 51]
    middle = pieces[1]
    assert middle
    assert middle.path
    assert shown(middle.path) == pytest.approx([0.0, *(n / 25 - 1.013 for n in range(27, 51))], abs=1e-4)
    assert abs(shift(listen(middle.path), SOUND[round(1.013 * RATE) :])) <= 1
    assert length(middle.path) == pytest.approx(1.017, abs=3 / RATE)


def test_one_frame_for_many_seconds(get: Callable[[str], Path], tmp_path: Path) -> None:
    pieces = make(get("slow.mkv"), spans_of(0.0, 6.0, 8.0, 20.0), tmp_path / "clips")
    assert [shown(p.path) for p in pieces if p and p.path] == [[0, 2, 4], [0], [0, 2, 4, 6, 8, 10]]
    assert [length(piece.path) for piece in pieces if piece and piece.path] == [6, 2, 12]


def test_a_span_that_does_not_decode_has_no_clip_and_the_others_are_right(tmp_path: Path) -> None:
    path = source(tmp_path, "broken.mov", *picture(), "-c:v", "mjpeg", "-q:v", 2)
    wanted = ["-show_entries", "packet=pos,size", "-of", "csv=p=0"]
    listed = subprocess.run(["ffprobe", "-v", "error", *wanted, str(path)], check=True, capture_output=True).stdout
    packets = [tuple(map(int, line.split(b",")[:2])) for line in listed.split()]
    data = bytearray(path.read_bytes())
    for size, place in packets[25:52]:  # the second second, and a little of the third
        data[place : place + size] = bytes(size)
    whole = frames(path, (160, 90))
    path.write_bytes(data)
    pieces = make(path, spans_of(0.0, 1.0, 2.0, 3.0, 4.0), tmp_path / "clips")
    assert [piece is None for piece in pieces] == [False, True, False, False]
    places = [best(frames(p.path, (160, 90))[-1], whole) for p in pieces if p and p.path]
    assert places == [24, 74, 99]
    third = pieces[2]
    assert third
    assert third.path
    assert shown(third.path) == pytest.approx([0.0, *(n / 25 for n in range(3, 25))], abs=1e-4)


# --- the sound ---------------------------------------------------------------------------------------------------

SOUNDS = {"plain.mp4": 0.0, "ntsc.mkv": 0.0, "broadcast.ts": 0.0, "late.mkv": 1.5, "early.mkv": -0.72, "vfr.mkv": 0.0,
          "film.webm": 0.0}  # fmt: skip


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_is_cut_to_the_sample(get: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    """Against the noise as it went into the source, moved by what the source says; where the source's codec has moved
    it, against what the whole source gives."""
    path, spans = get(name), thirds(get(name))
    begins = SOUNDS[name]
    clock = np.concatenate((np.zeros(max(0, round(begins * RATE)), np.float32), SOUND))[max(0, round(-begins * RATE)) :]
    if name in ("broadcast.ts", "film.webm"):
        clock = listen(path)
    for span, piece in zip(spans, make(path, spans, tmp_path / "clips"), strict=True):
        assert piece
        assert piece.path
        assert piece.sound
        first, last = round(span.start * RATE), round(span.end * RATE)
        meant, heard = clock[first:last], listen(piece.path)
        assert 0 <= len(heard) - (last - first) < 1024, "the last AAC frame may be longer than the clip"
        if np.abs(meant).max() > 0.1:
            assert abs(shift(heard[: len(meant)], meant)) <= 1
            assert np.corrcoef(heard[: len(meant)], meant)[0, 1] > 0.9
        else:
            assert np.abs(heard).max() < 0.01
        assert float(sound_track(piece.path)["duration"]) == pytest.approx(span.end - span.start, abs=2 / RATE)


def test_sound_that_ends_early_goes_on_as_silence_and_too_much_is_left_out(
    get: Callable[[str], Path], tmp_path: Path
) -> None:
    short = source(tmp_path, "short.mkv", *picture(), "-i", write_wav(tmp_path / "n.wav", SOUND[:RATE], RATE), *X264,
                   "-c:a", "pcm_s16le")  # fmt: skip
    pieces = make(short, spans_of(0.0, 2.0, 4.0), tmp_path / "short")
    heard = [listen(piece.path) for piece in pieces if piece and piece.path]
    assert [-(-len(one) // 1024) for one in heard] == [-(-2 * RATE // 1024)] * 2
    assert abs(shift(heard[0][:RATE], SOUND[:RATE])) <= 1
    assert np.abs(heard[0][RATE + 1024 :]).max() < 0.01
    assert np.abs(heard[1]).max() == 0
    pieces = make(get("long.mkv"), spans_of(0.0, 1.0, 3.0), tmp_path / "long")
    assert [float(sound_track(p.path)["duration"]) for p in pieces if p and p.path] == [1.0, 2.0]


def test_a_hole_in_the_sound_is_silence_and_what_follows_keeps_its_place(
    get: Callable[[str], Path], tmp_path: Path
) -> None:
    before, after = make(get("hole.mkv"), spans_of(0.0, 1.0, 4.0), tmp_path / "clips")
    assert before
    assert after
    assert after.path
    heard = listen(after.path)
    assert np.abs(heard[round(1.05 * RATE) : round(1.45 * RATE)]).max() < 0.02
    late = round(1.6 * RATE)
    assert abs(shift(heard[late : 3 * RATE], SOUND[RATE + late :])) <= RATE // 1000  # Matroska counts milliseconds


def test_a_silent_film_has_no_sound(get: Callable[[str], Path], tmp_path: Path) -> None:
    pieces = make(get("vfr.mp4"), thirds(get("vfr.mp4")), tmp_path / "clips")
    assert not any(piece.sound for piece in pieces if piece)
    with pytest.raises(IndexError):
        sound_track(pieces[0].path)  # type: ignore[union-attr, arg-type]


def test_six_channels_become_two(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "n.wav", np.stack([SOUND] * 6, axis=1) * 0.3, RATE)
    path = source(tmp_path, "six.mkv", *picture(), "-i", wav, *X264, "-c:a", "pcm_s16le")
    piece = make(path, thirds(path), tmp_path / "clips")[1]
    assert piece
    assert piece.path
    assert sound_track(piece.path)["channels"] == 2


# --- files -------------------------------------------------------------------------------------------------------


def test_the_same_settings_give_the_same_bytes_with_the_index_in_front(
    get: Callable[[str], Path], tmp_path: Path
) -> None:
    path, spans = get("plain.mp4"), thirds(get("plain.mp4"))

    def bytes_of(folder: str, **settings: object) -> list[str]:
        pieces = make(path, spans, tmp_path / folder, **settings)
        files = [piece.path for piece in pieces if piece and piece.path]
        assert all(data.index(b"moov") < data.index(b"mdat") for data in (file.read_bytes() for file in files))
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    assert bytes_of("one") == bytes_of("50 % off")  # a name that means something in ffmpeg's patterns
    assert bytes_of("three", quality=30) != bytes_of("four")


@pytest.mark.parametrize("name", ["plain.mp4", "early.mkv", "broadcast.ts", "film.webm", "vfr.mkv", "xvid.avi"])
def test_a_copy_says_where_the_span_begins_in_it(get: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    path, spans = get(name), thirds(get(name))
    originals, times = frames(path, (160, 90)), np.array(shown(path))
    times -= times[0]
    for span, piece in zip(spans, make(path, spans, tmp_path / "clips", method="copy"), strict=True):
        assert piece
        assert piece.path
        at, mine = np.array(shown(piece.path)), frames(piece.path, (160, 90))
        at -= at[0]
        wanted = np.flatnonzero((times >= span.start - 1e-6) & (times < span.end - 1e-6))
        for frame in (wanted[0], wanted[-1]):
            here = int(np.argmin(np.abs(at - (piece.offset + times[frame] - span.start))))
            assert at[here] == pytest.approx(piece.offset + times[frame] - span.start, abs=2e-3)
            assert psnr(mine[here], originals[frame]) > 50
        if piece.sound:
            heard = listen(piece.path)[round(piece.offset * RATE) :][: round((span.end - span.start) * RATE)]
            meant = listen(path)[round(span.start * RATE) :]
            assert abs(shift(heard, meant[: len(heard)])) <= RATE // (100 if name == "film.webm" else 1000)  # Opus


def test_a_virtual_clip_is_a_place_in_the_source(get: Callable[[str], Path], tmp_path: Path) -> None:
    spans = spans_of(0.0, 1.0, 2.0)
    pieces = make(get("early.mkv"), spans, tmp_path / "none", method="virtual")
    assert [(p.path, p.offset) for p in pieces if p] == [(None, 0.0), (None, 1.0)]
    assert list((tmp_path / "none").iterdir()) == []


# --- limits ------------------------------------------------------------------------------------------------------


def test_limits_of_time_size_and_space(
    get: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = get("plain.mp4")
    spans = thirds(path)
    with pytest.raises(MediaTimeout):
        make(path, spans, tmp_path / "late", timeout=0.02)
    with pytest.raises(MediaError, match="more than 20000 bytes") as caught:
        cut(path, spans, tmp_path, CutSettings(), *plan(path), timeout=60, max_bytes=20000)
    assert caught.value.kind == "too_much_output"
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=10 << 20))
    with pytest.raises(OSError, match="10 MiB"):
        make(path, spans, tmp_path / "full")
    assert list((tmp_path / "full").iterdir()) == []

"""A file is what its frames and packets are, not what its header says."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from asid.pipeline.media.probe import header, probe
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.settings import ProbeLimits
from tests.kits.mediakit import ffmpeg, noise, write_wav

SCENE = "testsrc2=s=160x120:r=25"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def clip(path: Path, *extra: object, scene: str = SCENE, seconds: float = 2) -> Path:
    ffmpeg("-f", "lavfi", "-t", seconds, "-i", scene, *X264, *extra, path)
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with sound, index at the front."""
    out = tmp_path_factory.mktemp("plain")
    wav = write_wav(out / "noise.wav", noise(2))
    ffmpeg(
        "-f", "lavfi", "-t", 2, "-i", SCENE, "-i", wav, *X264, "-g", 10, "-movflags", "+faststart", out / "plain.mp4"
    )
    return out / "plain.mp4"


def refusal(path: Path, **limits: float) -> str:
    with pytest.raises(MediaError) as caught:
        probe(path, limits=ProbeLimits(**limits))
    assert str(caught.value)
    return caught.value.kind


def test_a_plain_file(plain: Path) -> None:
    found = probe(plain)
    assert (found.width, found.height, found.frames, found.codec) == (160, 120, 50, "h264")
    assert found.duration == pytest.approx(2.0, abs=1e-6)
    assert found.fps == pytest.approx(25.0)
    assert found.start == pytest.approx(0.0)
    assert not found.vfr
    assert not found.hdr
    assert not found.interlaced
    (track,) = found.audio
    assert (track.codec, track.channels, track.rate, track.language) == ("aac", 1, 16000, "")


@pytest.mark.parametrize(("turn", "size"), [(90, (120, 160)), (180, (160, 120)), (270, (120, 160))])
def test_size_is_as_displayed_when_turned(plain: Path, tmp_path: Path, turn: int, size: tuple[int, int]) -> None:
    ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v:0", f"rotate={turn}", tmp_path / "turned.mp4")
    found = probe(tmp_path / "turned.mp4")
    assert (found.width, found.height) == size
    assert (found.coded_width, found.coded_height) == (160, 120)
    assert found.rotation % 360 == turn


def test_size_is_as_displayed_with_wide_pixels(tmp_path: Path) -> None:
    found = probe(clip(tmp_path / "wide.mp4", "-vf", "setsar=64/45"))
    assert (found.width, found.height) == (228, 120)


def test_pixels_of_an_impossible_shape_are_taken_for_square(tmp_path: Path) -> None:
    found = probe(clip(tmp_path / "wide.mkv", "-vf", "setsar=200/1"))
    assert (found.width, found.height) == (160, 120)


def test_time_counts_from_the_first_frame(plain: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    ffmpeg("-i", plain, "-c", "copy", "-output_ts_offset", 7, "-avoid_negative_ts", "disabled", late)
    found = probe(late)
    assert found.start == pytest.approx(7, abs=0.15)
    assert found.duration == pytest.approx(2.0, abs=0.01)
    assert found.audio[0].start == pytest.approx(0.0, abs=0.15)


def test_time_below_zero_is_not_shown(plain: Path, tmp_path: Path) -> None:
    """An MP4 whose edit list begins a second into its frames."""
    early = tmp_path / "early.mp4"
    ffmpeg("-i", plain, "-c", "copy", "-output_ts_offset", -1, "-avoid_negative_ts", "disabled", early)
    found = probe(early)
    assert found.start == pytest.approx(0.0, abs=0.01)
    assert found.duration == pytest.approx(1.0, abs=0.05)
    assert found.frames == 25


def test_no_frame_is_lost_where_the_file_says_only_the_order_of_decoding(plain: Path, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-t", 2, "-i", SCENE, "-c:v", "libx264", "-bf", 3, tmp_path / "b_frames.avi")
    found = probe(tmp_path / "b_frames.avi")
    assert found.frames == 50
    assert found.duration == pytest.approx(2.0, abs=0.001)


def test_frames_before_the_first_keyframe_do_not_count(tmp_path: Path) -> None:
    """A recording that was switched on in the middle of a scene."""
    whole = clip(tmp_path / "whole.ts", "-g", 25, "-x264-params", "open-gop=0", seconds=3)
    data = whole.read_bytes()
    middle = tmp_path / "middle.ts"
    middle.write_bytes(data[len(data) // 4 // 188 * 188 :])
    found = probe(middle)
    assert found.start > probe(whole).start + 0.5
    assert found.duration == pytest.approx(2.0, abs=0.05)


def test_uneven_times(tmp_path: Path) -> None:
    uneven = clip(tmp_path / "vfr.mp4", "-vf", "select='not(mod(n,3))+lt(n,10)'", "-fps_mode", "vfr")
    assert probe(uneven).vfr
    even = clip(tmp_path / "ntsc.mkv", scene="testsrc2=s=64x64:r=30000/1001")  # whole milliseconds are not uneven
    assert not probe(even).vfr
    assert probe(even).fps == pytest.approx(30000 / 1001, rel=1e-3)


def test_colours_and_fields(tmp_path: Path) -> None:
    bright = clip(tmp_path / "hdr.mp4", "-color_trc", "smpte2084", "-vf", "setparams=color_trc=smpte2084")
    assert probe(bright).hdr
    assert probe(bright).transfer == "smpte2084"
    fields = clip(tmp_path / "fields.mp4", "-vf", "setfield=tff", "-flags", "+ilme+ildct", "-x264-params", "tff=1")
    assert probe(fields).interlaced


def test_tracks_in_two_languages(plain: Path, tmp_path: Path) -> None:
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra")
    ffmpeg("-i", plain, "-map", 0, "-map", "0:a", "-c", "copy", *tags, tmp_path / "two.mkv")
    assert [track.language for track in probe(tmp_path / "two.mkv").audio] == ["eng", "fra"]


def test_a_cover_is_no_picture(plain: Path, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x640", "-frames:v", 1, tmp_path / "cover.jpg")
    cover = ("-i", tmp_path / "cover.jpg", "-map", 1, "-map", 0, "-c", "copy", "-disposition:v:0", "attached_pic")
    ffmpeg("-i", plain, *cover, tmp_path / "film.mp4")
    assert probe(tmp_path / "film.mp4").width == 160
    ffmpeg(
        "-i", tmp_path / "film.mp4", "-map", "0:v", "-map", "0:a", "-map", "-0:v:0", "-c", "copy", tmp_path / "x.mp4"
    )
    ffmpeg("-i", plain, *cover, "-map", "-0:v", tmp_path / "song.mp4")
    assert refusal(tmp_path / "song.mp4") == "no_video"


def test_bytes_that_are_missing_are_not_counted(plain: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    data = plain.read_bytes()
    short.write_bytes(data[: len(data) * 6 // 10])
    found = probe(short)
    assert 0.5 < found.duration < 1.9
    assert found.duration == pytest.approx(found.frames / 25, abs=0.05)


def test_a_length_that_the_header_makes_up_is_not_believed(tmp_path: Path) -> None:
    path = clip(tmp_path / "liar.mkv")
    data = bytearray(path.read_bytes())
    place = data.index(b"\x44\x89\x88") + 3  # Duration, a float of 8 bytes
    assert struct.unpack(">d", data[place : place + 8])[0] == pytest.approx(2000)
    data[place : place + 8] = struct.pack(">d", 1e12)
    path.write_bytes(data)
    assert probe(path).duration == pytest.approx(2.0, abs=0.01)


def test_a_picture_that_never_decodes_is_refused(plain: Path, tmp_path: Path) -> None:
    data = bytearray(plain.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\x55" * (len(data) - start)
    (tmp_path / "rotten.mp4").write_bytes(data)
    assert refusal(tmp_path / "rotten.mp4") == "no_frame"


def test_an_hour_between_two_frames_is_refused(tmp_path: Path) -> None:
    gap = clip(tmp_path / "gap.mkv", "-vf", "setpts='PTS+gt(N,24)*3600/TB'", "-fps_mode", "passthrough")
    assert refusal(gap) == "gap"
    assert probe(gap, limits=ProbeLimits(max_gap=4000)).duration == pytest.approx(3602, abs=0.1)


def test_limits(plain: Path, tmp_path: Path) -> None:
    assert refusal(plain, max_pixels=100 * 100) == "too_large"
    assert refusal(plain, max_seconds=1.5) == "too_long"
    assert refusal(plain, max_streams=1) == "too_many_streams"
    assert refusal(plain, max_fps=20) == "too_fast"
    still = clip(tmp_path / "still.mp4", "-frames:v", 1)
    assert refusal(still) == "still"
    assert probe(still, limits=ProbeLimits(min_frames=1)).frames == 1


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("This is not a video.\n" * 20)
    (tmp_path / "nothing.mp4").touch()
    for name in ("text.mp4", "nothing.mp4", "missing.mp4"):
        assert refusal(tmp_path / name) == "unreadable"
    with pytest.raises(MediaError) as caught:
        probe(tmp_path / "text.mp4")
    assert not re.search(r"0x|/", str(caught.value))


def test_the_header_of_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-c:v", "libx264", path)
    assert [one["width"] for one in header(path)["streams"]] == [64]
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=1", "-c:v", "libx264", path)
    assert [one["width"] for one in header(path)["streams"]] == [96]
    path.unlink()
    with pytest.raises(MediaError):
        header(path)

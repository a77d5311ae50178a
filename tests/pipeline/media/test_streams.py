"""Streams as they come: HDR that tells little of its colours, covers of every kind, any number of channels, and times
that begin again. Each ends as a right clip or a named refusal."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from asid.pipeline.media import excerpt
from asid.pipeline.media.cutting import cut
from asid.pipeline.media.decode import audio
from asid.pipeline.media.probe import Probe, probe
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.settings import CutSettings
from asid.pipeline.media.timeline import read_timeline
from asid.pipeline.rows import Span
from tests.kits.mediakit import ffmpeg

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=2")
FAST = ("-c:v", "libx264", "-preset", "ultrafast")


def clip_of(path: Path, folder: Path) -> tuple[Probe, Probe, Path]:
    found = probe(path)
    timeline = read_timeline(path, found)
    settings = CutSettings(preset="ultrafast")
    span = Span(start=0, end=timeline.duration)
    (piece,) = cut(path, [span], folder, settings, found, timeline, timeout=60)
    assert piece and piece.path
    return found, probe(piece.path), piece.path


@pytest.mark.parametrize(
    ("told", "pixels"),
    [
        ("transfer=smpte2084", "yuv420p10le"),
        ("transfer=arib-std-b67", "yuv420p10le"),
        ("transfer=smpte2084:colorprim=bt2020", "yuv420p10le"),
        ("transfer=smpte2084:colormatrix=bt2020c", "yuv420p10le"),
        ("transfer=smpte2084:colormatrix=gbr", "yuv420p"),
        ("transfer=smpte2084", "gbrp10le"),
    ],
)
def test_hdr_that_tells_little_becomes_sdr(tmp_path: Path, told: str, pixels: str) -> None:
    coding = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=error:{told}", "-pix_fmt", pixels)
    ffmpeg(*PICTURE, *coding, tmp_path / "x.mp4")
    found, clip, _ = clip_of(tmp_path / "x.mp4", tmp_path)
    assert (found.hdr, clip.hdr, clip.transfer, clip.frames) == (True, False, "bt709", 50)


COVERS = {
    "png first and default.mkv": ("c.png", ("-map", 1, "-map", 0, "-c:v:0", "copy", "-c:v:1", "libx264")),
    "jpg first and default.mp4": ("c.jpg", ("-map", 1, "-map", 0, "-c:v:0", "copy", "-c:v:1", "libx264")),
    "jpg last and default.mp4": ("c.jpg", ("-map", 0, "-map", 1, "-c:v:1", "copy", "-c:v:0", "libx264")),
    "attached.mp4": ("c.jpg", ("-map", 0, "-map", 1, "-c:v:1", "copy", "-c:v:0", "libx264")),
    "thumbnails first.mkv": ("slow.mkv", ("-map", 1, "-map", 0, "-c:v:0", "copy", "-c:v:1", "libx264")),
    "a single frame of H.264.mp4": ("one.mp4", ("-map", 1, "-map", 0, "-c:v:0", "copy", "-c:v:1", "libx264")),
}


@pytest.mark.parametrize("name", COVERS)
def test_the_picture_is_what_moves(tmp_path: Path, name: str) -> None:
    large = "testsrc2=s=640x360"
    ffmpeg("-f", "lavfi", "-i", large, "-frames:v", 1, tmp_path / "c.png")
    ffmpeg("-i", tmp_path / "c.png", tmp_path / "c.jpg")
    ffmpeg("-f", "lavfi", "-i", f"{large}:r=1:d=2", "-c:v", "mjpeg", tmp_path / "slow.mkv")
    ffmpeg("-f", "lavfi", "-i", f"{large}:r=1:d=1", *FAST, tmp_path / "one.mp4")
    other, order = COVERS[name]
    place = 1 if "last" in name or "attached" in name else 0
    flags = ("-disposition:v", 0, f"-disposition:v:{place}", "attached_pic" if "attached" in name else "default")
    ffmpeg(*PICTURE, "-i", tmp_path / other, *order, *flags, tmp_path / name)
    found, clip, _ = clip_of(tmp_path / name, tmp_path)
    assert (found.width, found.frames, clip.width, clip.frames) == (128, 50, 128, 50)
    assert excerpt.stills(tmp_path / name, 0.0, 2.0, 25.0, 100, 64, 60)[-1][0] > 1.9  # a virtual clip of it moves too


def test_stills_keep_to_pixels_of_one_and_of_all(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg(*PICTURE, *FAST, path)
    plain = excerpt.stills(path, 0.0, 2.0, 5.0, 100, 64, 60)
    assert len(plain) == 10 and excerpt.jpeg_size(plain[0][1]) == (64, 36)
    small = excerpt.stills(path, 0.0, 2.0, 5.0, 100, 768, 60, max_pixels=2000)
    assert len(small) == 10 and excerpt.jpeg_size(small[0][1]) == (58, 32)
    few = excerpt.stills(path, 0.0, 2.0, 5.0, 100, 768, 60, max_pixels=2000, total_pixels=6000)
    assert [time for time, _ in few] == [0.0, 0.8, 1.8], "three of 1,856 pixels, evenly spread"


def write_channels(path: Path, channels: int) -> None:
    """One channel of them sounds: all are heard, whichever it is."""
    samples = np.zeros((48000, channels), "<i2")
    samples[:, -1] = (30000 * np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000)).astype("<i2")
    with wave.open(str(path.with_suffix(".wav")), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(samples.tobytes())
    inputs = ("-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=1", "-i", path.with_suffix(".wav"))
    ffmpeg(*inputs, *FAST, "-c:a", "copy", path)


@pytest.mark.parametrize("channels", [9, 10, 24, 33, 64])
def test_channels_of_which_nobody_says_where_they_are(tmp_path: Path, channels: int) -> None:
    write_channels(tmp_path / "x.mov", channels)
    found, clip, made = clip_of(tmp_path / "x.mov", tmp_path)
    assert found.audio[0].even
    assert clip.audio[0].channels == 2
    loud = 30000 / 32768 / np.sqrt(2) / channels
    assert np.sqrt((audio(tmp_path / "x.mov")[1000:15000] ** 2).mean()) == pytest.approx(loud, rel=0.05)
    assert np.sqrt((audio(made)[1000:15000] ** 2).mean()) == pytest.approx(loud, rel=0.15)


def test_more_channels_than_can_be_mixed_are_refused(tmp_path: Path) -> None:
    write_channels(tmp_path / "x.mov", 100)
    with pytest.raises(MediaError) as error:
        probe(tmp_path / "x.mov")
    assert error.value.kind == "too_many_channels"


@pytest.mark.parametrize("kind", ["ts", "vob"])
def test_times_that_begin_again_are_refused(tmp_path: Path, kind: str) -> None:
    coding = FAST if kind == "ts" else ("-c:v", "mpeg2video")
    ffmpeg(*PICTURE, *coding, tmp_path / f"a.{kind}")
    ffmpeg(*PICTURE, *coding, "-output_ts_offset", 50, tmp_path / f"late.{kind}")
    once, late = (tmp_path / f"a.{kind}").read_bytes(), (tmp_path / f"late.{kind}").read_bytes()
    for name, data in (("twice", once + once), ("back", late + once)):
        (tmp_path / f"{name}.{kind}").write_bytes(data)
        with pytest.raises(MediaError) as error:
            probe(tmp_path / f"{name}.{kind}")
        assert error.value.kind == "times_begin_again"
    assert probe(tmp_path / f"a.{kind}").frames == 50


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.flv", "a.ts", "a.mp4"])
def test_frames_that_are_shown_in_another_order_are_no_beginning(tmp_path: Path, name: str) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=128x72:r=2:d=20", "-c:v", "libx264", "-bf", 8, tmp_path / name)
    assert probe(tmp_path / name).frames == 40

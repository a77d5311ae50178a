"""Sound is on the picture's clock, to the sample, however the file stores it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asid.pipeline.media.decode import audio, audio_chunks
from asid.pipeline.media.probe import picture_start
from asid.pipeline.media.process import MediaError
from tests.kits.mediakit import RATE, ffmpeg, noise, shift, write_wav

PICTURE = ("-f", "lavfi", "-t", 6, "-i", "testsrc2=s=64x64:r=25")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", 25, "-bf", 2)
CODECS = {
    "lossless.mkv": ("-c:a", "pcm_s16le"),
    "lossless.mov": ("-c:a", "pcm_s16le"),
    "aac.mp4": ("-c:a", "aac", "-b:a", "128k"),
    "aac.ts": ("-c:a", "aac", "-b:a", "128k", "-output_ts_offset", 7),
    "opus.mkv": ("-c:a", "libopus", "-b:a", "96k"),
    "lossless.avi": ("-c:a", "pcm_s16le", "-bf", 0),  # AVI cannot say when a B-frame is shown
    "flac.mp4": ("-c:a", "flac", "-strict", "-2"),
}
TICK = {"opus.mkv": RATE // 1000}  # Matroska counts whole milliseconds, and an Opus block is not one
SOUND = noise(6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound")
    wav = write_wav(out / "noise.wav", SOUND)
    for name, codec in CODECS.items():
        ffmpeg(*PICTURE, "-i", wav, *X264, *codec, out / name)
    pcm = ("-c:a", "pcm_s16le")
    ffmpeg(*PICTURE, "-itsoffset", 2.5, "-i", wav, *X264, *pcm, out / "late.mkv")
    ffmpeg("-itsoffset", 1.6, *PICTURE, "-i", wav, *X264, *pcm, out / "early.mkv")
    ffmpeg(*PICTURE, "-i", wav, *X264, *pcm, "-af", "aselect='not(between(t,2,3))'", out / "hole.mkv")
    ffmpeg(*PICTURE, *X264, out / "silent_film.mp4")
    other = write_wav(out / "other.wav", noise(6, seed=2))
    languages = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra", "-disposition:a:1", "default")
    maps = ("-map", 0, "-map", 1, "-map", 2, "-disposition:a:0", 0)
    ffmpeg(*PICTURE, "-i", wav, "-i", other, *maps, *X264, *pcm, *languages, out / "two.mkv")
    write_wav(out / "stereo.wav", np.stack([SOUND, SOUND], axis=1))
    ffmpeg(*PICTURE, "-i", out / "stereo.wav", *X264, *pcm, out / "stereo.mkv")
    return out


@pytest.mark.parametrize("name", CODECS)
def test_sample_0_is_heard_with_the_first_frame(folder: Path, name: str) -> None:
    heard = audio(folder / name)
    assert heard.dtype == np.float32
    assert abs(shift(heard, SOUND)) <= 2 * TICK.get(name, 0) + 1
    assert len(heard) == pytest.approx(len(SOUND), abs=0.06 * RATE)  # codecs pad the end to a whole block


def test_lossless_sound_comes_back_as_it_was(folder: Path) -> None:
    assert np.abs(audio(folder / "lossless.mkv") - SOUND).max() < 1e-4


@pytest.mark.parametrize("name", CODECS)
def test_a_span_is_the_same_as_that_part_of_the_whole(folder: Path, name: str) -> None:
    whole, part = audio(folder / name), audio(folder / name, start=3.25, duration=1.5)
    assert len(part) == 1.5 * RATE
    assert abs(shift(part, whole[int(3.25 * RATE) :][: len(part)])) <= TICK.get(name, 0)


def test_late_sound_waits_for_its_moment(folder: Path) -> None:
    heard = audio(folder / "late.mkv")
    wait = int(2.5 * RATE)
    assert not heard[: wait - 32].any()
    assert shift(heard[wait:], SOUND) == 0


def test_a_span_that_begins_before_the_sound_is_padded(folder: Path) -> None:
    heard = audio(folder / "late.mkv", start=2.0, duration=1.0)
    assert len(heard) == RATE
    assert not heard[: RATE // 2 - 32].any()
    assert shift(heard[RATE // 2 :], SOUND) == 0


def test_sound_before_the_picture_is_dropped(folder: Path) -> None:
    assert abs(shift(audio(folder / "early.mkv"), SOUND[int(1.6 * RATE) :])) <= 1


def test_a_known_start_of_the_picture_is_believed(folder: Path) -> None:
    path = folder / "early.mkv"
    start = picture_start(path)[1]
    (told,) = audio_chunks(path, 60, shown_from=start)
    assert np.array_equal(told, audio(path))
    (moved,) = audio_chunks(path, 60, shown_from=start + 0.5)
    assert abs(shift(moved, told[RATE // 2 :])) <= 1


def test_a_hole_in_the_sound_is_silent_and_moves_nothing(folder: Path) -> None:
    heard = audio(folder / "hole.mkv")
    assert not heard[int(2.2 * RATE) : int(2.8 * RATE)].any()
    later = slice(int(3.2 * RATE), int(5.8 * RATE))
    assert abs(shift(heard[later], SOUND[later])) <= 16


def test_no_sound_is_an_empty_array(folder: Path) -> None:
    assert audio(folder / "silent_film.mp4").shape == (0,)


def test_a_span_after_the_end_is_empty(folder: Path) -> None:
    assert audio(folder / "aac.mp4", start=20.0, duration=2.0).shape == (0,)


def test_streams_are_chosen_by_number_and_by_default(folder: Path) -> None:
    assert shift(audio(folder / "two.mkv", stream=0), SOUND) == 0
    assert np.abs(audio(folder / "two.mkv") - noise(6, seed=2)).max() < 1e-3
    with pytest.raises(MediaError, match="no sound stream 2") as caught:
        audio(folder / "two.mkv", stream=2)
    assert caught.value.kind == "no_stream"


def test_two_equal_channels_keep_their_level(folder: Path) -> None:
    assert np.abs(audio(folder / "stereo.mkv") - SOUND).max() < 1e-3


def test_chunks_are_the_whole(folder: Path) -> None:
    chunks = list(audio_chunks(folder / "aac.ts", seconds=0.7))
    assert [len(chunk) for chunk in chunks[:-1]] == [round(0.7 * RATE)] * (len(chunks) - 1)
    assert np.array_equal(np.concatenate(chunks), audio(folder / "aac.ts"))


def test_another_rate(folder: Path) -> None:
    assert len(audio(folder / "lossless.mkv", rate=8000)) == pytest.approx(6 * 8000, abs=8)


def test_sound_longer_than_allowed_is_refused(folder: Path) -> None:
    with pytest.raises(MediaError) as caught:
        audio(folder / "aac.mp4", max_seconds=2.0)
    assert caught.value.kind == "too_long"

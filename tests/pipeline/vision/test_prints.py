"""One video found again in others, by the hashes of its stills."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asid.pipeline.media.process import MediaError
from asid.pipeline.vision.prints import Library, Print, Sighting, print_of, set_bits, telling
from tests.kits.mediakit import ffmpeg

RANDOM = np.random.default_rng(11)


def hashes(count: int) -> np.ndarray:
    return RANDOM.integers(0, 2**64, count, dtype=np.uint64)


def film(name: str, seconds: int) -> Print:
    return Print(name, np.arange(seconds, dtype=float), hashes(seconds))


def flipped(values: np.ndarray, bits: int) -> np.ndarray:
    """Each hash with so many of its highest bits turned: those of one band alone."""
    return values ^ np.uint64(((1 << bits) - 1) << (64 - bits))


A, B = film("a", 60), film("b", 40)
LIBRARY = Library([A, B])


@pytest.mark.parametrize(("video", "start"), [(A, 0), (A, 17), (B, 30)])
def test_a_part_is_found_in_its_video_at_its_shift(video: Print, start: int) -> None:
    found = LIBRARY.find(np.arange(10.0), video.hashes[start : start + 10], most=4, least=0.8)
    assert found == Sighting(video.name, float(start), 10, 0.0)


def test_a_copy_that_was_encoded_again_is_found_by_what_stayed_and_its_distance_told() -> None:
    noisy = flipped(A.hashes[20:30], 3)
    found = LIBRARY.find(np.arange(10.0), noisy, most=4, least=0.8)
    assert found == Sighting("a", 20.0, 10, 3.0)
    assert LIBRARY.find(np.arange(10.0), noisy, most=2, least=0.8) is None


def test_what_is_in_no_video_is_not_found() -> None:
    assert LIBRARY.find(np.arange(10.0), hashes(10), most=10, least=0.5) is None
    assert LIBRARY.find(np.empty(0), np.empty(0, np.uint64), most=10, least=0.5) is None
    assert Library([]).find(np.arange(3.0), hashes(3), most=10, least=0.5) is None


def test_a_clip_that_shares_too_little_with_a_video_is_another() -> None:
    mixed = np.concatenate([A.hashes[:6], hashes(14)])
    assert LIBRARY.find(np.arange(20.0), mixed, most=4, least=0.8) is None


def test_a_clip_that_goes_on_beyond_the_video_counts_by_what_they_share() -> None:
    longer = np.concatenate([B.hashes[20:], hashes(20)])
    assert LIBRARY.find(np.arange(40.0), longer, most=4, least=0.8) is None
    found = LIBRARY.find(np.arange(40.0), longer, most=4, least=0.5)
    assert found == Sighting("b", 20.0, 20, 0.0)


def test_of_equals_the_first_is_named() -> None:
    twin = Print("twin", A.times, A.hashes)
    assert [Library(order).find(np.arange(5.0), A.hashes[5:10], 4, 0.8).name for order in ([A, twin], [twin, A])] == [  # type: ignore[union-attr]
        "a", "twin"
    ]  # fmt: skip


def test_black_stills_tell_nothing() -> None:
    assert telling(np.array([0, 2**64 - 1, 0b11111, 0b111111], np.uint64)).tolist() == [False, False, False, True]
    dark = Print("dark", np.arange(20.0), np.zeros(20, np.uint64))
    assert Library([dark]).find(np.arange(5.0), np.zeros(5, np.uint64), 4, 0.8) is None


def test_bits_are_counted() -> None:
    assert set_bits(np.array([0, 1, 2**63, 2**64 - 1], np.uint64)).tolist() == [0, 1, 1, 64]


def test_a_file_is_hashed_so_many_times_a_second_and_finds_itself_made_smaller(tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-t", 2, "-i", "testsrc2=s=320x180:r=10,hue=h=90*t")
    for name, shape in (("one.mp4", "scale=320:180"), ("small.mp4", "scale=160:90")):
        ffmpeg(*picture, "-vf", shape, "-c:v", "libx264", "-preset", "ultrafast", tmp_path / name)
    one, small = (print_of(tmp_path / name, name, 4.0, 60) for name in ("one.mp4", "small.mp4"))
    assert one.times.tolist() == [0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
    found = Library([one]).find(small.times, small.hashes, most=6, least=0.8)
    assert found
    assert (found.name, found.shift) == ("one.mp4", 0.0)


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError):
        print_of(tmp_path / "x.mp4", "x", 1.0, 30)

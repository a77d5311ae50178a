"""Sound in blocks, and the spans that cover it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from asid.pipeline.speech.base import RATE, Block
from asid.pipeline.speech.listen import Meter, blocks, decibel, share, sounds
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, chords, track


def pieces(sound: np.ndarray, size: int) -> list[np.ndarray]:
    return [sound[at : at + size] for at in range(0, len(sound), size)]


@pytest.mark.models
def test_blocks_give_back_every_sample_once_and_cut_in_pauses() -> None:
    sound = track(24, (1, FIRST, WOMAN), (6, SECOND, MAN), (12, THIRD, WOMAN), (18, FIRST, MAN))
    found = list(blocks(pieces(sound, 7777), longest=10))
    assert np.array_equal(np.concatenate([block.samples for block in found]), sound)
    assert len(found) >= 3
    assert all(len(block.samples) <= 10 * RATE for block in found)
    for block, later in itertools.pairwise(found):
        assert block.end == later.start
        around = sound[round((block.end - 0.1) * RATE) : round((block.end + 0.1) * RATE)]
        assert np.abs(around).max() < 0.01, "cut inside a word"


@pytest.mark.models
def test_speech_is_found_where_it_is_whatever_the_pieces() -> None:
    sound = track(20, (2, FIRST, WOMAN), (12, SECOND, MAN))
    whole = [span for block in blocks([sound]) for span in block.speech]
    cut = [span for block in blocks(pieces(sound, 1000), longest=9) for span in block.speech]
    for spans in (whole, cut):
        assert min(start for start, _ in spans) == pytest.approx(2.0, abs=0.35)
        assert not any(start < 9.5 and end > 8 for start, end in spans), "silence in the middle"
        assert any(start < 13 < end for start, end in spans)


def test_no_sound_gives_no_blocks() -> None:
    assert list(blocks([])) == []
    assert list(blocks([np.zeros(0, np.float32)])) == []


@pytest.mark.models
def test_music_is_not_speech() -> None:
    assert [block.speech for block in blocks([chords(8)])] == [()]


def test_levels_do_not_depend_on_where_blocks_end() -> None:
    rng = np.random.default_rng(1)
    sound = (rng.standard_normal(5 * RATE) * np.repeat([0.1, 0.001, 0.2, 0, 0.05], RATE)).astype(np.float32)

    def measured(size: int) -> np.ndarray:
        meter, at = Meter(), itertools.count(0, size)
        assert list(
            meter.watch(Block(start / RATE, part, ()) for start, part in zip(at, pieces(sound, size), strict=False))
        )
        assert meter.duration == 5.0
        return meter.powers()

    assert np.allclose(measured(len(sound)), measured(1234), rtol=1e-6)
    assert len(measured(999)) == 50


def test_spans_cover_the_track_and_say_how_loud_it_is() -> None:
    powers = np.concatenate(
        [np.full(10, 1e-9), np.full(20, 1e-2), np.full(20, 1e-4), np.full(1, 1e-9), np.full(9, 1e-4)]
    )
    spans = sounds(powers, 5.97, [(1.0, 3.0)], silence_db=-50, shortest=0.3)
    assert [(one.kind, one.start, one.end, one.level) for one in spans] == [
        ("silence", 0.0, 1.0, -90.0),
        ("speech", 1.0, 3.0, -20.0),
        ("sound", 3.0, 5.97, pytest.approx(-40.1, abs=0.1)),
    ]
    assert share(spans, 5.97) == pytest.approx(2 / 5.97)


def test_speech_is_never_swallowed_for_being_short() -> None:
    spans = sounds(np.full(20, 1e-2), 2.0, [(1.0, 1.2)], silence_db=-50, shortest=0.5)
    assert [one.kind for one in spans] == ["sound", "speech", "sound"]


def test_digital_silence_has_a_level() -> None:
    assert decibel(0.0) == -100.0
    assert decibel(1.0) == 0.0
    assert share([], 0.0) == 0.0

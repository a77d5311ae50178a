"""What fits into a model's context is known before it is sent. Figures: `benchmarks.md` section 5."""

from __future__ import annotations

import pytest

from asid.pipeline.models.budget import (
    QWEN,
    Sent,
    TooLarge,
    fit,
    frame_count,
    frame_pixels,
    qwen_tokens,
    resized,
    served_frames,
    served_tokens,
    sound_tokens,
    text_tokens,
)

STAGES_1_2 = {"fps": 2, "max_pixels": 401408, "total_pixels": 20070400}
STAGE_3 = {"fps": 2, "max_pixels": 200704, "total_pixels": 12042240}


def tokens(settings: dict[str, float], seconds: float, size: tuple[int, int] = (1280, 720), sound: bool = True) -> int:
    look = Sent(*size, video=seconds, sound=seconds if sound else 0.0)
    return qwen_tokens(fit(qwen_tokens, QWEN, settings, look, "", None), look)


def test_frames_are_resized_to_multiples_of_28_within_their_budget() -> None:
    assert resized(1280, 720, 768 * 784) == (1008, 560)
    assert resized(1280, 720, 401408) == (840, 448)
    assert resized(320, 240, 401408) == (392, 280), "small frames grow to the floor of 128 x 28 x 28 pixels"
    for size in ((1920, 1080), (352, 480), (640, 640)):
        wide, high = resized(*size, 200704)
        assert wide * high <= 200704 and wide % 28 == high % 28 == 0


def test_frames_are_even_and_between_the_least_and_the_most() -> None:
    assert [frame_count(seconds, {"fps": 2}) for seconds in (0.5, 10, 10.6)] == [4, 20, 20]
    assert frame_count(180, {"fps": 2, "max_frames": 128}) == 128


def test_stages_1_and_2_pass_16384_near_30_seconds_of_a_large_picture_and_50_of_360p() -> None:
    assert tokens(STAGES_1_2, 27) < 16384 < tokens(STAGES_1_2, 33)
    assert tokens(STAGES_1_2, 44, (640, 360)) < 16384 < tokens(STAGES_1_2, 57, (640, 360))


def test_the_total_holds_until_the_floor_of_a_frame_rules() -> None:
    for seconds in (60, 90, 110):
        assert tokens(STAGE_3, seconds, sound=False) <= 12042240 / 784
    assert 12042240 / 784 < tokens(STAGE_3, 180, sound=False) <= 134.4 * 180, "134 a second, less what is rounded off"
    assert frame_pixels(360, STAGE_3) == int(128 * 784 * 1.05)


def test_a_video_that_is_too_large_is_shown_smaller_then_less_often() -> None:
    look = Sent(1920, 1080, video=40, sound=40)
    given = {"fps": 2, "max_tokens": 2048}
    kept = fit(qwen_tokens, QWEN, given, look, "short", 65536)
    assert kept == given | {"max_pixels": 768 * 784}, "what fits is left as it is, and said in full"
    smaller = fit(qwen_tokens, QWEN, given, look, "short", 16384)
    assert smaller.get("fps") == 2 and smaller["max_pixels"] < 602112
    fewer = fit(qwen_tokens, QWEN, given, look, "short", 6144)
    assert fewer["fps"] < 2 and fewer["max_pixels"] == 100352
    for chosen, context in ((smaller, 16384), (fewer, 6144)):
        assert qwen_tokens(chosen, look) + 2048 + text_tokens("short") <= context


def test_what_no_rule_makes_fit_is_told_by_its_figures() -> None:
    with pytest.raises(TooLarge, match=r"180 s of 1920 x 1080 take \d+ tokens, \d+ at the least, and \d+ of 4096"):
        fit(qwen_tokens, QWEN, {"fps": 2}, Sent(1920, 1080, video=180, sound=180), "", 4096)


def test_a_prompt_in_chinese_is_counted_dearer_than_one_in_english() -> None:
    assert text_tokens("A man says hello to her.") == 8 and text_tokens("你好") == 4


def test_vllm_takes_whole_frames_of_a_second_and_pads_an_odd_one() -> None:
    look = Sent(1280, 720, video=10.6, frames=318)
    assert served_frames(look, {"fps": 2}) == 21 and served_frames(look, {"fps": 2, "max_frames": 8}) == 8
    assert served_frames(Sent(1280, 720, video=0.3, frames=9), {"fps": 2}) == 1
    assert served_tokens({"fps": 2, "max_pixels": 401408}, look) == 11 * (840 // 28) * (448 // 28)


def test_sound_has_25_tokens_a_second() -> None:
    assert [sound_tokens(seconds) for seconds in (0, 1, 60, 180)] == [0, 25, 1500, 4500]


def test_a_cap_of_frames_is_a_rate_so_that_the_models_clock_is_right() -> None:
    chosen = fit(served_tokens, QWEN, {"fps": 1, "max_frames": 110}, Sent(640, 360, video=180.0), "", None)
    assert chosen["fps"] == pytest.approx(110 / 180, abs=1e-5)
    assert served_frames(Sent(640, 360, video=180.0), chosen) == 110
    short = {"fps": 1, "max_frames": 110}
    assert fit(served_tokens, QWEN, short, Sent(640, 360, video=60.0), "", None) == short

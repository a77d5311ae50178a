"""A judge for rewards: answers are checked, stored and found again; what is wrong is said before training."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from asid.pipeline.errors import UserError
from asid.pipeline.rewards.judge import RewardJudge
from asid.pipeline.rewards.rollout import RewardUnavailable
from tests.kits.judgekit import scripted


class Yes(BaseModel):
    told: bool


VALUES = {"caption": "A cat.", "points": "1. a cat"}


def asked(judge: RewardJudge, check: Any = lambda _: None, **more: Any) -> Yes:
    async def work() -> Yes:
        try:
            return await judge.ask("eval/checklist", VALUES | more, Yes, check)
        finally:
            await judge.close()

    return asyncio.run(work())


def test_an_answer_of_the_form_is_given(tmp_path: Path) -> None:
    assert asked(scripted(tmp_path, {"eval/checklist": {"told": True}})) == Yes(told=True)


def test_an_answer_is_stored_under_the_folder_and_found_without_the_model(tmp_path: Path) -> None:
    judge = scripted(tmp_path, {"eval/checklist": {"told": True}})
    asked(judge)
    (tmp_path / "script.yaml").write_text("[]")  # whoever asked the model now would get nothing
    assert asked(judge) == Yes(told=True)
    assert any((tmp_path / "answers").rglob("*"))


def test_what_the_check_objects_to_is_no_answer(tmp_path: Path) -> None:
    said: list[Yes] = []

    def never(answer: Yes) -> str:
        said.append(answer)
        return "that cannot be"

    with pytest.raises(RewardUnavailable, match="that cannot be"):
        asked(scripted(tmp_path, {"eval/checklist": {"told": True}}), never)
    assert len(said) == 3  # the first answer and two more


def test_an_answer_of_another_form_is_none(tmp_path: Path) -> None:
    with pytest.raises(RewardUnavailable):
        asked(scripted(tmp_path, {"eval/checklist": {"points": 7}}))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ({}, "the judge's model is not one:\nprovider"),
        ({"provider": "scripted", "retries": "many"}, "retries"),
        ({"provider": "openai", "model": "x", "settings": {"temprature": 0}}, "temprature"),
    ],
)
def test_a_model_that_no_manifest_would_take_is_refused(tmp_path: Path, model: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=why):
        RewardJudge(model, tmp_path)


def test_a_video_is_shown_only_where_it_is_wanted_and_must_be_there(tmp_path: Path) -> None:
    judge = scripted(tmp_path, {"eval/checklist": {"told": True}})

    async def shown(sees: bool) -> Yes:
        judge.sees_videos = sees
        return await judge.ask("eval/checklist", VALUES, Yes, lambda _: None, str(tmp_path / "gone.mp4"))

    assert asyncio.run(shown(False)) == Yes(told=True)
    with pytest.raises(UserError, match=r"cannot be shown .*gone\.mp4"):
        asyncio.run(shown(True))


def test_each_event_loop_has_the_model_opened_for_it(tmp_path: Path) -> None:
    judge = scripted(tmp_path, {"eval/checklist": {"told": False}})
    for _ in range(2):  # not closed in between, as when a trainer's loop ends
        assert asyncio.run(judge.ask("eval/checklist", VALUES, Yes, lambda _: None)) == Yes(told=False)

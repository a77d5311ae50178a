"""What a judge is asked for a reward, and how its answers become verdicts in the order of the questions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.metrics import dialogue
from asid.pipeline.metrics.events import EventCounts
from asid.pipeline.rewards import judged
from asid.pipeline.rewards.rollout import RewardUnavailable
from tests.kits.judgekit import scripted

LINES = ["Ann: Who left the gate open?", "Bo: I think it was the postman."]
SPOKEN = {"lines": [{"speaker": "a girl", "text": "Who left the gate open?"},
                    {"speaker": "", "text": "I think it was the postman."}]}  # fmt: skip


def score(folder: Path, pairs: Any, caption: str = "They talk.") -> dialogue.DialogueScore:
    judge = scripted(folder, {"eval/dialogue": SPOKEN, "eval/speakers": {"pairs": pairs}})
    return asyncio.run(judged.dialogue_score(judge, caption, LINES, dialogue.align, ""))


def test_verdicts_on_speakers_go_to_their_pairs_whatever_their_order(tmp_path: Path) -> None:
    found = score(tmp_path, [{"pair": 2, "same": True}, {"pair": 1, "same": True}])
    assert found.reward == 1.0


@pytest.mark.parametrize("same", [True, False])
def test_the_wrong_speaker_costs_ref_and_not_asr(tmp_path: Path, same: bool) -> None:
    found = score(tmp_path, [{"pair": 2, "same": same}, {"pair": 1, "same": True}])
    assert found.asr.f1 == 1.0 and found.ref.f1 == (1.0 if same else 0.5)


@pytest.mark.parametrize("pairs", [[], [{"pair": 1, "same": True}], [{"pair": n, "same": True} for n in (1, 2, 3)],
                                   [{"pair": 1, "same": True}] * 2])  # fmt: skip
def test_verdicts_that_do_not_answer_each_pair_once_are_none(tmp_path: Path, pairs: Any) -> None:
    with pytest.raises(RewardUnavailable, match="pair"):
        score(tmp_path, pairs)


def test_a_caption_without_text_is_not_asked_about(tmp_path: Path) -> None:
    judge = scripted(tmp_path, {})  # it would answer nothing

    async def work() -> None:
        assert (await judged.dialogue_score(judge, " ", LINES, dialogue.align, "")).reward == 0.0
        assert await judged.told(judge, "", ["a", "b"]) == [False, False]
        assert await judged.event_counts(judge, "\n", ["a", "b"]) == EventCounts(2, 2, 0, 0)
        assert await judged.levels(judge, "", ["speech"]) == dict.fromkeys(ATTRIBUTES, "none")

    asyncio.run(work())


def test_points_are_answered_by_their_numbers(tmp_path: Path) -> None:
    verdicts = [{"point": 3, "told": True}, {"point": 1, "told": False}, {"point": 2, "told": True}]
    judge = scripted(tmp_path, {"eval/checklist": {"verdicts": verdicts}})
    assert asyncio.run(judged.told(judge, "A cat.", ["a", "b", "c"])) == [False, True, True]


def test_events_are_counted_and_numbers_that_there_are_not_are_no_answer(tmp_path: Path) -> None:
    answer = {"missing": [2], "incorrect": [1], "hallucinated": ["a dog", "a cow"]}
    wrong = {"missed": 1, "correct": 1, "incorrect": 0, "hallucinated": 0}
    judge = scripted(tmp_path, {"judge/events": answer, "eval/tally": wrong})
    assert asyncio.run(judged.event_counts(judge, "A cat.", ["a", "b", "c"])) == EventCounts(3, 1, 1, 2)
    with pytest.raises(RewardUnavailable, match="events"):
        asyncio.run(judged.event_counts(judge, "A cat.", ["a"]))


def test_levels_come_under_this_projects_names(tmp_path: Path) -> None:
    given = dict.fromkeys(("scene", "characters", "objects", "actions", "speech", "camera", "emotions"), "none")
    judge = scripted(tmp_path, {"eval/following": {"levels": given | {"narrative elements": " Explicit"}}})
    found = asyncio.run(judged.levels(judge, "A cat.", ["narrative"]))
    assert set(found) == set(ATTRIBUTES) and found["narrative"] == "explicit"

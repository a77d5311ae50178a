"""What rewards give, with a scripted judge and with none, and what becomes of them when the judge is out."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.errors import UserError
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.registry import REWARDS
from asid.pipeline.rewards import batch, lexical, loop, ms_swift, trl, verl
from asid.rewards import (
    ChecklistReward,
    DialogueReward,
    EventsReward,
    FollowingReward,
    LengthReward,
    RepetitionReward,
    Reward,
    RewardJudge,
    RewardUnavailable,
    Rollout,
    WeightedReward,
    avocado,
    reward,
)

SAYS = 'At 0s, a nurse in white says, "Sit down, please." The man at the door replies, "I would rather stand."'
ROW: dict[str, Any] = {
    "dialogues": ["nurse: Sit down please.", "man: I would rather stand."],
    "points": [{"point": "A nurse in white speaks", "category": "auditory elements"}, "A dog sleeps under the bed"],
    "events": ["A nurse says sit down", "A man stands at the door", "A bell rings twice", "It rains outside heavily"],
    "attributes": ["speech", "characters"],
}
ANSWERS: dict[str, Any] = {
    "eval/dialogue": {"lines": [{"speaker": "a nurse in white", "text": "Sit down, please."},
                                {"speaker": "the man at the door", "text": "I would rather stand."}]},
    "eval/speakers": {"pairs": [{"pair": 2, "same": False}, {"pair": 1, "same": True}]},
    "eval/checklist": {"verdicts": [{"point": 2, "told": False}, {"point": 1, "told": True}]},
    "judge/events": {"missing": [3], "incorrect": [], "hallucinated": ["a cat"]},
    "eval/tally": {"missed": 9, "correct": 0, "incorrect": 0, "hallucinated": 0},  # of four events
    "eval/following": {"levels": {
        "scene": "none", "characters": "explicit", "objects": "minor", "actions": "none", "narrative elements": "none",
        "speech": "explicit", "camera": "none", "emotions": "explicit"}},
}  # fmt: skip


def judge(folder: Path, answers: dict[str, Any] | None = None, **config: Any) -> RewardJudge:
    script = folder / "script.yaml"
    rules = [{"task": f"reward {task}", "answer": answer} for task, answer in (ANSWERS | (answers or {})).items()]
    script.write_text(json.dumps(rules))
    return RewardJudge({"provider": "scripted", "script": str(script)} | config, folder / "answers")


def out(folder: Path) -> RewardJudge:
    """A judge that never answers, asked twice."""
    return judge(folder, settings={"faults": {"error": 1.0}}, retries=1)


def give(reward: Reward, caption: str = SAYS, tokens: int | None = 100, **row: Any) -> float | None:
    return loop.run(reward.score(Rollout(caption, tokens, ROW | row)))


# --- with a judge ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DialogueReward, (1.0 + 0.5) / 2),  # all words, one of two speakers
        (ChecklistReward, 0.5),
        (EventsReward, 1 - 2 / 4),
        (FollowingReward, 1 - 1 / 8),  # emotions nobody asked for
    ],
)
def test_a_judge_decides(tmp_path: Path, kind: Callable[[RewardJudge], Reward], value: float) -> None:
    assert give(kind(judge(tmp_path))) == pytest.approx(value)


def test_an_answer_is_paid_for_once_and_found_again(tmp_path: Path) -> None:
    assert give(avocado(judge(tmp_path))) == pytest.approx(0.5 + 0.75 + 1.0)
    assert [file.parent.name for file in (tmp_path / "answers").rglob("*.jsonl")] == ["rewards"]
    assert give(avocado(out(tmp_path))) == pytest.approx(0.5 + 0.75 + 1.0)  # out, but its answers are here
    with pytest.raises(RewardUnavailable):
        give(avocado(out(tmp_path)), caption=SAYS + " Rain.")


def test_an_outage_is_no_zero(tmp_path: Path) -> None:
    with pytest.raises(RewardUnavailable, match="unavailable"):
        give(ChecklistReward(out(tmp_path)))


@pytest.mark.parametrize(
    ("kind", "task", "answer"),
    [
        (ChecklistReward, "eval/checklist", {"verdicts": [{"point": 1, "told": True}]}),
        (ChecklistReward, "eval/checklist", "Both are told."),
        (EventsReward, "judge/events", {"missing": [1, 9], "incorrect": [], "hallucinated": []}),
        (EventsReward, "judge/events", {"missing": [1], "incorrect": [1], "hallucinated": []}),
        (FollowingReward, "eval/following", {"levels": {"scene": "none"}}),
        (DialogueReward, "eval/speakers", {"pairs": []}),
    ],
)
def test_answers_that_do_not_add_up_give_no_reward(tmp_path: Path, kind: Any, task: str, answer: Any) -> None:
    with pytest.raises(RewardUnavailable, match="invalid_answer"):
        give(kind(judge(tmp_path, {task: answer})))


def test_counts_alone_do_where_lists_cannot_be_used(tmp_path: Path) -> None:
    lists = {"missing": [1, 9], "incorrect": [], "hallucinated": []}
    counts = {"missed": 1, "correct": 2, "incorrect": 1, "hallucinated": 1}
    assert give(EventsReward(judge(tmp_path, {"judge/events": lists, "eval/tally": counts}))) == 0.25


@pytest.mark.parametrize("kind", [ChecklistReward, DialogueReward, EventsReward, FollowingReward])
def test_nobody_is_asked_about_an_empty_caption(tmp_path: Path, kind: Callable[[RewardJudge], Reward]) -> None:
    value = give(kind(out(tmp_path)), caption=" \n")
    assert value == (0.75 if kind is FollowingReward else 0.0)


def test_a_wrong_model_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the judge's model is not one:\nprovider"):
        RewardJudge({"provider": "oracle"}, tmp_path)
    with pytest.raises(UserError, match="setting 'mood' is unknown to scripted"):
        RewardJudge({"provider": "scripted", "settings": {"mood": 1}}, tmp_path)
    with pytest.raises(Misconfigured):
        give(ChecklistReward(RewardJudge({"provider": "scripted", "script": "gone.yaml"}, tmp_path)))


def test_a_video_that_is_not_there_is_named(tmp_path: Path) -> None:
    seeing = judge(tmp_path)
    seeing.sees_videos = True
    with pytest.raises(UserError, match=r"cannot be shown .*gone\.mp4: No such file"):
        give(DialogueReward(seeing), videos=[str(tmp_path / "gone.mp4")])


# --- without -----------------------------------------------------------------------------------------------------


def test_without_a_judge_quoted_words_are_scored() -> None:
    assert give(DialogueReward()) == 1.0
    assert give(DialogueReward(), caption='A nurse says, "Sit down, please."') == pytest.approx(2 / 3)
    assert give(DialogueReward(), caption="They talk.") == 0.0
    assert give(DialogueReward(), caption="They are silent.", dialogues=[]) == 1.0
    assert give(DialogueReward(), caption=SAYS, dialogues=[]) == 0.0
    assert give(DialogueReward(), caption='A sign reads "EXIT".', dialogues=[]) == 1.0


def test_without_a_judge_words_stand_for_statements() -> None:
    assert give(ChecklistReward(), caption="A nurse in white speaks softly.") == 0.5
    assert give(EventsReward()) == 0.5
    assert lexical.told(["The dogs were sleeping"], "A dog sleeps.") == [True]
    assert lexical.told(["of the"], "of the") == [False]  # nothing in it to be found


def test_without_a_judge_cues_stand_for_attributes() -> None:
    camera = "The camera pans left over a close-up shot. Then it zooms."
    assert lexical.levels(camera)["camera"] == "explicit"
    assert lexical.levels(SAYS)["speech"] == "explicit"
    assert lexical.levels("")["speech"] == "none"
    assert give(FollowingReward(), caption=camera, attributes=["camera"]) == 1.0
    assert give(FollowingReward(graded=False), caption=camera, attributes=["speech"]) == 0.0
    assert lexical.levels("A careful cardinal.")["objects"] == "none"  # neither is a car


def test_length_and_repetition() -> None:
    assert give(LengthReward(), tokens=3072) == 0.5
    with pytest.raises(ValueError, match="count_tokens"):
        give(LengthReward(), tokens=None)
    assert give(RepetitionReward(), caption="la la la la la la la la") == 0.0
    assert give(RepetitionReward(), caption="a man walks and a man walks") == pytest.approx(1 - 1 / 5)


@given(st.text(max_size=300), st.integers(0, 9000))
def test_every_reward_of_every_text_lies_between_0_and_1(caption: str, tokens: int) -> None:
    for name in REWARDS.shipped:
        value = asyncio.run(reward(name).score(Rollout(caption, tokens, ROW)))
        assert value is not None and 0 <= value <= 1 + 1e-9


def test_a_row_that_has_nothing_for_a_reward_is_not_scored_by_it() -> None:
    bare = Rollout(SAYS, 100, {})
    for kind in (DialogueReward, ChecklistReward, EventsReward, FollowingReward):
        assert asyncio.run(kind().score(bare)) is None
    assert asyncio.run(avocado().score(bare)) == 1.0  # length alone
    assert asyncio.run(WeightedReward([(EventsReward(), 2.0)]).score(bare)) is None


def test_weights() -> None:
    both = WeightedReward([(LengthReward(), 0.5), (ChecklistReward(), 2.0)])
    assert give(both, caption="A nurse speaks.", tokens=3072) == pytest.approx(0.25 + 1.0)
    with pytest.raises(ValueError, match="same name"):
        WeightedReward([(LengthReward(), 1.0), (LengthReward(9, 99), 1.0)])
    with pytest.raises(ValueError, match="one part or more"):
        WeightedReward([])


@pytest.mark.parametrize("value", ["not json", 5, [1, 2], '{"a": 1}'])
def test_columns_that_are_no_lists_of_texts_are_refused(value: Any) -> None:
    with pytest.raises(UserError, match="column 'events' holds"):
        give(EventsReward(), events=value)


def test_columns_as_loaders_make_them_are_read() -> None:
    np = pytest.importorskip("numpy")
    wanted = ("a", "b")
    for value in (
        ["a", "b"],
        ("a", "b"),
        '["a", "b"]',
        np.array(["a", "b"], dtype=object),
        [{"event": "a"}, "b", None],
    ):
        assert Rollout("", None, {"events": value}).texts("events") == wanted


# --- ms-swift ----------------------------------------------------------------------------------------------------


def columns(count: int) -> dict[str, Any]:
    return {name: [value] * count for name, value in ROW.items()}


def test_ms_swift_gets_values_in_order_and_an_outage_is_raised(tmp_path: Path) -> None:
    for made in (ms_swift.orm(avocado())(), ms_swift.orm(avocado())(args=None, anything=1)):  # 3.x and 4.x
        values = made([SAYS, ""], response_token_ids=[[1] * 2048, [1] * 5000], prompt_id=["a", "b"], **columns(2))
        assert values == [pytest.approx(0.5 + 1.0 + 1.0), 0.0]
    with pytest.raises(
        RewardUnavailable, match=r"2 of 2 checklist rewards .* missing reward for 0\. Take the training"
    ):
        ms_swift.orm(ChecklistReward(out(tmp_path)))()([SAYS, SAYS + " "], **columns(2))


def test_ms_swift_that_is_not_installed_is_said() -> None:
    with pytest.raises(UserError, match="pip install ms-swift"):
        ms_swift.register(LengthReward())


def test_columns_that_do_not_align_are_refused() -> None:
    with pytest.raises(UserError, match="column 'points' has 1 values for 2 completions"):
        ms_swift.orm(ChecklistReward())()([SAYS, SAYS], points=[["a"]])
    with pytest.raises(UserError, match="1 lists of token ids came for 2 completions"):
        ms_swift.orm(LengthReward())()([SAYS, SAYS], response_token_ids=[[1]])
    counted = ms_swift.orm(LengthReward(), count_tokens=lambda text: 3072)()
    assert counted([SAYS]) == [0.5]


# --- TRL ---------------------------------------------------------------------------------------------------------


def test_trl_gets_none_for_what_nobody_could_tell(tmp_path: Path) -> None:
    score = trl.function(ChecklistReward(out(tmp_path)), patience=2)
    assert score.__name__ == "checklist"
    mixed: dict[str, Any] = {
        "prompts": ["p", "p"],
        "completion_ids": [[1], [2]],
        "trainer_state": object(),
        **columns(2),
    }
    chat = [[{"role": "assistant", "content": SAYS}], [{"role": "assistant", "content": ""}]]
    assert score(completions=chat, **mixed) == [None, 0.0]  # the empty one needs no judge
    lost = [SAYS, SAYS + " again"]
    assert score(completions=lost, **mixed) == [None, None]
    with pytest.raises(RewardUnavailable, match="nothing came of 2 batches"):
        score(completions=lost, **mixed)


def test_trl_may_have_a_coroutine_function() -> None:
    score = trl.function(avocado(), "mine", asynchronous=True)
    assert asyncio.iscoroutinefunction(score) and score.__name__ == "mine"
    found = asyncio.run(score(prompts=["p"], completions=[SAYS], completion_ids=[[0] * 3072], **columns(1)))
    assert found == [pytest.approx(0.5 + 1.0 + 0.5)]


def test_completions_of_parts_are_read() -> None:
    assert batch.said([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}]) == "ab"
    assert batch.said([]) == "" and batch.said([{"role": "assistant", "content": None}]) == ""


# --- verl --------------------------------------------------------------------------------------------------------


def test_verl_calls_row_by_row(tmp_path: Path) -> None:
    call: dict[str, Any] = {"data_source": "asid", "solution_str": SAYS, "ground_truth": "ref", "extra_info": ROW}
    plain = verl.scoring(avocado(), len, asynchronous=False)
    assert plain(**call, reward_router_address=None) == pytest.approx(0.5 + 1.0 + 1.0)
    parts = asyncio.run(verl.scoring(avocado(), len, parts=True)(**call))
    assert parts == {"score": pytest.approx(2.5), "checklist": 0.5, "dialogue": 1.0, "length": 1.0}
    with pytest.raises(RewardUnavailable):
        asyncio.run(verl.scoring(ChecklistReward(out(tmp_path)))(**call))
    with pytest.raises(UserError, match="count_tokens"):
        verl.scoring(avocado())


def test_verl_calls_for_a_batch(tmp_path: Path) -> None:
    call: dict[str, Any] = {"data_sources": ["a"] * 2, "solution_strs": [SAYS, ""], "ground_truths": [{**ROW}, "ref"],
                            "extra_infos": [None, ROW]}  # fmt: skip
    assert verl.batch_scoring(ChecklistReward())(**call) == [0.5, 0.0]
    with pytest.raises(RewardUnavailable):
        verl.batch_scoring(ChecklistReward(out(tmp_path)))(**call)


# --- alone -------------------------------------------------------------------------------------------------------


def test_judge_free_rewards_bring_no_engine_and_no_client_into_a_trainer() -> None:
    code = ("import sys; from asid.rewards import avocado, ms_swift, trl, verl; avocado(); "
            "print(sorted({'ray', 'pyarrow', 'openai', 'google', 'typer', 'torch'} & set(sys.modules)))")  # fmt: skip
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

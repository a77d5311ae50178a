"""Each reward without a judge, by hand, and their weighted sum."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.registry import UnknownName
from asid.pipeline.rewards.kinds import (
    ChecklistReward,
    DialogueReward,
    EventsReward,
    FollowingReward,
    LengthReward,
    RepetitionReward,
    Reward,
    WeightedReward,
    avocado,
    reward,
)
from asid.pipeline.rewards.rollout import Rollout

CAPTION = 'At 0s, a girl asks, "Who left the gate open?" At 4s, a cow walks out.'


def score(kind: Reward, caption: str = CAPTION, tokens: int | None = None, **row: Any) -> float | None:
    return asyncio.run(kind.score(Rollout(caption, tokens, row)))


def test_length_is_1_up_to_soft_and_0_from_hard_on() -> None:
    kind = LengthReward(10, 20)
    assert [score(kind, tokens=count) for count in (0, 10, 15, 20, 99)] == [1.0, 1.0, 0.5, 0.0, 0.0]
    with pytest.raises(ValueError, match="count_tokens"):
        score(kind)
    with pytest.raises(ValueError, match="soft below hard"):
        LengthReward(20, 10)


def test_repetition_falls_with_three_grams_and_to_0_in_a_loop() -> None:
    assert score(RepetitionReward(), "one two three four") == 1.0
    assert score(RepetitionReward(), "a b c a b c") == pytest.approx(0.75)
    assert score(RepetitionReward(), "it goes on " * 9) == 0.0


def test_quoted_speech_is_held_against_the_lines() -> None:
    kind = DialogueReward()
    assert score(kind, dialogues=["girl: Who left the gate open?"]) == 1.0
    assert score(
        kind, dialogues=["girl: Who left the gate open?", "boy: Nobody has seen the postman."]
    ) == pytest.approx(2 / 3)
    assert score(kind, "A cow walks out.", dialogues=["girl: Who left the gate open?"]) == 0.0


def test_where_nobody_speaks_a_quotation_is_wrong_and_silence_right() -> None:
    assert score(DialogueReward(), dialogues=[]) == 0.0
    assert score(DialogueReward(), "A cow walks out.", dialogues=[]) == 1.0


def test_points_and_events_are_shares() -> None:
    told = ["A cow walks out", "A horse sleeps", "A girl asks", "It snows heavily"]
    assert score(ChecklistReward(), points=told) == 0.5 and score(EventsReward(), events=told) == 0.5


def test_an_attribute_that_is_not_as_asked_costs_an_eighth() -> None:
    caption = "She says hello. He says hello."  # speech explicit, nothing else
    assert score(FollowingReward(), caption, attributes=["speech"]) == 1.0
    assert score(FollowingReward(), caption, attributes=["camera"]) == pytest.approx(1 - 2 / 8)
    assert score(FollowingReward(), caption, attributes=["speech", "camera"]) == pytest.approx(7 / 8)
    assert score(FollowingReward(graded=False), caption, attributes=["camera"]) == 0.0
    assert score(FollowingReward(graded=False), caption, attributes=["speech"]) == 1.0


@pytest.mark.parametrize(
    ("kind", "row"),
    [(DialogueReward(), {}), (ChecklistReward(), {}), (ChecklistReward(), {"points": []}), (EventsReward(), {}),
     (EventsReward(), {"events": []}), (FollowingReward(), {}), (FollowingReward(), {"attributes": []})],
)  # fmt: skip
def test_a_row_without_its_column_is_not_scored(kind: Reward, row: dict[str, Any]) -> None:
    assert score(kind, **row) is None


def test_a_sum_leaves_out_what_a_row_has_nothing_for() -> None:
    both = WeightedReward([(ChecklistReward(), 2.0), (EventsReward(), 0.5)], "both")
    assert score(both, points=["A cow walks out"], events=["It snows"]) == 2.0
    assert score(both, events=["A cow walks out"]) == 0.5 and score(both) is None
    assert asyncio.run(both.scores(Rollout(CAPTION, row={"events": ["It snows"]}))) == {
        "checklist": None,
        "events": 0.0,
    }
    assert both.name == "both" and not both.needs_tokens


def test_sums_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="one part or more"):
        WeightedReward([])
    with pytest.raises(ValueError, match="same name"):
        WeightedReward([(EventsReward(), 1), (EventsReward(), 2)])


def test_avocados_reward_has_three_equal_parts_and_needs_tokens() -> None:
    made = avocado()
    assert made.needs_tokens and WeightedReward.needs_tokens is False
    row = {"points": ["A cow walks out"], "dialogues": ["girl: Who left the gate open?"]}
    assert score(made, tokens=100, **row) == 3.0 and score(made, tokens=4096, **row) == 2.0


def test_settings_reach_the_reward_of_a_name() -> None:
    assert score(reward("length", soft=1, hard=3), tokens=2) == 0.5
    with pytest.raises(UnknownName):
        reward("loudness")


@given(st.text(max_size=60), st.integers(0, 5000))
def test_no_text_earns_less_than_0_or_more_than_1(caption: str, tokens: int) -> None:
    row = {"points": ["a b"], "events": ["a b"], "dialogues": ["a: b c"], "attributes": list(map(str, ATTRIBUTES[:2]))}
    for kind in (
        LengthReward(),
        RepetitionReward(),
        DialogueReward(),
        ChecklistReward(),
        EventsReward(),
        FollowingReward(),
    ):
        assert 0 <= (score(kind, caption, tokens, **row) or 0.0) <= 1

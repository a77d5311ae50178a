"""The rewards, one class each, with a judge or without: `await reward.score(rollout)` gives a number or None.

None means that the row lacks what the reward is about. It is so for all rollouts of the row, so that no advantage comes
of it. A judge that is out raises RewardUnavailable. Without a judge each reads the caption by `lexical`, or needs none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from asid.pipeline.metrics import checklist, dialogue, events, repetition
from asid.pipeline.metrics.following import Following, attribute_key, read_levels
from asid.pipeline.registry import REWARDS, UnknownName
from asid.pipeline.rewards import lexical
from asid.pipeline.rewards.rollout import ATTRIBUTES, DIALOGUES, EVENTS, POINTS, Rollout

if TYPE_CHECKING:
    from asid.pipeline.rewards.judge import RewardJudge


class Reward(ABC):
    """Something that scores rollouts. `needs_tokens`: the trainer must say how many tokens were generated."""

    name: ClassVar[str]
    needs_tokens: ClassVar[bool] = False

    @abstractmethod
    async def score(self, rollout: Rollout) -> float | None:
        """Give the reward, or None where the row has nothing that it is about. Raises RewardUnavailable."""


class LengthReward(Reward):
    """R_L of AVoCaDO: 1 up to `soft` generated tokens, 0 from `hard` on."""

    name = "length"
    needs_tokens = True

    def __init__(self, soft: int = checklist.SOFT, hard: int = checklist.HARD):
        checklist.length_reward(0, soft, hard)
        self.soft, self.hard = soft, hard

    async def score(self, rollout: Rollout) -> float | None:
        if rollout.tokens is None:
            raise ValueError("the length reward needs the number of generated tokens: give the adapter `count_tokens`")
        return checklist.length_reward(rollout.tokens, self.soft, self.hard)


class RepetitionReward(Reward):
    """1 less the share of word 3-grams that stood there before; 0 for a caption that fell into a loop."""

    name = "repetition"

    async def score(self, rollout: Rollout) -> float | None:
        return 0.0 if repetition.loops(rollout.caption) else 1.0 - repetition.ngram_rate(rollout.caption)


class DialogueReward(Reward):
    """R_D = (REF + ASR) / 2 of DiaDem, against column `dialogues`. Without a judge it is ASR alone, over what the
    caption quotes: who speaks cannot be told. A row with an empty list has no speech: a caption that quotes some is
    wrong."""

    name = "dialogue"

    def __init__(self, judge: RewardJudge | None = None, gamma: float = dialogue.GAMMA, window: int = dialogue.WINDOW,
                 strict: bool = False):  # fmt: skip
        dialogue.align((), (), gamma, window)
        self.judge, self.gamma, self.window, self.strict = judge, gamma, window, strict

    async def score(self, rollout: Rollout) -> float | None:
        lines = rollout.texts(DIALOGUES)
        if lines is None:
            return None
        if self.judge is None:
            found = self._align(lexical.spoken(rollout.caption), dialogue.read_lines(lines))
            return dialogue.shares(found.utterances, found).f1
        from asid.pipeline.rewards import judged

        found_out = await judged.dialogue_score(self.judge, rollout.caption, lines, self._align, rollout.video())
        return found_out.reward

    def _align(
        self, predicted: Sequence[dialogue.DialogueLine], reference: Sequence[dialogue.DialogueLine]
    ) -> dialogue.Alignment:
        return dialogue.align(predicted, reference, self.gamma, self.window, self.strict)


class ChecklistReward(Reward):
    """R_C of AVoCaDO: the share of column `points` that the caption tells."""

    name = "checklist"

    def __init__(self, judge: RewardJudge | None = None):
        self.judge = judge

    async def score(self, rollout: Rollout) -> float | None:
        points = rollout.texts(POINTS)
        if not points:
            return None
        told = lexical.told(points, rollout.caption)
        if self.judge is not None:
            from asid.pipeline.rewards import judged

            told = await judged.told(self.judge, rollout.caption, points)
        return sum(told) / len(told)


class EventsReward(Reward):
    """1 - Total of video-SALMONN 2, not below 0, against column `events`. Without a judge it is 1 - Miss: what a
    caption makes up cannot be seen."""

    name = "events"

    def __init__(self, judge: RewardJudge | None = None):
        self.judge = judge

    async def score(self, rollout: Rollout) -> float | None:
        known = rollout.texts(EVENTS)
        if not known:
            return None
        if self.judge is None:
            told = lexical.told(known, events.collapse_loops(rollout.caption))
            return sum(told) / len(told)
        from asid.pipeline.rewards import judged

        total = events.figures([await judged.event_counts(self.judge, rollout.caption, known)])["total"].value
        return max(0.0, 1.0 - (total or 0.0))


class FollowingReward(Reward):
    """1 for a caption that tells all of column `attributes` explicitly and no other attribute so (ASID, Tab. 9), less
    one eighth for each attribute that is not as asked: a reward of 0 and 1 alone would teach nothing at first."""

    name = "following"

    def __init__(self, judge: RewardJudge | None = None, graded: bool = True):
        self.judge, self.graded = judge, graded

    async def score(self, rollout: Rollout) -> float | None:
        asked = rollout.texts(ATTRIBUTES)
        if not asked:
            return None
        targets = frozenset(map(attribute_key, asked))
        if self.judge is None:
            levels = lexical.levels(rollout.caption)
        else:
            from asid.pipeline.rewards import judged

            levels = read_levels(await judged.levels(self.judge, rollout.caption, sorted(targets)))
        found = Following(targets, levels)
        if not self.graded:
            return float(found.followed)
        return 1.0 - (len(found.unexplicit) + len(found.extra)) / len(levels)


class WeightedReward(Reward):
    """A weighted sum of rewards. Parts that a row has nothing for are left out of it; where no part has, it is None."""

    name = "combined"

    def __init__(self, parts: Sequence[tuple[Reward, float]], name: str = "combined"):
        if not parts:
            raise ValueError("a weighted reward needs one part or more")
        if len({part.name for part, _ in parts}) < len(parts):
            raise ValueError("two parts of a weighted reward have the same name")
        self.parts = tuple(parts)
        self.name = name  # type: ignore[misc]
        self.needs_tokens = any(part.needs_tokens for part, _ in parts)  # type: ignore[misc]

    async def score(self, rollout: Rollout) -> float | None:
        return self.total(await self.scores(rollout))

    async def scores(self, rollout: Rollout) -> dict[str, float | None]:
        """Give each part's own reward, unweighted, by name."""
        return {part.name: await part.score(rollout) for part, _ in self.parts}

    def total(self, scores: dict[str, float | None]) -> float | None:
        """Add up what `scores` gave."""
        there = [weight * score for part, weight in self.parts if (score := scores[part.name]) is not None]
        return sum(there) if there else None


def avocado(judge: RewardJudge | None = None) -> WeightedReward:
    """Give AVoCaDO's reward, R_C + R_D + R_L, with DiaDem's R_D (AVoCaDO's own is unpublished)."""
    return WeightedReward(
        [(ChecklistReward(judge), 1.0), (DialogueReward(judge), 1.0), (LengthReward(), 1.0)], "avocado"
    )


def reward(name: str, **settings: Any) -> Reward:
    """Make the reward of a name, shipped or of an installed package. Raises UnknownName."""
    kind = REWARDS.find(name)
    if not (isinstance(kind, type) and issubclass(kind, Reward)):
        raise UnknownName(f"{name} is no reward: derive its class from Reward")
    return kind(**settings)

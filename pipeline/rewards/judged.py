"""What a judge is asked for a reward: the questions of the benchmarks, with the same wording and the same checks.

A caption without text is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from asid.pipeline.asking.answers import EventErrors
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.evaluation.benchmarks.avocado import PointVerdicts
from asid.pipeline.evaluation.benchmarks.diadem import Line, SpeakerPairs, SpokenLines, readable
from asid.pipeline.evaluation.benchmarks.following import AttributeLevels
from asid.pipeline.evaluation.benchmarks.salmonn2 import UNUSABLE, EventTally, adds_up
from asid.pipeline.evaluation.contracts import each_once, numbered, numbered_once
from asid.pipeline.metrics.dialogue import Alignment, DialogueLine, DialogueScore, score
from asid.pipeline.metrics.events import EventCounts, collapse_loops
from asid.pipeline.prompts import fence
from asid.pipeline.rewards.judge import RewardJudge
from asid.pipeline.rewards.rollout import RewardUnavailable

Align = Callable[[Sequence[DialogueLine], Sequence[DialogueLine]], Alignment]


async def dialogue_score(
    judge: RewardJudge, caption: str, known: Sequence[str], align: Align, video: str
) -> DialogueScore:
    """Have the dialogue of a caption taken out of it, match it, and ask of each match whether both speakers are one."""
    ours, theirs = await _spoken(judge, caption), readable(known)
    found = align([line for _, line in ours], [line for _, line in theirs])
    if not found.blocks:
        return score(found, [])
    pairs = [
        f'"{ours[block.first][0].partition(":")[0]}" and "{theirs[block.ref_first][0].partition(":")[0]}", '
        f"of whom is said: {theirs[block.ref_first][0].partition(':')[2].strip()}"
        for block in found.blocks
    ]
    shown = bool(video) and judge.sees_videos
    material = "the clip" if shown else "the descriptions alone, without the clip"

    def check(answer: SpeakerPairs) -> str | None:
        return each_once([one.pair for one in answer.pairs], len(pairs), "pair")

    values = {"material": material, "pairs": numbered("pairs", pairs)}
    answer = await judge.ask("eval/speakers", values, SpeakerPairs, check, video)
    return score(found, [one.same for one in sorted(answer.pairs, key=lambda one: one.pair)])


async def _spoken(judge: RewardJudge, caption: str) -> list[Line]:
    if not caption.strip():
        return []
    found = await judge.ask("eval/dialogue", {"caption": fence("caption", caption)}, SpokenLines, lambda _: None)
    return readable([f"{line.speaker.replace(':', ' ') or 'somebody'}: {line.text}" for line in found.lines])


async def told(judge: RewardJudge, caption: str, points: Sequence[str]) -> list[bool]:
    """Ask of each key point whether the caption tells it."""
    if not caption.strip():
        return [False] * len(points)

    def check(answer: PointVerdicts) -> str | None:
        return each_once([one.point for one in answer.verdicts], len(points), "point")

    values = {"caption": fence("caption", caption), "points": numbered("points", points)}
    answer = await judge.ask("eval/checklist", values, PointVerdicts, check)
    return [one.told for one in sorted(answer.verdicts, key=lambda one: one.point)]


async def event_counts(judge: RewardJudge, caption: str, known: Sequence[str]) -> EventCounts:
    """Have the events counted that a caption misses, tells wrongly or makes up. Loops in it are collapsed first. A
    judge whose lists cannot be used is asked for counts alone, as in the benchmark."""
    if not caption.strip():
        return EventCounts(len(known), len(known), 0, 0)

    def check(answer: EventErrors) -> str | None:
        return numbered_once([*answer.missing, *answer.incorrect], len(known), "event")

    values = {"caption": fence("caption", collapse_loops(caption)), "events": numbered("events", known)}
    try:
        answer = await judge.ask("judge/events", values, EventErrors, check)
    except RewardUnavailable as error:
        if error.kind not in UNUSABLE:
            raise
        told = await judge.ask(
            "eval/tally", {**values, "count": str(len(known))}, EventTally, lambda found: adds_up(found, len(known))
        )
        return EventCounts(len(known), told.missed, told.incorrect, told.hallucinated)
    return EventCounts(len(known), len(answer.missing), len(answer.incorrect), len(answer.hallucinated))


async def levels(judge: RewardJudge, caption: str, targets: Sequence[str]) -> Mapping[str, str]:
    """Have the level of each of the eight attributes told."""
    if not caption.strip():
        return dict.fromkeys(ATTRIBUTES, "none")

    values = {"caption": fence("caption", caption), "targets": ", ".join(targets)}
    answer = await judge.ask("eval/following", values, AttributeLevels, lambda _: None)
    return {name: str(level) for name, level in answer.levels.model_dump().items()}

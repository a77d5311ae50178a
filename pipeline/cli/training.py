"""`asid partition`: the two training sets of DiaDem, by the rewards of rollouts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asid.pipeline.cli.common import complain, out
from asid.pipeline.text import plural

if TYPE_CHECKING:
    from asid.pipeline.rewards.difficulty import DifficultyBounds

COPIES = "copies"


def partition(
    rows: Annotated[Path, typer.Option("--rows", help="Training rows, JSON lines as their trainer reads them")],
    rollouts: Annotated[list[Path], typer.Option("--rollouts", help="Sampled captions with ids; may stand often")],
    target: Annotated[Path, typer.Option("--out", help="Folder to write")],
    reward: Annotated[str, typer.Option("--reward", help="dialogue, checklist, avocado, …, or yours")] = "dialogue",
    judge: Annotated[str, typer.Option("--judge", help="PROVIDER:MODEL, PROVIDER:MODEL@URL or FILE.yaml#NAME")] = "",
    answers: Annotated[str, typer.Option("--answers", help="Folder of the judge's answers; OUT-answers if empty")] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="easy_mean, easy_spread, hard_mean, spread=population|sample, least, copies"),
    ] = None,
) -> None:
    """Part training rows by difficulty: drop those whose rollouts are all good, double those whose rollouts are bad."""
    from asid.pipeline.evaluation.intake import DataIntake
    from asid.pipeline.rewards import difficulty, loop, stage_sets
    from asid.pipeline.text import counted

    bounds, copies = _bounds(settings or [])
    intake = DataIntake()
    for file in (rows, *rollouts):
        if not file.is_file():
            raise typer.BadParameter(f"there is no file {file}")
    read = stage_sets.read_rows(rows, intake)
    sampled = stage_sets.read_rollouts(rollouts, read, intake)
    scored = _reward(reward, judge, answers or f"{target}-answers")
    if scored.needs_tokens and any(one.tokens is None for found in sampled.values() for one in found):
        raise typer.BadParameter(f"the reward {reward} scores length: each rollout needs its `generated_tokens`")
    given = loop.run(stage_sets.rewards_of(scored, read, sampled))
    made = difficulty.partition(given, bounds, copies)
    lost = sum(one.missing for one in made.samples.values())
    about = {"reward": scored.name, "judge": judge or "none", "faults": dict(intake.kinds())}
    if not any(one.rewards for one in made.samples.values()):
        complain("no rollout got a reward: the judge is out, or the rows lack the column that the reward is about")
        raise typer.Exit(1)
    sizes = stage_sets.write(target, read, made, bounds, about)
    out().print(f"{plural(len(read), 'row')}: {counted(made.counts())}", markup=False)
    out().print("; ".join(f"{name}: {plural(size, 'row')}" for name, size in sizes.items()), markup=False)
    if lost:
        out().print(f"{lost} rollouts without a reward are left out of means, and count as none of 0", markup=False)
    if intake.faults:
        out().print(f"records that count for nothing: {counted(intake.kinds())}", markup=False)


def _bounds(settings: list[str]) -> tuple[DifficultyBounds, int]:
    from dataclasses import fields

    from asid.pipeline.rewards.difficulty import DifficultyBounds

    names = {field.name for field in fields(DifficultyBounds)} | {COPIES}
    given: dict[str, Any] = {}
    for word in settings:
        name, equals, value = word.partition("=")
        if not equals or name not in names:
            raise typer.BadParameter(f"{word}: it takes NAME=VALUE with {', '.join(sorted(names))}", param_hint="--set")
        try:
            given[name] = value if name == "spread" else int(value) if name in ("least", COPIES) else float(value)
        except ValueError:
            raise typer.BadParameter(f"{word}: {value!r} is no number", param_hint="--set") from None
    if given.get("spread", "sample") not in ("population", "sample"):
        raise typer.BadParameter(f"spread is population or sample, not {given['spread']}", param_hint="--set")
    copies = given.pop(COPIES, 2)
    try:
        return DifficultyBounds(**given), copies
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from None


def _reward(name: str, judge: str, answers: str) -> Any:
    """The reward of a name, with its judge if it takes one."""
    import inspect

    from asid.pipeline import rewards
    from asid.pipeline.models.spec import model_of
    from asid.pipeline.registry import REWARDS

    asked = rewards.RewardJudge(model_of(judge), answers) if judge else None
    if name == "avocado":
        return rewards.avocado(asked)
    takes = "judge" in inspect.signature(REWARDS.find(name)).parameters
    if judge and not takes:
        raise typer.BadParameter(f"the reward {name} asks no judge: leave --judge out")
    return rewards.reward(name, **({"judge": asked} if takes else {}))

"""What a user writes to have our rewards in ms-swift and verl: a plug-in and a `compute_score`. The checks beside this
file load it as those trainers load theirs. The judge is scripted; $ASID_JUDGE_OUT=1 makes it one that never answers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from pathlib import Path

from asid.rewards import ChecklistReward, LengthReward, Reward, RewardJudge, Rollout, WeightedReward, verl

FOLDER = Path(os.environ.get("ASID_ANSWERS") or tempfile.mkdtemp())


def judge(out: bool, answers: str = "answers") -> RewardJudge:
    """A judge by whom every first point is told and no other, or one that is out. Answers stored before count."""
    script = FOLDER / "script.yaml"
    told = [{"point": number, "told": number == 1} for number in (1, 2)]
    script.write_text(json.dumps([{"task": "reward eval/checklist", "answer": {"verdicts": told}}]))
    faults = {"settings": {"faults": {"error": 1.0}}, "retries": 1} if out else {}
    return RewardJudge({"provider": "scripted", "script": str(script), **faults}, FOLDER / answers)


class RowReward(Reward):
    """Gives the number that the row carries: it shows whether rows and completions stayed together."""

    name = "row"

    async def score(self, rollout: Rollout) -> float | None:
        solution = rollout.row.get("solution")
        return None if solution is None else float(solution)


reward = WeightedReward(
    [(ChecklistReward(judge(bool(os.environ.get("ASID_JUDGE_OUT")))), 1.0), (LengthReward(8, 16), 1.0),
     (RowReward(), 100.0)], "asid",
)  # fmt: skip

compute_score = verl.scoring(reward, count_tokens=lambda text: len(text.split()))
compute_score_parts = verl.scoring(reward, count_tokens=lambda text: len(text.split()), parts=True)

if importlib.util.find_spec("swift"):
    from asid.rewards import ms_swift

    ms_swift.register(reward)

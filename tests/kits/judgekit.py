"""A judge of rewards that answers from a script in a folder, and says what it was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from asid.pipeline.rewards.judge import RewardJudge


def scripted(folder: Path, answers: dict[str, Any], **config: Any) -> RewardJudge:
    """A judge whose answer to each prompt, named as under prompts/, is known."""
    script = folder / "script.yaml"
    script.write_text(json.dumps([{"task": f"reward {task}", "answer": answer} for task, answer in answers.items()]))
    return RewardJudge({"provider": "scripted", "script": str(script)} | config, folder / "answers")

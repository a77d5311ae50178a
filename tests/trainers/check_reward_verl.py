"""verl takes our rewards: its own code loads the function by path and name, and its reward manager calls it.

PYTHONPATH=. python tests/trainers/check_reward_verl.py
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

try:
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
    from verl.trainer.ppo.reward import get_custom_reward_fn
except ImportError as error:
    sys.exit(f"verl is not installed here ({error}): pip install verl torch")

from asid.rewards import RewardUnavailable

PLUGIN = Path(__file__).with_name("reward_plugin.py")
SAID = ["four words are here", "", " ".join(["long"] * 12)]
WANTED = [0.5 + 1.0 + 0.0, 0.0 + 1.0 + 100.0, 0.5 + 0.5 + 200.0]
WIDTH = 16  # tokens of a padded answer


class Words:
    """A tokenizer whose tokens are numbers of words."""

    words = sorted({word for text in SAID for word in text.split()})

    def ids(self, text: str) -> list[int]:
        return [self.words.index(word) + 1 for word in text.split()]

    def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
        return " ".join(self.words[int(id) - 1] for id in ids if int(id))


def batch(tokenizer: Words) -> DataProto:
    """Answers padded on the right, as verl has them after a rollout."""
    responses = torch.zeros(len(SAID), WIDTH, dtype=torch.long)
    mask = torch.zeros(len(SAID), 4 + WIDTH, dtype=torch.long)
    mask[:, :4] = 1
    for row, text in enumerate(SAID):
        ids = tokenizer.ids(text)
        responses[row, : len(ids)] = torch.tensor(ids, dtype=torch.long)
        mask[row, 4 : 4 + len(ids)] = 1
    prompts = torch.ones(len(SAID), 4, dtype=torch.long)
    rows: dict[str, Any] = {
        "data_source": ["asid"] * 3,
        "reward_model": [{"style": "rule", "ground_truth": str(number)} for number in range(3)],
        "extra_info": [
            {"id": str(number), "points": np.array(["first", "second"], dtype=object)} for number in range(3)
        ],
    }
    return DataProto.from_dict(
        tensors={"prompts": prompts, "responses": responses, "attention_mask": mask},
        non_tensors={name: np.array(values, dtype=object) for name, values in rows.items()},
    )


def scored(name: str, tokenizer: Words) -> list[dict[str, Any]]:
    config = OmegaConf.create({"reward": {"custom_reward_function": {"path": str(PLUGIN), "name": name}}})

    async def all_rows() -> list[dict[str, Any]]:
        manager = NaiveRewardManager(config, tokenizer, get_custom_reward_fn(config))
        manager.loop = asyncio.get_running_loop()
        data = batch(tokenizer)
        return list(await asyncio.gather(*(manager.run_single(data[row : row + 1]) for row in range(len(SAID)))))

    return asyncio.run(all_rows())


def main() -> None:
    tokenizer = Words()
    found = [one["reward_score"] for one in scored("compute_score", tokenizer)]
    assert found == WANTED, found
    print(f"{len(found)} rewards align with their rows: {found}")
    parts = [one["reward_extra_info"] for one in scored("compute_score_parts", tokenizer)]
    assert [one["row"] for one in parts] == [0.0, 1.0, 2.0] and [one["score"] for one in parts] == WANTED, parts
    print(f"with their parts: {parts[2]}")
    os.environ["ASID_JUDGE_OUT"] = "1"
    os.environ.pop("ASID_ANSWERS", None)
    sys.modules = {name: module for name, module in sys.modules.items() if "reward_plugin" not in name}
    try:
        scored("compute_score", tokenizer)
    except RewardUnavailable as error:
        print(f"judge out: {error}")
    else:
        raise AssertionError("a judge that is out became a number")
    print(f"verl {version('verl')}, torch {version('torch')}: rewards arrive")


if __name__ == "__main__":
    main()

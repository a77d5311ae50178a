"""ms-swift, 3.x or 4.x, takes our rewards: the plug-in is loaded by its own code and called as its trainer calls it.

PYTHONPATH=. python tests/trainers/check_reward_swift.py
"""

from __future__ import annotations

import importlib
import inspect
import math
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ["ASID_JUDGE_OUT"] = ""

try:
    import swift  # noqa: F401
    import torch
except ImportError as error:
    sys.exit(f"ms-swift is not installed here ({error}): pip install ms-swift torch")

from asid.rewards import ChecklistReward, RewardJudge, RewardUnavailable, ms_swift

PLUGIN = Path(__file__).with_name("reward_plugin.py")
SAID = ["four words are here", "", " ".join(["long"] * 12)]
COLUMNS: dict[str, Any] = {
    "solution": ["0", "1", "2"],
    "points": [["first", "second"]] * 3,
    "messages": [[{"role": "user", "content": "Describe."}]] * 3,
    "videos": [["a.mp4"]] * 3,
    "response_token_ids": [[1] * 4, [], [1] * 12],
    "prompt_id": ["x", "x", "y"],
    "finish_reason": ["stop"] * 3,
    "trainer_state": object(),
}
# checklist (none of an empty caption) + length (soft 8, hard 16) + 100 x row
WANTED = [0.5 + 1.0 + 0.0, 0.0 + 1.0 + 100.0, 0.5 + 0.5 + 200.0]


def load() -> Any:
    """The plug-in, by ms-swift's own loader; gives the module that holds its rewards."""
    for name in ("swift.arguments.base_args.base_args", "swift.llm.argument.base_args.base_args"):
        try:
            arguments = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        holder = SimpleNamespace(external_plugins=str(PLUGIN), custom_register_path=[])
        arguments.BaseArguments._import_external_plugins(holder)
        return importlib.import_module("swift.rewards" if name.startswith("swift.arguments") else "swift.plugin")
    raise AssertionError("this ms-swift loads plug-ins in a way that is not known here")


def made(place: Any) -> Any:
    """The reward as the trainers make it: 4.x gives `args`, 3.x those that its signature names."""
    cls = place.orms["asid"]
    assert issubclass(cls, place.ORM)
    if place.__name__ == "swift.rewards":
        return cls(args=SimpleNamespace())
    names = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "args", "kwargs")]
    return cls(**{name: None for name in names if hasattr(SimpleNamespace(), name)})


def main() -> None:
    place = load()
    reward = made(place)
    values = reward(SAID, **COLUMNS)
    column = torch.tensor([math.nan if value is None else value for value in values], dtype=torch.float32)
    assert column.tolist() == WANTED, column
    print(f"{place.__name__}: {len(values)} rewards align with their rows: {values}")

    with tempfile.TemporaryDirectory() as folder:
        faults = {"settings": {"faults": {"error": 1.0}}, "retries": 1}
        out = ms_swift.orm(ChecklistReward(RewardJudge({"provider": "scripted", **faults}, folder)), place.ORM)()
        try:
            out(SAID, **COLUMNS)
        except RewardUnavailable as error:
            print(f"judge out: {error}")
        else:
            raise AssertionError("a judge that is out became a number")
    print(f"ms-swift {version('ms-swift')}, transformers {version('transformers')}: rewards arrive")


if __name__ == "__main__":
    main()

"""TRL's GRPOTrainer takes our rewards: a tiny model of random weights, three steps on a CPU.

    PYTHONPATH=. python tests/trainers/check_reward_trl.py

Checked: values arrive as they were given, rows stay with their completions, a judge that is out counts as nothing and
not as 0, and after some such batches the training ends with the reason.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

try:
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer
except ImportError as error:
    sys.exit(f"TRL is not installed here ({error}): pip install trl torch")

from asid.rewards import ChecklistReward, LengthReward, Reward, RewardUnavailable, Rollout, trl
from tests.trainers.reward_plugin import RowReward, judge

STEPS = 3
SOFT, HARD, LONGEST = 8, 32, 20  # tokens
ROWS = [{"prompt": f"video {number}", "solution": str(number), "points": ["first", "second"]} for number in range(4)]


class LetterReward(Reward):
    """Gives the share of letters: it differs from caption to caption, so that there is a loss."""

    name = "letters"

    async def score(self, rollout: Rollout) -> float | None:
        return sum(char.isalpha() for char in rollout.caption) / max(1, len(rollout.caption))


def tokenizer() -> Any:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = Tokenizer(models.BPE(vocab={char: n for n, char in enumerate(alphabet)}, merges=[]))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token="<end>", pad_token="<pad>")


def watched(given: list[tuple[str, Any, Any]], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, writing down what it is called with and what it gives."""

    def note(prompts: Sequence[Any], tokens: Sequence[Any], values: Sequence[Any]) -> Sequence[Any]:
        given.extend((prompt, len(ids), value) for prompt, ids, value in zip(prompts, tokens, values, strict=True))
        return values

    def call(prompts: Sequence[Any], completion_ids: Sequence[Any], **kwargs: Any) -> Any:
        return note(prompts, completion_ids, function(prompts=prompts, completion_ids=completion_ids, **kwargs))

    async def call_async(prompts: Sequence[Any], completion_ids: Sequence[Any], **kwargs: Any) -> Any:
        return note(prompts, completion_ids, await function(prompts=prompts, completion_ids=completion_ids, **kwargs))

    made: Callable[..., Any] = call_async if asyncio.iscoroutinefunction(function) else call
    made.__name__ = function.__name__
    return made


def train(functions: list[Any], folder: str) -> list[dict[str, Any]]:
    torch.manual_seed(0)
    made = tokenizer()
    config = LlamaConfig(vocab_size=len(made), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                         num_attention_heads=4)  # fmt: skip
    how = GRPOConfig(output_dir=folder, max_steps=STEPS, per_device_train_batch_size=4, num_generations=2,
                     max_completion_length=LONGEST, report_to=[], use_cpu=True, bf16=False, save_strategy="no",
                     logging_steps=1, learning_rate=1e-3, beta=0.0, temperature=1.0,
                     gradient_checkpointing=False)  # fmt: skip
    trainer = GRPOTrainer(LlamaForCausalLM(config), functions, how, train_dataset=Dataset.from_list(ROWS),
                          processing_class=made)  # fmt: skip
    trainer.train()
    return [line for line in trainer.state.log_history if "reward" in line]


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        row: list[tuple[str, Any, Any]] = []
        length: list[tuple[str, Any, Any]] = []
        told: list[tuple[str, Any, Any]] = []
        functions = [watched(row, trl.function(RowReward())), watched(length, trl.function(LengthReward(SOFT, HARD))),
                     watched(told, trl.function(ChecklistReward(judge(out=False)), asynchronous=True)),
                     trl.function(LetterReward())]  # fmt: skip
        lines = train(functions, folder)
        assert len(lines) == STEPS and any(line["grad_norm"] > 0 for line in lines)
        assert all(float(prompt.split()[1]) == value for prompt, _, value in row), row
        assert all(value == max(0.0, min(1.0, 1 - (tokens - SOFT) / (HARD - SOFT))) for _, tokens, value in length)
        assert {value for _, _, value in told} == {0.5}
        for at, line in enumerate(lines):
            batch = slice(at * 4, at * 4 + 4)
            for name, given in (("row", row), ("length", length), ("checklist", told)):
                mean = sum(value for _, _, value in given[batch]) / 4
                assert math.isclose(line[f"rewards/{name}/mean"], mean, abs_tol=1e-5), (name, line, given[batch])
        print(f"{len(row)} completions in {STEPS} steps: rows align, values arrive")

        lost: list[tuple[str, Any, Any]] = []
        absent = watched(lost, trl.function(ChecklistReward(judge(True, "elsewhere")), patience=STEPS + 1))
        given_rows: list[tuple[str, Any, Any]] = []
        lines = train([absent, watched(given_rows, trl.function(RowReward()))], folder)
        unseen = [value for _, _, value in lost if value is None]
        assert unseen and all(value in (None, 0.5) for _, _, value in lost), lost
        for at, line in enumerate(lines):
            batch = slice(at * 4, at * 4 + 4)
            known = [value for _, _, value in lost[batch] if value is not None]
            mean = line["rewards/checklist/mean"]
            assert (mean is None or math.isnan(mean)) if not known else math.isclose(mean, 0.5), line
            wanted = sum(value or 0.0 for _, _, value in [*lost[batch], *given_rows[batch]]) / 4
            assert math.isclose(line["reward"], wanted, abs_tol=1e-5)
        print(f"judge out: {len(unseen)} of {len(lost)} rewards are None, none is 0, training went on")
        try:
            train([trl.function(ChecklistReward(judge(True, "elsewhere")), patience=2)], folder)
        except RewardUnavailable as error:
            print(f"after 2 batches without any: {error}")
        else:
            raise AssertionError("a training without rewards went on")
    print(f"TRL {version('trl')}, transformers {version('transformers')}, torch {version('torch')}: rewards arrive")


if __name__ == "__main__":
    main()

"""TRL's DPOTrainer with gDPO's term: a tiny model of random weights, two steps on a CPU.

    PYTHONPATH=. python tests/trainers/check_gdpo_trl.py

Checked: at the first step policy and reference are one, so that the loss is log 2 + λ x the truth's mean token NLL,
reckoned here from the model's own logits; the chosen answer's NLL is another number; without the column it ends.
"""

from __future__ import annotations

import copy
import math
import sys
import tempfile
from importlib.metadata import version
from typing import Any

try:
    import torch
    from datasets import Dataset
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import DPOConfig, DPOTrainer
except ImportError as error:
    sys.exit(f"TRL is not installed here ({error}): pip install trl torch")

from asid.rewards import gdpo
from tests.trainers.check_reward_trl import tokenizer

LAMBDA = 0.1
ROWS = [
    {
        "prompt": f"Tell {n}. ",
        "chosen": "good " * (n + 1),
        "rejected": "bad " * 3,
        "reference": f"truth {n} of many words",
    }
    for n in range(4)
]


def model(made: Any) -> Any:
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(made), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                                        num_attention_heads=4))  # fmt: skip


def nll(policy: Any, made: Any, column: str) -> float:
    """The mean over all tokens of the column's answers, by hand."""
    total, count = 0.0, 0
    for row in ROWS:
        asked = made(row["prompt"], add_special_tokens=False)["input_ids"]
        told = made(row[column], add_special_tokens=False)["input_ids"] + [made.eos_token_id]
        with torch.no_grad():
            logits = policy(torch.tensor([asked + told])).logits[0].log_softmax(-1)
        total -= sum(logits[len(asked) - 1 + place, token].item() for place, token in enumerate(told))
        count += len(told)
    return total / count


def train(weight: float, rows: list[dict[str, Any]], made: Any) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        how = DPOConfig(output_dir=folder, max_steps=2, per_device_train_batch_size=4, report_to=[], use_cpu=True,
                        bf16=False, save_strategy="no", logging_steps=1, learning_rate=1e-3, beta=0.1,
                        gradient_checkpointing=False)  # fmt: skip
        policy = model(made)
        kind = gdpo.trainer(DPOTrainer, gdpo.text_encoder(made), weight)
        trainer = kind(policy, ref_model=copy.deepcopy(policy), args=how, train_dataset=Dataset.from_list(rows),
                       processing_class=made)  # fmt: skip
        trainer.train()
        return [float(line["loss"]) for line in trainer.state.log_history if "loss" in line]


def main() -> None:
    torch.set_num_threads(1)
    made = tokenizer()
    plain, grounded = train(0.0, ROWS, made), train(LAMBDA, ROWS, made)
    truth, chosen = nll(model(made), made, "reference"), nll(model(made), made, "chosen")
    assert math.isclose(plain[0], math.log(2), abs_tol=1e-4), plain
    assert math.isclose(grounded[0], math.log(2) + LAMBDA * truth, abs_tol=1e-3), (grounded, truth)
    assert abs(truth - chosen) > 0.005, (truth, chosen)
    assert len(grounded) == 2 and grounded[1] < grounded[0]
    print(f"loss {grounded[0]:.4f} = log 2 + {LAMBDA} x {truth:.4f} (of the chosen answers it would be {chosen:.4f})")
    try:
        train(LAMBDA, [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in ROWS], made)
    except ValueError as error:
        print(f"without the truth: {error}")
    else:
        raise AssertionError("a training without the truth went on")
    print(
        f"TRL {version('trl')}, transformers {version('transformers')}, torch {version('torch')}: gDPO's term is there"
    )


if __name__ == "__main__":
    main()

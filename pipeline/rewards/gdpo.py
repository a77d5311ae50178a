"""gDPO inside TRL: `DPOTrainer` with the ground truth's likelihood beside it (video-SALMONN 2, section 3.4).

    from asid.rewards import gdpo
    trainer = gdpo.trainer(DPOTrainer, encode, weight=0.1)(model, args=args, train_dataset=pairs, …)

`encode` makes model inputs of rows, with `labels` that are -100 wherever no answer stands; of a row it reads what it
wants, and `reference` is the ground-truth caption in exported pairs. `rpo_alpha` of ms-swift, `pref_ftx` of
LLaMA-Factory and TRL's loss "sft" weigh the *chosen* answer in its place: they are gDPO's term only where the chosen
caption is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asid.pipeline.rewards.rounds import LAMBDA

REFERENCE = "reference"  # column of the ground-truth caption
MARK = "truth_"  # begins the names of the truth's inputs in a batch

Encode = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]


def trainer(
    base: type[Any], encode: Encode, weight: float = LAMBDA, columns: Sequence[str] = (REFERENCE,)
) -> type[Any]:
    """Make a trainer of TRL's `DPOTrainer` (1.16) that adds `weight` x the mean negative log-likelihood of the truth's
    tokens. `columns`: of the dataset, which `encode` reads and the trainer would else remove. Raises ValueError for a
    negative weight."""
    if weight < 0:
        raise ValueError(f"the weight of the ground truth is {weight}: it is 0 or more")

    class GDPOTrainer(base):  # type: ignore[misc]  # only the trainer's environment has its class
        data_collator: Any
        _signature_columns: Any

        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            pairs = self.data_collator

            def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
                if missing := [name for name in columns if any(name not in row for row in rows)]:
                    raise ValueError(
                        f"the training rows have no column {missing[0]!r}, which gDPO's truth is read from"
                    )
                return {**pairs(rows), **{MARK + name: value for name, value in encode(rows).items()}}

            self.data_collator = collate

        def _set_signature_columns_if_needed(self) -> None:
            super()._set_signature_columns_if_needed()
            self._signature_columns = list(dict.fromkeys([*self._signature_columns, *columns]))

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            truth = {name.removeprefix(MARK): inputs[name] for name in inputs if name.startswith(MARK)}
            plain = {name: value for name, value in inputs.items() if not name.startswith(MARK)}
            found = super().compute_loss(model, plain, return_outputs, num_items_in_batch)
            term = weight * model(**truth).loss if weight else 0.0
            return (found[0] + term, *found[1:]) if return_outputs else found + term

    return GDPOTrainer


def text_encoder(tokenizer: Any, reference: str = REFERENCE, longest: int = 4096) -> Encode:
    """Make an `encode` for rows without media: the prompt's tokens as TRL has them, then the truth's and the end's,
    which alone are learnt. Videos need one of the model's own processor."""

    def encode(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        import torch

        made = []
        for row in rows:
            asked = list(row["prompt_ids"])
            told = tokenizer(row[reference], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
            made.append(((asked + told)[:longest], ([-100] * len(asked) + told)[:longest]))
        width = max(len(ids) for ids, _ in made)
        return {
            "input_ids": torch.tensor([ids + [tokenizer.pad_token_id] * (width - len(ids)) for ids, _ in made]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in made]),
            "labels": torch.tensor([labels + [-100] * (width - len(labels)) for _, labels in made]),
        }

    return encode

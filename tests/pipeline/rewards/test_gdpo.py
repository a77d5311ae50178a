"""gDPO beside a trainer of preference pairs: the truth's inputs, its term in the loss, and columns that are kept. With
TRL and a real model it is tried in `tests/trainers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from asid.pipeline.rewards import gdpo


class Pairs:
    """Stands for TRL's trainer: it batches pairs, keeps the columns it knows, and has a loss of its own."""

    def __init__(self, loss: float = 2.0):
        self.data_collator: Any = lambda rows: {"chosen": [row["chosen"] for row in rows]}
        self._signature_columns: Any = None
        self.loss = loss
        self.saw: dict[str, Any] = {}

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["prompt", "chosen", "reference"]

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, items: Any = None) -> Any:
        self.saw = inputs
        return (self.loss, "outputs") if return_outputs else self.loss


def encode(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"input_ids": [len(row["reference"]) for row in rows], "labels": [-100]}


def model(**inputs: Any) -> Any:
    return SimpleNamespace(loss=float(sum(inputs["input_ids"])))


ROWS = [{"chosen": "a", "reference": "four"}, {"chosen": "b", "reference": "six..."}]


def test_the_truth_has_inputs_of_its_own_and_its_likelihood_is_added() -> None:
    made = gdpo.trainer(Pairs, encode, weight=0.1)(loss=2.0)
    batch = made.data_collator(ROWS)
    assert batch == {"chosen": ["a", "b"], "truth_input_ids": [4, 6], "truth_labels": [-100]}
    assert made.compute_loss(model, batch) == pytest.approx(2.0 + 0.1 * 10)
    assert made.compute_loss(model, batch, return_outputs=True) == (pytest.approx(3.0), "outputs")
    assert made.saw == {"chosen": ["a", "b"]}, "the trainer's own loss does not see the truth"


def test_a_weight_of_nothing_asks_the_model_nothing() -> None:
    made = gdpo.trainer(Pairs, encode, weight=0.0)()

    def never(**_: Any) -> Any:
        raise AssertionError("a forward pass for nothing")

    assert made.compute_loss(never, made.data_collator(ROWS)) == 2.0
    with pytest.raises(ValueError, match=r"-0\.1"):
        gdpo.trainer(Pairs, encode, weight=-0.1)


def test_columns_that_the_truth_is_read_from_stay_each_once() -> None:
    made = gdpo.trainer(Pairs, encode, columns=("reference", "video"))()
    made._set_signature_columns_if_needed()
    assert made._signature_columns == ["prompt", "chosen", "reference", "video"]


def test_rows_without_the_truth_are_refused_and_not_taken_for_empty_ones() -> None:
    made = gdpo.trainer(Pairs, encode)()
    with pytest.raises(ValueError, match="no column 'reference'"):
        made.data_collator([ROWS[0], {"chosen": "c"}])

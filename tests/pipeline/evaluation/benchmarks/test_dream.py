"""DREAM-1K: published records read, events asked both ways, shares per subset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.benchmarks.dream import DREAM, EventRelations, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows


def relations(*found: str) -> dict[str, Any]:
    return {"relations": [{"event": number, "relation": one} for number, one in enumerate(found, 1)]}


def told(id: str, recall: tuple[str, ...], precision: tuple[str, ...] | None, subset: str = "live") -> Case:
    replies = {"actions": {"events": [f"event {n}" for n in range(len(precision or ()))]}, "recall": relations(*recall),
               "precision": None if precision is None else relations(*precision)}  # fmt: skip
    return case(id, replies=replies, reference="A Cat.", statements=("x",) * len(recall), groups={"subset": subset})


def test_the_published_form_is_read(tmp_path: Path) -> None:
    record = {"messages": [{"content": [{"text": "?"}]}, {"content": [{"reference": "A cat runs."}]}],
              "dataset": "DREAM/animation", "vid": "v.mp4", "idx": 12,
              "extra_info": {"events": ["a cat runs"]}}  # fmt: skip
    plain = {"video_id": "w", "reference": "A dog.", "events": ["a dog"]}
    one, other, empty = load(lines(tmp_path / "d.jsonl", record, plain, {"vid": "e"}), DataIntake())
    assert (one.key, one.reference, one.statements, one.aliases) == ("v", "A cat runs.", ("a cat runs",), ("12",))
    assert one.groups == {"subset": "animation"} and other.groups == {"subset": "all"} and empty.is_empty
    with pytest.raises(DataError, match="DREAM"):
        load(lines(tmp_path / "n.jsonl", {"no": 1}), DataIntake())


def test_each_text_is_held_against_the_events_of_the_other() -> None:
    one = told("a", ("neutral",), ("neutral", "neutral")).model_copy(update={"caption": "THE Dog."})
    recall, precision = DREAM.steps["recall"].values(one), DREAM.steps["precision"].values(one)
    assert recall is not None and "the dog." in recall["text"] and "1. x" in recall["events"]
    assert precision is not None and "a cat." in precision["text"] and "2. event 1" in precision["events"]


def test_where_there_is_no_event_nothing_is_asked() -> None:
    silent = told("a", (), None)
    assert DREAM.steps["recall"].values(silent) is None and DREAM.steps["precision"].values(silent) is None


def test_every_event_must_be_answered_once() -> None:
    one = told("a", ("neutral", "neutral"), ("neutral",))
    for step, good, bad in (("recall", ("neutral",) * 2, ("neutral",)), ("precision", ("neutral",), ("neutral",) * 2)):
        check = DREAM.steps[step].check
        assert check(EventRelations.model_validate(relations(*good)), one) is None
        assert "statement" in (check(EventRelations.model_validate(relations(*bad)), one) or "")


def test_each_subset_has_one_voice_and_the_published_rule_stands_beside() -> None:
    found = outcome([told("a", ("entailment",), ("entailment",)), told("b", ("entailment",), ("neutral",)),
                     told("c", ("neutral",), None, "drawn"),
                     case("d", caption="", groups={"subset": "drawn"})])  # fmt: skip
    honest, published = tables(found)
    assert rows(honest)["live"][1:] == (100.0, 50.0) and rows(honest)["drawn"][1:] == (0.0, 0.0)
    assert rows(honest)["mine"][1:] == (50.0, 25.0)
    assert rows(published)["drawn"][1:] == (0.0, 50.0)  # the silent caption is precise, the missing one not

"""The shapes of models' answers: what fits, and that statements count once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from asid.pipeline.asking.answers import (
    AuditAnswer,
    Completeness,
    EmbeddedCaption,
    EventErrors,
    Events,
    Grade,
    Refinement,
    Suspicion,
    Verification,
)

SUMMARY: dict[str, list[str]] = {
    "fixed_errors": [], "filled_missing": [], "dropped_forbidden": [], "timestamp_adjustments": []
}  # fmt: skip
RIGHT: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (EmbeddedCaption, {"caption": "", "facts": []}),
    (Verification, {"non_speech_deficiency_specific": "", "speech_deficiency_specific": "", "caption": "c"}),
    (AuditAnswer, {"errors": [{"snippet": "s", "why": "w", "point": 2}], "missing": [], "expressiveness": []}),
    (Suspicion, {"suspicion": 12.5}),
    (Refinement, {"improved_caption": "c", "enhance_summary": SUMMARY}),
    (Events, {"events": ["a dog runs"]}),
    (EventErrors, {"missing": [1], "incorrect": [], "hallucinated": []}),
    (Grade, {"grade": 10, "why": ""}),
    (Completeness, {"completeness": 5, "why": "w"}),
]


@pytest.mark.parametrize(("kind", "answer"), RIGHT)
def test_an_answer_of_the_form_is_taken_as_it_is(kind: type[BaseModel], answer: dict[str, Any]) -> None:
    assert kind.model_validate(answer).model_dump() == answer


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Suspicion, {"suspicion": -1}), (Suspicion, {"suspicion": 101}), (Grade, {"grade": 11, "why": ""}),
        (Grade, {"grade": 2.5, "why": ""}), (Completeness, {"completeness": 0, "why": ""}), (Events, {"events": []}),
        (Events, {"events": [" ", "..."]}), (Events, {"events": [f"event {n}" for n in range(401)]}),
        (EventErrors, {"missing": ["1"], "incorrect": [], "hallucinated": []}),
        (EventErrors, {"missing": [1.0], "incorrect": [], "hallucinated": []}),
        (EventErrors, {"missing": [True], "incorrect": [], "hallucinated": []}),
        (AuditAnswer, {"errors": ["no object"], "missing": [], "expressiveness": []}),
        (AuditAnswer, {"errors": [{"snippet": "s", "why": "w", "point": "2"}], "missing": [], "expressiveness": []}),
    ],
)  # fmt: skip
def test_what_is_beyond_its_bounds_or_of_another_type_is_refused(kind: type[BaseModel], answer: Any) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(answer)


def test_an_event_that_is_said_twice_counts_once_where_it_was_said_first() -> None:
    told = Events(events=["A man sits. ", "b waits", "", "a man sits", "...", "B waits!"])
    assert told.events == ["A man sits.", "b waits"]


@given(st.lists(st.text(max_size=6), max_size=8))
def test_statements_keep_their_order_and_are_settled_at_once(said: list[str]) -> None:
    kept = EventErrors(missing=[], incorrect=[], hallucinated=said).hallucinated
    stripped = [each.strip() for each in said]
    places = [stripped.index(each) for each in kept]
    assert places == sorted(places)
    assert EventErrors(missing=[], incorrect=[], hallucinated=kept).hallucinated == kept


def test_a_finding_has_the_words_of_the_point_that_it_names_and_one_that_names_none_is_kept() -> None:
    answer = AuditAnswer.model_validate({
        "errors": [{"snippet": "s", "why": "w", "point": 2}, {"snippet": "t", "why": "w"}],
        "missing": [{"what": "a cup", "why": "w", "point": 1}], "expressiveness": [],
    })  # fmt: skip
    found = answer.findings(("what each thing is", "how many there are"))
    assert [error.point for error in found.errors] == ["how many there are", ""]
    assert found.missing[0].point == "what each thing is"
    assert answer.pointless(("one", "two")) is None
    assert answer.pointless(("one",)) == "there is no VERIFY point 2: they are numbered 1 to 1"


def test_a_finding_that_asks_for_what_stands_there_is_none() -> None:
    errors = [{"snippet": "a map", "why": "It should be 'a map'."}, {"snippet": "a hat", "why": "It is a cap."}]
    lines = ["'paper map' should be 'paper map'", "Two sentences say the same."]
    found = AuditAnswer.model_validate({"errors": errors, "missing": [], "expressiveness": lines}).findings(())
    assert [error.snippet for error in found.errors] == ["a hat"]
    assert found.expressiveness == ["Two sentences say the same."]

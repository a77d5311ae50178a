"""An answer in another shape than was asked for is read where its meaning is certain, and asked for again where not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from asid.pipeline.asking.answers import AuditAnswer, EventErrors, Events, Grade, GroupAnswer, Refinement, Verification
from asid.pipeline.asking.exchange import read
from asid.pipeline.asking.shapes import fitted
from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.rows import AttributeCaptions
from tests.kits.modelkit import Caption

PARTS = dict.fromkeys(AttributeCaptions.model_fields, "")
WRONG = {"snippet": "a red hat", "why": "it is blue", "point": 2}
DONE = {"fixed_errors": ["a"], "filled_missing": [], "dropped_forbidden": [], "timestamp_adjustments": []}
AUDIT = {"errors": [WRONG], "missing": [], "expressiveness": ["dull"]}


@pytest.mark.parametrize(
    ("form", "given", "meant"),
    [
        (Caption, {"Caption": "a"}, {"caption": "a"}),
        (Caption, {"answer": {"caption": "a"}}, {"caption": "a"}),
        (Caption, {"Result": {"CAPTION": "a"}}, {"caption": "a"}),
        (Caption, {"caption": ["a"]}, {"caption": "a"}),
        (Verification, {"Non-Speech Deficiency Specific": "x", "speechDeficiencySpecific": "", "caption": "a"},
         {"non_speech_deficiency_specific": "x", "speech_deficiency_specific": "", "caption": "a"}),
        (AttributeCaptions, PARTS | {"objects": ["A car.", 'A sign reads "Go."'], "scene": []},
         PARTS | {"objects": 'A car. A sign reads "Go."'}),
        (AuditAnswer, AUDIT | {"errors": WRONG, "expressiveness": "dull"}, AUDIT),
        (AuditAnswer, {"Errors": [WRONG | {"point": "2"}], "Missing": [], "Expressiveness": ["dull"]}, AUDIT),
        (AuditAnswer, AUDIT | {"errors": [{"Snippet": "a red hat", "Why": "it is blue", "Point": 2.0}]}, AUDIT),
        (AuditAnswer, AUDIT | {"errors": [WRONG | {"point": None}]}, AUDIT | {"errors": [WRONG | {"point": 0}]}),
        (GroupAnswer, {"audits": AUDIT | {"attribute": "speech"}}, {"audits": [AUDIT | {"attribute": "speech"}]}),
        (Refinement, {"improvedCaption": "a", "enhanceSummary": DONE | {"fixed_errors": "a", "filled_missing": ""}},
         {"improved_caption": "a", "enhance_summary": DONE}),
        (Events, {"events": "A dog barks."}, {"events": ["A dog barks."]}),
        (EventErrors, {"missing": ["1", "3"], "incorrect": [2.0], "hallucinated": "A cat."},
         {"missing": [1, 3], "incorrect": [2], "hallucinated": ["A cat."]}),
    ],
)  # fmt: skip
def test_what_is_certain_is_read(form: type[BaseModel], given: Any, meant: Any) -> None:
    value, mends = read(json.dumps(given), form)
    assert value == form.model_validate(meant) and mends


@pytest.mark.parametrize(
    ("form", "given"),
    [
        (Caption, {"caption": ["a", "b"]}),  # one text, or two to choose from?
        (Caption, {"caption": {"text": "a"}}),
        (Caption, {"caption": 3}),
        (Caption, {"caption": None}),
        (Caption, {"Caption": "a", "CAPTION": "b"}),
        (Caption, {"first": {"caption": "a"}, "second": {"caption": "b"}}),
        (Caption, {"text": "a"}),
        (Verification, {"non_speech": "", "speech": "", "caption": "a"}),
        (AuditAnswer, AUDIT | {"errors": None}),  # unreadable is not "none"
        (AuditAnswer, AUDIT | {"errors": ["a red hat"]}),
        (AuditAnswer, AUDIT | {"errors": "none"}),
        (AuditAnswer, AUDIT | {"expressiveness": "None."}),
        (AuditAnswer, AUDIT | {"errors": [WRONG | {"point": "VERIFY 2"}]}),
        (AuditAnswer, AUDIT | {"errors": [WRONG | {"point": 1.5}]}),
        (AuditAnswer, AUDIT | {"errors": [WRONG | {"snippet": None}]}),
        (AuditAnswer, {"errors": [], "missing": []}),
        (Grade, {"grade": "high", "why": "x"}),
    ],
)
def test_what_is_not_certain_is_asked_for_again(form: type[BaseModel], given: Any) -> None:
    with pytest.raises(InvalidAnswer):
        read(json.dumps(given), form)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(
        [*AuditAnswer.model_fields, "snippet", "why", "point", "Errors"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_any_value_is_taken_and_what_fits_comes_back_as_it_is(value: Any) -> None:
    for form in (AuditAnswer, AttributeCaptions, GroupAnswer):
        once = fitted(value, form)[0]
        assert fitted(once, form)[0] == once
    assert fitted(AUDIT, AuditAnswer) == (AUDIT, ())
    assert fitted(PARTS, AttributeCaptions) == (PARTS, ())

"""Judges as the command line names them."""

from __future__ import annotations

import pytest

from asid.pipeline.evaluation.judges import JudgeError, model_of, models_of

A, B = "openai:a@http://one/v1", "openai:b@http://two/v1"
STEPS = ("answer", "grade")


def test_one_model_judges_every_step() -> None:
    models, chosen = models_of([A], STEPS)
    assert chosen == {"answer": "judge", "grade": "judge"} and list(models) == ["judge"]
    assert models["judge"] == model_of(A) and models["judge"]["model"] == "a"


@pytest.mark.parametrize("given", [[A, f"grade={B}"], [f"grade={B}", A]])
def test_a_step_may_have_its_own_and_the_rest_the_common_one(given: list[str]) -> None:
    models, chosen = models_of(given, STEPS)
    assert chosen == {"answer": "judge", "grade": "judge-grade"} and list(chosen) == list(STEPS)
    assert models["judge-grade"]["model"] == "b"


def test_each_step_needs_a_judge() -> None:
    assert models_of([f"answer={A}", f"grade={B}"], STEPS)[1] == {"answer": "judge-answer", "grade": "judge-grade"}
    with pytest.raises(JudgeError, match="answer would have none"):
        models_of([f"grade={B}"], STEPS)
    with pytest.raises(JudgeError, match="answer, grade would have none"):
        models_of([], STEPS)
    assert models_of([], ()) == ({}, {})


@pytest.mark.parametrize(("given", "what"), [([A, B], "all steps"), ([f"grade={A}", f"grade={B}"], "grade")])
def test_two_models_for_one_thing_are_refused(given: list[str], what: str) -> None:
    with pytest.raises(JudgeError, match=f"two models for {what}: name one"):
        models_of(given, STEPS)


@pytest.mark.parametrize("wrong", ["", "openai", "nobody:x"])
def test_what_names_no_model_is_refused_by_the_option(wrong: str) -> None:
    with pytest.raises(JudgeError, match="--judge"):
        model_of(wrong)

"""Open questions: what the one who answers and the one who grades are shown."""

from __future__ import annotations

from asid.pipeline.evaluation.benchmarks.questions import ANSWER, GRADED, graded_values
from tests.kits.casekit import case


def test_whoever_answers_sees_the_caption_and_not_the_truth() -> None:
    values = ANSWER.values(case("a", "A red cat.", question="What colour?", reference="green"))
    assert values is not None and tuple(values) == ANSWER.places
    assert "A red cat." in values["caption"] and "What colour?" in values["question"]
    assert "green" not in "".join(values.values()) and not ANSWER.sees


def test_whoever_grades_sees_the_truth_and_the_answer_and_not_the_caption() -> None:
    values = graded_values(case("a", "A red cat.", {"answer": "red it is"}, question="What colour?", reference="green"))
    assert tuple(values) == GRADED
    assert "green" in values["reference"] and "red it is" in values["answer"]
    assert "A red cat." not in "".join(values.values())

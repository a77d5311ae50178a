"""Open questions on a caption: one call answers from the caption, another grades the answer (VDC, VidCapBench-AE)."""

from __future__ import annotations

from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.prompts import fence


def _values(case: Case) -> Values:
    return {"caption": fence("caption", case.caption), "question": fence("question", case.question)}


def graded_values(case: Case) -> Values:
    """What the grader is shown: question, truth, and the answer that the step before gave."""
    return {
        "question": fence("question", case.question),
        "reference": fence("right answer", case.reference),
        "answer": fence("answer", case.reply("answer")),
    }


ANSWER = Contract("eval/answer", ("caption", "question"), _values)
GRADED = ("question", "reference", "answer")

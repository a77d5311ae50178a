"""Principles of a grade, written by the model that will grade by them (AVC-DPO, section 2.3).

They are wording: a file of a folder of prompts, which a person may read before anything is graded, and which the run
that uses it stores by its hash.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from asid.pipeline.asking.exchange import ask
from asid.pipeline.asking.stage import unusable
from asid.pipeline.models.base import Model, Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Record

PART = "shared/principles_"  # how the parts of prompts are called that hold principles
LONGEST = 600  # characters of one of them
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, pattern=r"^[^\n{}<>]+$")]


class Principle(Record):
    """Something that a description must get right."""

    name: Line
    demand: Line


class Principles(Record):
    """What a grade is given by, the most important first."""

    principles: list[Principle] = Field(min_length=3, max_length=8)


async def written(model: Model, name: str, question: str, prompts: Prompts) -> str:
    """The principles that a model writes for a question, one to a line. Raises ModelError."""
    text = prompts.render("principles", question=question.strip())
    request = Request(task="principles", prompt=text, model=name, answer_schema=Principles.model_json_schema())
    answer = await ask(model, request, Principles, check=lambda found: unusable(found, LONGEST * 8))
    found: Principles = answer.value
    return "".join(f"- {one.name}: {one.demand}\n" for one in found.principles)

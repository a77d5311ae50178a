"""The form that a prompt gives of its answer: what it says of each place, and whether an answer only copies that."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from asid.pipeline.asking.answers import EnhanceSummary, Refinement
from asid.pipeline.captions.text import squash, words
from asid.pipeline.models.jsons import strings

LEAST = 4  # words from which a copy is no chance
FENCED = re.compile(r"<evidence kind=.*?</evidence>", re.DOTALL)
PLACE = re.compile(r'"([^"]{1,300})"')


def places(prompt: str) -> frozenset[str]:
    """What stands in quotation marks in a prompt, spelt alike, outside of what is given to read."""
    said = (" ".join(match[1].split()) for match in PLACE.finditer(FENCED.sub("", prompt)))
    return frozenset(squash(text) for text in said if words(text) >= LEAST)


def cleared(value: Any, known: frozenset[str]) -> Any:
    """An answer whose summary of its own work has no copy of a place: one that was not filled in tells of nothing."""
    if not isinstance(value, Refinement) or not known:
        return value
    told = {name: [line for line in lines if squash(line) not in known] for name, lines in value.enhance_summary}
    return value.model_copy(update={"enhance_summary": EnhanceSummary(**told)})


def copied(value: Any, known: frozenset[str]) -> str:
    """A text of an answer that is one of the places of its form, "" when there is none."""
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    return next((text[:100] for text in strings(plain) if squash(text) in known), "") if known else ""

"""An answer that copies what the form says of its places is none."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from asid.pipeline.asking.answers import Refinement
from asid.pipeline.asking.exchange import ask
from asid.pipeline.asking.forms import copied, places
from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.prompts import Prompts, fence
from tests.kits.modelkit import Caption, Listed, request

FORM = 'Its form:\n{"caption": "the whole mended\n  caption", "why": "what is true instead"}'


def answered(*answers: str, prompt: str = FORM) -> Any:
    return asyncio.run(ask(Listed(*answers), request(prompt), Caption, reasks=1)).value.caption


@pytest.mark.parametrize("copy", ["the whole mended caption", "The whole mended caption."])
def test_a_copy_of_the_form_is_asked_for_again(copy: str) -> None:
    assert answered(f'{{"caption": "{copy}"}}', '{"caption": "A dog barks."}') == "A dog barks."
    with pytest.raises(InvalidAnswer, match="says what belongs there"):
        answered(f'{{"caption": "{copy}"}}')


def test_what_the_clip_says_may_be_copied_and_so_may_few_words() -> None:
    given = fence("transcript", 'He says, "the whole mended caption".')
    prompt = f'{given} Write "at the side".'
    assert answered('{"caption": "the whole mended caption"}', prompt=prompt) == "the whole mended caption"
    assert answered('{"caption": "at the side"}', prompt=prompt) == "at the side"


@pytest.mark.parametrize(
    ("prompt", "copy"),
    [
        ("verify", "the whole completed caption"), ("refine/all", "the whole mended caption"),
        ("audit", "the faulty words of the caption"), ("audit", "what contradicts them, and what is true instead"),
        ("audit", "what has to be added, with its second"),
    ],
)  # fmt: skip
def test_the_forms_of_shipped_prompts_are_known(prompt: str, copy: str) -> None:
    known = places(Prompts().text(prompt))
    assert copied({"errors": [{"why": copy}]}, known) == copy
    assert copied({"caption": "At 0s, a man sits down."}, known) == ""


def test_a_summary_that_was_not_filled_in_tells_of_nothing() -> None:
    prompt = Prompts().text("refine/all")
    place = "what was moved to another block because its time demanded it"
    summary = {"fixed_errors": [], "filled_missing": [], "dropped_forbidden": [place],
               "timestamp_adjustments": [place, "the dog is at 3s now"]}  # fmt: skip
    model = Listed(json.dumps({"improved_caption": "A dog barks.", "enhance_summary": summary}))
    found = asyncio.run(ask(model, request(prompt), Refinement)).value
    assert found.improved_caption == "A dog barks." and len(model.asked) == 1
    assert found.enhance_summary.timestamp_adjustments == ["the dog is at 3s now"]

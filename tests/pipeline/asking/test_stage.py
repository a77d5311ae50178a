"""What no stage may keep, and how calls that belong together end."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.asking.answers import Completeness, EmbeddedCaption, Refinement, Verification
from asid.pipeline.asking.stage import together, unusable
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.rows import AttributeCaptions, Fact
from asid.pipeline.stage import Unprocessable


@given(st.text(min_size=1).filter(str.strip))
def test_what_is_usable_survives_utf8_and_json(text: str) -> None:
    if unusable(text, 1000) is None:
        assert json.loads(json.dumps(text)) == text.encode().decode()
        assert "\x00" not in text


@pytest.mark.parametrize(
    "text", ["Ünïcode: 日本語, עברית, 👩\u200d👧, “quotes”", "tabs\tand\r\nlines", "a\u00a0b\u200db\u0085c"]
)
def test_the_worlds_writing_is_usable(text: str) -> None:
    assert unusable(text, 1000) is None


def test_broken_text_is_found_however_deep() -> None:
    lists = ("fixed_errors", "filled_missing", "dropped_forbidden", "timestamp_adjustments")
    summary = {name: ["a"] for name in lists} | {"filled_missing": ["b", "c\x00"]}
    answer = Refinement.model_validate({"improved_caption": "fine", "enhance_summary": summary})
    assert "U+0000" in (unusable(answer, 1000) or "")


def test_a_detectors_facts_do_not_count_as_length() -> None:
    fact = Fact(start=0, end=1, attribute="objects", text="a cup is in view", score=1, model="ssd")
    assert unusable(EmbeddedCaption(caption="A cup.", facts=[fact] * 1000), 100) is None
    assert "characters" in (unusable(EmbeddedCaption(caption="A cup." * 100, facts=[]), 100) or "")


def test_calls_that_belong_together_all_finish_before_one_failure_is_raised() -> None:
    finished = []

    async def call(number: int, error: Exception | None = None) -> int:
        await asyncio.sleep(0.001 * number)
        if error:
            raise error
        finished.append(number)
        return number

    assert asyncio.run(together([call(2), call(0), call(1)])) == [2, 0, 1]
    finished.clear()
    with pytest.raises(Unprocessable, match="first"):
        asyncio.run(together([call(0, Unprocessable("first")), call(1), call(2, Unprocessable("second"))]))
    assert finished == [1]
    with pytest.raises(Misconfigured):
        asyncio.run(together([call(0, Unprocessable("row")), call(1, Misconfigured("run"))]))


@pytest.mark.parametrize("kind", [Verification, Refinement, Completeness, AttributeCaptions, EmbeddedCaption])
def test_every_key_of_an_answer_is_required_and_no_other_allowed(kind: type) -> None:
    def objects(schema: dict) -> list[dict]:
        return [schema, *schema.get("$defs", {}).values()]

    for schema in objects(kind.model_json_schema()):
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])

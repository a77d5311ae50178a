from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.asking.exchange import Answer, ask, cut_short, parse, read
from asid.pipeline.models.base import InvalidAnswer, Refused, Truncated
from asid.pipeline.rows import Problem
from tests.kits.modelkit import Caption, Listed, replaying, request, response, stored


def answer(model: Listed, **options: object) -> Answer:
    return asyncio.run(ask(model, request(), Caption, **options))  # type: ignore[arg-type]


def test_a_clean_answer_needs_no_mend() -> None:
    given = answer(Listed('{"caption": "a dog"}'))
    assert (given.value.caption, given.mends, given.attempts) == ("a dog", (), 1)


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"caption": "a dog"}\n```',
        'Here you are:\n{"caption": "a dog"}\nAnything else?',
        '{"caption": "a dog",}',
        "{'caption': 'a dog'}",
        '{caption: "a dog"}',
        '{"caption": "a dog" // seen at 3 s\n}',
    ],
)
def test_a_cheap_mend_is_made_and_recorded(text: str) -> None:
    given = answer(Listed(text))
    assert given.value.caption == "a dog"
    assert len(given.mends) == 1
    assert given.attempts == 1


@pytest.mark.parametrize(
    "text", ['{"caption": "a dog cro', '{"caption": "a dog", "errors": [{"why": "x"}', "no", "", "[]"]
)
def test_what_is_cut_short_or_of_another_form_is_asked_for_again(text: str) -> None:
    model = Listed(text, '{"caption": "a dog crosses"}')
    given = answer(model)
    assert (given.value.caption, given.attempts) == ("a dog crosses", 2)
    assert text in model.asked[1].prompt
    assert model.asked[1].prompt.startswith(model.asked[0].prompt)


def test_a_re_ask_says_what_was_wrong() -> None:
    model = Listed('{"caption": 3, "more": 1}', '{"caption": "a dog"}')
    answer(model)
    assert "caption: Input should be a valid string" in model.asked[1].prompt
    assert "more: Extra inputs are not permitted" in model.asked[1].prompt


def test_a_check_decides_over_the_right_form_too() -> None:
    model = Listed('{"caption": "short"}', '{"caption": "long enough"}')
    given = answer(model, check=lambda value: "it is too short" if len(value.caption) < 8 else None)
    assert given.value.caption == "long enough"
    assert "it is too short" in model.asked[1].prompt


@pytest.mark.parametrize(
    "answers", [["no"], ["no", '{"caption": 3}'], ["no", '{"caption": 3}', '{"caption": ""}']], ids=len
)
def test_no_question_is_paid_for_twice(answers: list[str]) -> None:
    """A model that gives the same answers by turns is told so: a question of the same words would buy them again."""
    model = Listed(*answers * 4)
    with pytest.raises(InvalidAnswer):
        answer(model, reasks=8, check=lambda value: None if value.caption else "it is empty")
    prompts = [one.prompt for one in model.asked]
    assert len(prompts) == len(set(prompts)) == 9
    assert f"given it {8 // len(answers)} times" in "".join(prompts)


def test_an_answer_that_rules_object_to_twice_is_not_asked_for_in_the_same_words() -> None:
    model = Listed('{"caption": "a dog"}')
    wrong = Problem(kind="line_missing", snippet="", why="a line is missing")
    given = answer(model, reasks=3, problems=lambda _: [wrong])
    assert (given.left, given.attempts) == ((wrong,), 4)
    assert len({one.prompt for one in model.asked}) == 4 and all(
        "a line is missing" in one.prompt for one in model.asked[1:]
    )


def test_re_asks_end_and_keep_the_raw_answer() -> None:
    model = Listed('{"capt": 1}')
    with pytest.raises(InvalidAnswer) as caught:
        answer(model, reasks=2)
    assert caught.value.raw == '{"capt": 1}'
    assert caught.value.attempts == len(model.asked) == 3


@pytest.mark.parametrize(("finish", "error"), [("length", Truncated), ("refusal", Refused)])
def test_refusal_and_truncation_are_their_own_outcomes(finish: str, error: type[Exception]) -> None:
    model = Listed(response('{"caption": "a dog"}', finish=finish))
    with pytest.raises(error) as caught:
        answer(model)
    assert caught.value.raw == '{"caption": "a dog"}'  # type: ignore[attr-defined]
    assert len(model.asked) == 1


def test_language_models_are_asked_without_facts_and_embedded_ones_with_them() -> None:
    for reads in (False, True):
        model = Listed("a dog", reads_facts=reads)
        asyncio.run(ask(model, request(facts={"clip": {"id": "c"}}), None))
        assert bool(model.asked[0].facts) is reads


def test_plain_text_is_stripped_and_must_not_be_empty() -> None:
    assert read("  At 0s, a dog. \n", None)[0] == "At 0s, a dog."
    with pytest.raises(InvalidAnswer):
        read(" \n", None)


def test_only_the_accepted_answer_is_kept_and_it_answers_the_first_question(tmp_path: Path) -> None:
    first = Listed("nonsense", '{"caption": "a dog"}')
    stored(tmp_path, lambda: ask(replaying(first), request(), Caption))
    second = Listed('{"caption": "never asked"}')
    given = stored(tmp_path, lambda: ask(replaying(second), request(), Caption))
    assert (given.value.caption, given.response.replayed, second.asked) == ("a dog", True, [])


@pytest.mark.parametrize("bad", [response("{}", finish="length"), response("", finish="refusal"), response("[]")])
def test_refused_truncated_and_invalid_answers_are_not_kept(tmp_path: Path, bad: object) -> None:
    for _ in range(2):
        model = Listed(bad)
        with pytest.raises((Truncated, Refused, InvalidAnswer)):
            stored(tmp_path, lambda model=model: ask(replaying(model), request(), Caption, reasks=0))
        assert len(model.asked) == 1


def test_a_cancelled_caller_does_not_take_a_paid_answer_with_it(tmp_path: Path) -> None:
    started = Listed('{"caption": "a dog"}')

    class Slow(Listed):
        async def generate(self, asked):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.05)
            return await super().generate(asked)

    async def scene() -> None:
        row = asyncio.create_task(ask(replaying(Slow('{"caption": "a dog"}')), request(), Caption))
        await asyncio.sleep(0.01)
        row.cancel()
        await asyncio.gather(row, return_exceptions=True)

    stored(tmp_path, scene)
    stored(tmp_path, lambda: ask(replaying(started), request(), Caption))
    assert started.asked == []


# --- parsing -----------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=4), st.booleans())
def test_json_comes_back_as_it_is_and_from_fences(value: dict[str, object], fenced: bool) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parse(f"```json\n{text}\n```" if fenced else text)[0] == value


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=4), st.data())
def test_no_cut_off_object_passes_as_whole(value: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=False)
    end = data.draw(st.integers(1, len(text) - 1))
    assert cut_short(text[:end])
    with pytest.raises(InvalidAnswer):
        parse(text[:end])


def test_numbers_that_json_does_not_have_are_not_let_through() -> None:
    with pytest.raises(InvalidAnswer):
        read('{"caption": NaN}', Caption)

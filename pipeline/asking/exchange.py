"""Asking a model until its answer fits: parse, mend once, else ask again with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError

from asid.pipeline.models.base import InvalidAnswer, Model, Refused, Request, Response, Truncated, Unfinished
from asid.pipeline.models.jsons import cut_short, mend, parse, unfit, unwrap
from asid.pipeline.models.layers.replay import Replaying, current_store, nap
from asid.pipeline.models.replies import whole_text, without_reasoning
from asid.pipeline.prompts import Prompts, fence

__all__ = ["Answer", "ask", "cut_short", "mend", "parse", "read", "unwrap"]

PROMPTS = Prompts()
AGAIN = 2  # times an answer is asked for again that ended for an unknown reason
PAUSE = 1.0  # s before it is, growing
MOST_SAID = 20  # faults of one answer that are told
LONGEST_SAID = 4000  # characters
SHOWN_AGAIN = 40_000  # characters of a rejected answer that its model is shown


@dataclass(frozen=True)
class Answer:
    """`value` is of the schema's type, or stripped text. `mends` say how the text was repaired before it parsed."""

    value: Any
    response: Response
    mends: tuple[str, ...]
    attempts: int  # questions, re-asks included


async def ask(
    model: Model,
    request: Request,
    answer: type[BaseModel] | None,
    *,
    reasks: int = 2,
    check: Callable[[Any], str | None] | None = None,
) -> Answer:
    """Raises Refused, Truncated, Unfinished or InvalidAnswer (with the raw text), or what the model's layers raise.
    `check` says what is wrong with a value that has the right form, or None. Only an answer that passes is kept for
    replay, under the first question, whatever it took to get it. A caller that is cancelled does not take the answer
    with it."""
    work = _ask(model, request, answer, reasks, check)
    store = current_store.get()
    return await (store.outlive(work) if store else work)


async def _ask(
    model: Model,
    request: Request,
    answer: type[BaseModel] | None,
    reasks: int,
    check: Callable[[Any], str | None] | None,
) -> Answer:
    update: dict[str, Any] = {} if model.reads_facts else {"facts": {}}
    if answer is not None and request.answer_schema is None:
        update["answer_schema"] = answer.model_json_schema()
    first = asked = request.model_copy(update=update)
    attempt = unknown = 0
    while True:
        attempt += 1
        response = spoken(await model.generate(asked))
        raw = response.text
        if response.finish == "unknown":
            await _reject(model, asked, response, "unfinished")
            unknown += 1
            if unknown > AGAIN:
                raise Unfinished(f"the answer ended with {response.ended!r}, and may be half", raw, attempt)
            await nap(unknown * PAUSE)
            continue
        if response.finish == "refusal":
            await _reject(model, asked, response, "refusal")
            raise Refused("the model refused to answer", raw, attempt)
        if response.finish == "length":
            await _reject(model, asked, response, "truncated")
            raise Truncated("the answer was cut off at its length limit", raw, attempt)
        try:
            value, mends = read(response.text, answer)
            if check and (fault := check(value)):
                raise InvalidAnswer(fault)
        except InvalidAnswer as error:
            wrong = whole_text(str(error))
        else:
            if isinstance(model, Replaying):
                await model.keep(first, response)
            return Answer(value, response, mends, attempt)
        await _reject(model, asked, response, "invalid_answer")
        if attempt - unknown > reasks:
            raise InvalidAnswer(wrong, raw, attempt)
        again = PROMPTS.render("reask", problem=wrong, answer=fence("rejected answer", whole_text(raw[:SHOWN_AGAIN])))
        asked = first.model_copy(update={"prompt": f"{first.prompt}\n\n{again}"})


def spoken(response: Response) -> Response:
    """An answer without the reasoning that its server left in it. Reasoning that does not end is a truncated answer."""
    text = without_reasoning(response.text)
    if text is None:
        return response.model_copy(update={"finish": "length" if response.finish == "stop" else response.finish})
    return response.model_copy(update={"text": text}) if text != response.text else response


async def _reject(model: Model, request: Request, response: Response, why: str) -> None:
    if isinstance(model, Replaying):
        await model.reject(request, response, why)


def read(text: str, answer: type[BaseModel] | None) -> tuple[Any, tuple[str, ...]]:
    """The value in a raw answer and how it was mended. Raises InvalidAnswer with what is wrong, fit for a re-ask."""
    if answer is None:
        if not text.strip():
            raise InvalidAnswer("the answer is empty")
        if fault := unfit(text):
            raise InvalidAnswer(fault)
        return text.strip(), ()
    value, mends = parse(text)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and not issubclass(answer, RootModel):
        value, mends = value[0], (*mends, "took the one object out of a list")
    try:
        found = answer.model_validate(value)
        plain = found.model_dump()
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, detail['loc'])) or 'answer'}: {detail['msg']}" for detail in error.errors()]
        raise InvalidAnswer("; ".join(lines[:MOST_SAID])[:LONGEST_SAID]) from None
    except RecursionError:
        raise InvalidAnswer("the answer is nested too deep") from None
    if fault := unfit(plain):
        raise InvalidAnswer(fault)
    return found, mends

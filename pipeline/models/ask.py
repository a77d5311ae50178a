"""Asking a model until its answer fits: parse, mend once, else ask again with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import json_repair
from pydantic import BaseModel, ValidationError

from asid.pipeline.models.base import InvalidAnswer, Model, Refused, Request, Response, Truncated
from asid.pipeline.models.replay import Replaying, current_store
from asid.pipeline.prompts import Prompts, fence

PROMPTS = Prompts()


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
    """Raises Refused, Truncated, InvalidAnswer (with the raw text), or what the model's layers raise. `check` says what
    is wrong with a value that has the right form, or None. Only an answer that passes is kept for replay, under the
    first question, whatever it took to get it. A caller that is cancelled does not take the answer with it."""
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
    for attempt in range(1, reasks + 2):
        response = await model.generate(asked)
        if response.finish == "refusal":
            await _reject(model, asked, response, "refusal")
            raise Refused("the model refused to answer", response.text, attempt)
        if response.finish == "length":
            await _reject(model, asked, response, "truncated")
            raise Truncated("the answer was cut off at its length limit", response.text, attempt)
        try:
            value, mends = read(response.text, answer)
            if check and (fault := check(value)):
                raise InvalidAnswer(fault)
        except InvalidAnswer as error:
            wrong = str(error)
        else:
            if isinstance(model, Replaying):
                await model.keep(first, response)
            return Answer(value, response, mends, attempt)
        await _reject(model, asked, response, "invalid_answer")
        again = PROMPTS.render("reask", problem=wrong, answer=fence("rejected answer", response.text))
        asked = first.model_copy(update={"prompt": f"{first.prompt}\n\n{again}"})
    raise InvalidAnswer(wrong, response.text, reasks + 1)


async def _reject(model: Model, request: Request, response: Response, why: str) -> None:
    if isinstance(model, Replaying):
        await model.reject(request, response, why)


def read(text: str, answer: type[BaseModel] | None) -> tuple[Any, tuple[str, ...]]:
    """The value in a raw answer and how it was mended. Raises InvalidAnswer with what is wrong, fit for a re-ask."""
    if answer is None:
        if not text.strip():
            raise InvalidAnswer("the answer is empty")
        return text.strip(), ()
    value, mends = parse(text)
    try:
        return answer.model_validate(value), mends
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, detail['loc'])) or 'answer'}: {detail['msg']}" for detail in error.errors()]
        raise InvalidAnswer("; ".join(lines)) from error


def parse(text: str) -> tuple[Any, tuple[str, ...]]:
    """JSON in a text, mended if one cheap mend will do. What was cut short is not mended: it would pass as whole."""
    try:
        return _strict(text), ()
    except ValueError as error:
        problem = f"not JSON: {error}"
    inner = unwrap(text)
    if inner != text:
        try:
            return _strict(inner), ("took the JSON out of the text around it",)
        except ValueError as error:
            problem = f"not JSON: {error}"
    if cut_short(inner):
        raise InvalidAnswer(f"{problem}; it breaks off before its end")
    value = mend(inner)
    if value is None:
        raise InvalidAnswer(problem)
    return value, (f"mended JSON ({problem})",)


def mend(text: str) -> Any:
    """What json-repair makes of a broken JSON text; None when it finds nothing in it."""
    value = json_repair.loads(text)
    return None if value == "" else value


def unwrap(text: str) -> str:
    """The outermost braces of a text and what is between them; without braces the text itself."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return text
    return text[start : end + 1] if end > start else text[start:]


def cut_short(text: str) -> bool:
    """Whether more is opened than closed, in quotes or brackets."""
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
    return quoted or depth > 0


def _strict(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

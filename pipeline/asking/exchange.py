"""Asking a model until its answer fits: parse, mend once, else ask again with what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError

from asid.pipeline.asking import forms
from asid.pipeline.asking.shapes import fitted
from asid.pipeline.asking.wrapping import untagged_values, unwrapped
from asid.pipeline.models.base import InvalidAnswer, Model, Refused, Request, Response, Truncated, Unfinished
from asid.pipeline.models.jsons import cut_short, mend, parse, unfit, unwrap
from asid.pipeline.models.layers.replay import Replaying, current_store, nap
from asid.pipeline.models.replies import whole_text, without_reasoning
from asid.pipeline.prompts import Prompts, fence
from asid.pipeline.rows import Problem

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
    left: tuple[Problem, ...] = ()  # what rules still object to after the last try


class Breach(InvalidAnswer):
    """Rules object to the last answer too, in a way that makes it useless. Its kind is the problem's."""

    def __init__(self, problem: Problem, raw: str, attempts: int):
        super().__init__(_told(problem), raw, attempts)
        self.kind = problem.kind


@dataclass(frozen=True)
class _Try:
    """An answer that rules object to, kept until there is a better one."""

    answer: Answer
    asked: Request

    def rank(self, fatal: Collection[str]) -> tuple[int, int]:
        return sum(problem.kind in fatal for problem in self.answer.left), len(self.answer.left)


class _Again:
    """The questions after the first. Each has another text than all before it, since the same question costs as much as
    a new one and is, more often than not, answered with the same words."""

    def __init__(self, first: Request):
        self.first = first
        self.given: Counter[tuple[str, str]] = Counter()

    def request(self, wrong: str, raw: str) -> Request:
        """Ask again, with what is wrong with the last answer and, where it came before, how often it has come."""
        shown = raw[:SHOWN_AGAIN]
        self.given[wrong, shown] += 1
        values = {"problem": wrong, "answer": fence("rejected answer", whole_text(shown))}
        times = self.given[wrong, shown]
        again = (
            PROMPTS.render("reask_same", times=str(times), **values) if times > 1 else PROMPTS.render("reask", **values)
        )
        return self.first.model_copy(update={"prompt": f"{self.first.prompt}\n\n{again}"})


async def ask(
    model: Model,
    request: Request,
    answer: type[BaseModel] | None,
    *,
    reasks: int = 2,
    check: Callable[[Any], str | None] | None = None,
    problems: Callable[[Any], Sequence[Problem]] | None = None,
    fatal: Collection[str] = (),
) -> Answer:
    """Raises Refused, Truncated, Unfinished or InvalidAnswer (with the raw text), or what the model's layers raise.
    `check` says what is wrong with a value that has the right form, or None. `problems` says what rules object to: then
    it is asked again, and of all tries the one with the fewest is taken; Breach is raised where that has one of a
    `fatal` kind. Only an answer that passes or is taken is kept for replay, under the first question, whatever it took
    to get it. A caller that is cancelled does not take the answer with it."""
    update: dict[str, Any] = {} if model.reads_facts else {"facts": {}}
    if answer is not None and request.answer_schema is None:
        update["answer_schema"] = answer.model_json_schema()
    first = request.model_copy(update=update)
    work = _in_turn(model, first, _ask(model, first, answer, reasks, check, problems or (lambda _: ()), fatal))
    store = current_store.get()
    return await (store.outlive(work) if store else work)


async def _in_turn(model: Model, first: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Ask, but not while another row asks the same: its answer is ours too."""
    try:
        if not isinstance(model, Replaying):
            return await work
        async with model.turn(first):
            return await work
    finally:
        work.close()


async def _ask(
    model: Model,
    first: Request,
    answer: type[BaseModel] | None,
    reasks: int,
    check: Callable[[Any], str | None] | None,
    problems: Callable[[Any], Sequence[Problem]],
    fatal: Collection[str],
) -> Answer:
    asked = first
    places = forms.places(first.prompt) if answer is not None and not model.reads_facts else frozenset[str]()
    again = _Again(first)
    attempt = unknown = 0
    best: _Try | None = None
    while True:
        attempt += 1
        response = spoken(await model.generate(asked))
        raw = response.text
        if best and response.finish in ("refusal", "length"):
            await _reject(model, asked, response, "refusal" if response.finish == "refusal" else "truncated")
            return await _settled(model, first, best, fatal, attempt)
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
            value = forms.cleared(value, places)
            if copied := forms.copied(value, places):
                raise InvalidAnswer(f"{copied!r} says what belongs there, and is no answer")
            if check and (fault := check(value)):
                raise InvalidAnswer(fault)
        except InvalidAnswer as error:
            wrong = whole_text(str(error))
        else:
            found = Answer(value, response, mends, attempt, tuple(problems(value)))
            now = _Try(found, asked)
            final = response.replayed or model.reads_facts  # the same would come again
            if not found.left or (final and not now.rank(fatal)[0]):
                if isinstance(model, Replaying):
                    await model.keep(first, response)
                return found
            wrong = "\n".join(map(_told, found.left[:MOST_SAID]))[:LONGEST_SAID]
            worse = now if best and best.rank(fatal) <= now.rank(fatal) else best
            best = best if worse is now else now
            if worse:
                await _reject(model, worse.asked, worse.answer.response, "invalid_answer")
            if attempt - unknown > reasks or model.reads_facts:
                assert best is not None
                return await _settled(model, first, best, fatal, attempt)
            asked = again.request(wrong, raw)
            continue
        await _reject(model, asked, response, "invalid_answer")
        if attempt - unknown > reasks:
            if best:
                return await _settled(model, first, best, fatal, attempt)
            raise InvalidAnswer(wrong, raw, attempt)
        asked = again.request(wrong, raw)


async def _settled(model: Model, first: Request, best: _Try, fatal: Collection[str], attempts: int) -> Answer:
    """The best of all tries, kept; raises Breach when it is useless all the same."""
    response = best.answer.response
    if useless := [problem for problem in best.answer.left if problem.kind in fatal]:
        await _reject(model, best.asked, response, "invalid_answer")
        raise Breach(useless[0], response.text, attempts)
    if isinstance(model, Replaying):
        await model.keep(first, response)
    return replace(best.answer, attempts=attempts)


def _told(problem: Problem) -> str:
    return f"- {json.dumps(problem.snippet, ensure_ascii=False)}: {problem.why}" if problem.snippet else problem.why


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
        return unwrapped(text)
    value, mends = parse(text)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and not issubclass(answer, RootModel):
        value, mends = value[0], (*mends, "took the one object out of a list")
    try:
        value, tagged = untagged_values(value)
        value, shaped = fitted(value, answer)
        mends = (*mends, *(["took off the tags of the prompt"] if tagged else []), *shaped)
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

"""What the stages that ask a model share: settings, one way to ask, and failures that name themselves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from asid.pipeline.asking import showing
from asid.pipeline.asking.exchange import Answer, ask
from asid.pipeline.models.base import (
    Abandoned,
    Media,
    Misconfigured,
    Model,
    ModelError,
    OutOfBudget,
    Request,
    Response,
)
from asid.pipeline.models.jsons import strings
from asid.pipeline.rows import Answered, Problem, Row
from asid.pipeline.stage import In, Out, Resources, Stage, StageConfig, Unprocessable

Result = TypeVar("Result")

# C0 and C1 controls but tab and line ends, lone surrogates (JSON can smuggle them in; UTF-8 cannot hold them), and the
# two non-characters at the end of the plane: text with these is broken, whatever else it says.
BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

NOBODY = Answered(model="", provider="", prompt="")


class AskingConfig(StageConfig):
    """Settings of a stage that asks a model. Its workers wait more than they compute, so they hold no CPU; an annotator
    that computes is given one in the manifest."""

    resources: Resources = Resources(cpus=0)
    concurrency: int = Field(32, ge=1, description="rows in `process` at once in one worker")
    model: str = Field(min_length=1, description="which of the manifest's `models`")
    prompt: str = Field(min_length=1, description="name of its prompt, a file under prompts/ without .txt")
    settings: dict[str, Any] = Field({}, description="temperature, max_tokens, …: added to the model's own")
    reasks: int = Field(2, ge=0, le=10, description="how often an unacceptable answer is asked for again")
    max_chars: int = Field(20_000, ge=100, description="a longer answer is unacceptable")


AskingSettings = TypeVar("AskingSettings", bound=AskingConfig)


class AskingStage(Stage[In, Out, AskingSettings]):
    """A stage with one model. Its prompts are rendered once with blanks when it opens, so that a prompt that does not
    fit fails the stage at once and not every row."""

    @classmethod
    def prompts(cls, config: AskingSettings) -> list[str]:
        return [config.prompt]

    def places(self) -> dict[str, Sequence[str]]:
        """Prompt -> the names of the values it is rendered with."""
        raise NotImplementedError

    def open(self) -> None:
        for prompt, names in self.places().items():
            self.context.prompts.render(prompt, **dict.fromkeys(names, ""))

    def check_prompts(self) -> None:
        self.open()  # prompts are all that it reads

    @property
    def model(self) -> Model:
        """The stage's model."""
        return self.context.models[self.config.model]

    async def ask(
        self,
        row: Row,
        task: str,
        prompt: str,
        values: dict[str, str],
        facts: dict[str, Any],
        answer: type[BaseModel] | None = None,
        media: Sequence[Media] = (),
        attribute: str = "",
        check: Callable[[Any], str | None] = lambda _: None,
        settings: Mapping[str, Any] | None = None,
        model: str = "",
        problems: Callable[[Any], Sequence[Problem]] = lambda _: (),
        alike: int = 0,
        apart: Collection[str] = (),
    ) -> Answer:
        """One acceptable answer: a string, or an `answer`. `check` gives the reason why one is not acceptable;
        `problems` what rules object to, of which some may be left (`Answer.left`) unless the settings' `fails` has it.
        `settings` are added to the step's own for this question. Another `model` than the step's has its own alone.
        `alike`: how many other requests show the same media and are asked together with this one; `apart`: the values
        in which these differ.

        Raises Unprocessable, with kind, attempts and the last raw answer, for whatever concerns this row alone.
        """
        own = {**({} if model else self.config.settings), **(settings or {})}
        asked = self.context.models[model] if model else self.model
        found = showing.shown(
            asked, own, media, row, values, lambda values: self.context.prompts.render(prompt, **values)
        )
        common = len(self.context.prompts.start(prompt, apart, **found.values)) if alike else 0
        request = Request(
            task=task,
            prompt=found.text,
            media=tuple(media),
            answer_schema=answer.model_json_schema() if answer else None,
            facts=facts,
            settings=found.settings,
            model=model or self.config.model,
            row=row.id,
            attribute=attribute,
            weight=found.weight,
            alike=alike,
            common=common,
        )

        def objection(value: Any) -> str | None:
            return unusable(value, self.config.max_chars) or check(value)

        try:
            return await ask(
                self.context.models[request.model], request, answer, reasks=self.config.reasks, check=objection,
                problems=problems, fatal=getattr(self.config, "fails", ()),
            )  # fmt: skip
        except (Misconfigured, OutOfBudget, Abandoned):
            raise
        except ModelError as error:
            about = f"{attribute}: " if attribute else ""
            raise Unprocessable(f"{about}{error}", error.kind, error.raw, error.attempts) from error

    def by(self, response: Response, prompt: str) -> Answered:
        """Say who wrote an answer, and by which prompt."""
        return Answered(model=response.model, provider=response.provider, prompt=self.context.prompts.hash(prompt))


def unusable(value: Any, max_chars: int) -> str | None:
    """Why an answer cannot be kept, whatever it says; None when it can."""
    if isinstance(value, str) and not value.strip():
        return "the answer is empty"
    said = value.model_dump(exclude={"facts"}) if isinstance(value, BaseModel) else value
    if (length := sum(map(len, strings(said)))) > max_chars:
        return f"the answer has {length} characters, more than the {max_chars} allowed"
    for text in strings(value.model_dump() if isinstance(value, BaseModel) else value):
        if broken := BROKEN.search(text):
            return f"the answer holds the control character U+{ord(broken[0]):04X}"
    return None


async def together(calls: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results, in order. When one call fails the others still finish, because their answers are paid for and will
    be replayed; then its error is raised, and first of all one that concerns more than this row."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, Unprocessable)):
        raise error
    return [result for result in results if not isinstance(result, BaseException)]

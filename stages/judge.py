"""A judge is asked about a case of a benchmark, as one of its contracts says."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from asid.pipeline.asking.stage import NOBODY, AskingConfig, AskingStage
from asid.pipeline.evaluation.registry import contract
from asid.pipeline.evaluation.rows import Case, Reply
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Unprocessable


class JudgeConfig(AskingConfig):
    """Say by which contract the judge is asked."""

    contract: str = Field(pattern=r"^.+\.\w+$", description="NAME.STEP of a benchmark")


class CaseJudge(AskingStage[Case, Case, JudgeConfig]):
    """A case without a caption is asked nothing and passes as it is. A later run of the same case is asked with a seed
    of its own: it is another question, and its answer is paid for."""

    name = "judge"

    @classmethod
    def texts(cls, config: JudgeConfig, prompts: Prompts) -> dict[str, str]:
        return {"contract": str(contract(config.contract).version)}

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: contract(self.config.contract).places}

    def open(self) -> None:
        super().open()
        self.contract = contract(self.config.contract)
        self.step = self.config.contract.rpartition(".")[2]

    async def process(self, case: Case) -> Case:
        values = None if case.gap else self.contract.values(case)
        if values is None:
            return self._said(case, Reply(step=self.step, text="", asked=False, attempts=0, by=NOBODY))
        shown = self.contract.sees and bool(case.clip)
        try:
            answer = await self.ask(
                case,
                self.config.contract,
                self.config.prompt,
                dict(values),
                {},
                self.contract.answer,
                media=(Media(kind="video", uri=case.clip, sha256=case.clip_sha256),) if shown else (),
                check=lambda value: self.contract.check(value, case),
                settings={"seed": case.run} if case.run else {},
            )
        except Unprocessable as error:
            if error.kind not in self.contract.left:
                raise
            return self._said(case, Reply(step=self.step, text="", asked=False, attempts=error.attempts, by=NOBODY))
        text = answer.value.model_dump_json() if isinstance(answer.value, BaseModel) else answer.value
        by = self.by(answer.response, self.config.prompt)
        return self._said(case, Reply(step=self.step, text=text, asked=True, attempts=answer.attempts, by=by))

    def _said(self, case: Case, reply: Reply) -> Case:
        return case.model_copy(update={"replies": (*case.replies, reply)})

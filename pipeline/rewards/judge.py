"""A judge for rewards: a model with this project's limiter, retries and answer store, asked from inside a trainer.

An answer is stored before it is used and found again by the whole request, so a run that is taken up pays nothing
twice. Tries are bounded by the model's `retries` and `deadline`; what is left then is a `RewardUnavailable`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from asid.pipeline.asking.exchange import ask
from asid.pipeline.errors import UserError
from asid.pipeline.models.base import Media, Misconfigured, ModelError, Request
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model, unknown_settings
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.prompts import Prompts
from asid.pipeline.rewards.rollout import RewardUnavailable
from asid.pipeline.storage import Storage, to_uri

Form = TypeVar("Form", bound=BaseModel)

NAME = "judge"


class RewardJudge:
    """A model that verdicts are asked of. `model` is an entry of a manifest's `models`; `answers` is the folder of its
    stored answers, which several processes may share; `prompts` a folder with wordings of your own; `sees_videos` shows
    it the row's video where a question is about who speaks.

    Raises UserError for a model that a manifest would not take either.
    """

    def __init__(
        self,
        model: ModelConfig | Mapping[str, Any],
        answers: str | Path,
        *,
        prompts: str | Path | None = None,
        reasks: int = 2,
        sees_videos: bool = False,
    ):
        try:
            config = model if isinstance(model, ModelConfig) else ModelConfig.model_validate(dict(model))
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, one['loc'])) or 'model'}: {one['msg']}" for one in error.errors()]
            raise UserError("\n".join(["the judge's model is not one:", *lines])) from None
        try:
            unknown = unknown_settings(config)
        except ModuleNotFoundError as error:
            raise UserError(f"a judge of provider {config.provider} needs {error.name}: install it here") from error
        if unknown:
            raise UserError("\n".join(unknown))
        self.config = config
        self.answers = Path(answers)
        self.prompts = Prompts(prompts)
        self.reasks = reasks
        self.sees_videos = sees_videos
        self._opened: tuple[asyncio.AbstractEventLoop, Replaying, AnswerStore] | None = None

    async def ask(
        self,
        prompt: str,
        values: Mapping[str, str],
        form: type[Form],
        check: Callable[[Form], str | None],
        video: str = "",
    ) -> Form:
        """Ask until an answer has the form and passes the check. Raises RewardUnavailable when none comes,
        Misconfigured for a wrong key or model, PromptError for a prompt that does not fit."""
        model, store = self._open()
        media: Sequence[Media] = ()
        if video and self.sees_videos:
            media = [await asyncio.to_thread(_medium, video)]
        request = Request(task=f"reward {prompt}", prompt=self.prompts.render(prompt, **values), media=tuple(media),
                          settings={} if "temperature" in self.config.settings else {"temperature": 0})  # fmt: skip
        current_store.set(store)
        try:
            answer = await ask(model, request, form, reasks=self.reasks, check=check)
        except Misconfigured:
            raise
        except ModelError as error:
            raise RewardUnavailable(f"{error.kind}: {error}", error.kind) from error
        assert isinstance(answer.value, form)
        return answer.value

    def _open(self) -> tuple[Replaying, AnswerStore]:
        """The model and its store, opened once for each event loop that asks."""
        loop = asyncio.get_running_loop()
        if self._opened is None or self._opened[0] is not loop:
            storage = Storage(to_uri(self.answers))
            model = open_model(NAME, self.config, storage, stage="reward")
            self._opened = loop, model, AnswerStore(storage, "run:.", "rewards")
        return self._opened[1], self._opened[2]

    async def close(self) -> None:
        """End what is open; answers under way are still stored."""
        if self._opened is not None:
            _, model, store = self._opened
            self._opened = None
            await store.close()
            await model.close()


@lru_cache(maxsize=4096)
def _medium(path: str) -> Media:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise UserError(f"the judge cannot be shown {path}: {error.strerror or error}") from None
    return Media(kind="video", uri=to_uri(path), sha256=digest.hexdigest())

"""What all embedded models share: they answer from `Request.facts`, one request at a time, the same every time."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from asid.pipeline.models.base import Misconfigured, Request, Response
from asid.pipeline.rows import Fact, Frame, Record, Shot, Signal, Sound, Turn, Utterance
from asid.pipeline.storage import Storage


class EmbeddedSettings(BaseModel):
    """Of one kind; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ClipEvidence(Record):
    """A clip as an annotator gets it: `evidence.clip_facts`."""

    duration: float
    width: int
    height: int
    fps: float
    sound: bool
    shots: tuple[Shot, ...]
    signal: tuple[Signal, ...]
    frames: tuple[Frame, ...]
    language: str
    utterances: tuple[Utterance, ...]
    turns: tuple[Turn, ...] = ()
    sounds: tuple[Sound, ...]


class EmbeddedModel:
    """A model inside this process. Its work has one thread of its own: the models are not made for two callers, and a
    call that is cancelled still ends before the next begins."""

    reads_facts = True
    kind: ClassVar[str]
    settings_type: ClassVar[type[EmbeddedSettings]] = EmbeddedSettings

    def __init__(self, storage: Storage, settings: dict[str, Any]):
        try:
            self.settings = self.settings_type(**settings)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise Misconfigured(f"settings of embedded/{self.kind}: {faults}") from error
        self.storage = storage
        self.model = f"embedded/{self.kind}@{'+'.join(self.open())}"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"embedded-{self.kind}")

    def open(self) -> tuple[str, ...]:
        """Load the models; returns their names. Raises Misconfigured when one is not to be had."""
        raise NotImplementedError

    def answer(self, request: Request) -> str:
        """Give the text of an answer. Raises Misconfigured for a task that it does not do."""
        raise NotImplementedError

    async def generate(self, request: Request) -> Response:
        text = await asyncio.get_running_loop().run_in_executor(self._thread, self.answer, request)
        return Response(text=text, model=self.model, provider="embedded")

    async def close(self) -> None:
        self._thread.shutdown(wait=False)


class Annotator(EmbeddedModel):
    """A set of detectors. It captions with what they find."""

    def find(self, clip: ClipEvidence) -> list[Fact]:
        """What is there, in any order."""
        raise NotImplementedError

    def answer(self, request: Request) -> str:
        """Give the caption that the facts make, with them. Raises Misconfigured for another task."""
        from asid.pipeline.embedded.story import tell

        if request.task != "caption":
            raise Misconfigured(f"embedded/{self.kind} captions clips; for {request.task} there is embedded/compose")
        clip = ClipEvidence.model_validate(request.facts["clip"])
        facts = sorted(self.find(clip), key=lambda fact: (fact.start, fact.end))
        return dump({"caption": tell(facts, clip.duration), "facts": [fact.model_dump() for fact in facts]})


def dump(value: dict[str, Any]) -> str:
    """Write an answer as JSON."""
    return json.dumps(value, ensure_ascii=False)

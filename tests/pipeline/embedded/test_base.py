"""What all embedded models share: they answer from facts, one at a time, the same every time."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from pydantic import Field, ValidationError

from asid.pipeline.embedded.base import Annotator, ClipEvidence, EmbeddedModel, EmbeddedSettings, dump
from asid.pipeline.models.base import Misconfigured, Request
from asid.pipeline.rows import Fact
from asid.pipeline.storage import Storage
from tests.kits.embedded_kit import clip, fact


class ToySettings(EmbeddedSettings):
    most: int = Field(3, ge=1)


class ToyAnnotator(Annotator):
    """Finds a fact for each second, the last first."""

    kind = "toy"
    settings_type = ToySettings
    settings: ToySettings

    def open(self) -> tuple[str, ...]:
        return "toy/eye", "toy/ear"

    def find(self, clip: ClipEvidence) -> list[Fact]:
        return [fact(n, "scene", f"thing {n} is there") for n in reversed(range(self.settings.most))]


class ToyCounter(EmbeddedModel):
    """Counts how many answers it gives at once."""

    kind = "counter"

    def open(self) -> tuple[str, ...]:
        self.now = self.most = 0
        self.threads: set[int] = set()
        return ("counter",)

    def answer(self, request: Request) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        self.threads.add(threading.get_ident())
        time.sleep(0.005)
        self.now -= 1
        return request.prompt


def ask(model: EmbeddedModel, *requests: Request) -> list[Any]:
    async def scene() -> list[Any]:
        try:
            return list(await asyncio.gather(*(model.generate(request) for request in requests)))
        finally:
            await model.close()

    return asyncio.run(scene())


def caption(**parts: Any) -> Request:
    return Request(task="caption", prompt="", facts={"clip": clip(5.0, **parts)})


def test_an_annotator_captions_with_what_it_found_in_order_of_time() -> None:
    (response,) = ask(ToyAnnotator(Storage("/nowhere"), {}), caption())
    answer = json.loads(response.text)
    assert [one["start"] for one in answer["facts"]] == [0, 1, 2]
    assert answer["caption"].startswith("At 0s, thing 0 is there.")
    assert (response.model, response.provider) == ("embedded/toy@toy/eye+toy/ear", "embedded")


def test_it_reads_facts_and_captions_only() -> None:
    model = ToyAnnotator(Storage("/nowhere"), {"most": 1})
    assert model.reads_facts
    with pytest.raises(Misconfigured, match="for verify there is embedded/compose"):
        ask(model, Request(task="verify", prompt="", facts={}))


@pytest.mark.parametrize(
    ("settings", "said"), [({"mots": 3}, "mots: "), ({"most": 0}, "most: "), ({"most": "x"}, "most: ")]
)
def test_wrong_settings_are_told_with_the_model_and_their_name(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured, match=f"settings of embedded/toy: {said}"):
        ToyAnnotator(Storage("/nowhere"), settings)


def test_evidence_that_is_not_of_the_form_is_refused() -> None:
    with pytest.raises(ValidationError):
        ask(ToyAnnotator(Storage("/nowhere"), {}), caption(colour="red"))


def test_many_callers_are_answered_one_after_the_other_by_one_thread() -> None:
    model = ToyCounter(Storage("/nowhere"), {})
    answers = ask(model, *(Request(task="t", prompt=str(n)) for n in range(8)))
    assert [one.text for one in answers] == [str(n) for n in range(8)]
    assert model.most == len(model.threads) == 1


def test_an_answer_keeps_letters_of_the_world() -> None:
    assert dump({"a": "שלום 🎬"}) == '{"a": "שלום 🎬"}'

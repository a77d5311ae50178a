from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking import answers, evidence
from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Misconfigured, Model, Transient
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.scripted import ScriptedModel
from asid.pipeline.prompts import Prompts, fence
from asid.pipeline.rows import AttributeCaptions, Utterance
from tests.kits.modelkit import request

SAID = (Utterance(start=3.2, end=4.0, speaker="S1", text="Mind the gap", words=(), overlap=False),)
CAPTION = 'At 0s, a man waits. At 3s, a voice says, "Mind the gap". At 5s, he leaves.'


def scripted(**config: Any) -> ScriptedModel:
    return ScriptedModel(ModelConfig(provider="scripted", **config))


def values(name: str) -> dict[str, str]:
    """Values for every place of a shipped prompt."""
    given = {
        "duration": "12.0", "material": "the video", "transcript": evidence.transcript(SAID), "attribute": "speech",
        "caption": fence("caption", CAPTION), "descriptions": fence("description 1", CAPTION), "problems": "",
        "about": "x", "verify": "- x", "attributes": "x", "report": fence("report", "{}"),
    }  # fmt: skip
    text = Prompts().text(name)
    return {place: value for place, value in given.items() if "{{" + place + "}}" in text}


@pytest.mark.parametrize(
    ("task", "prompt", "shape"),
    [
        ("caption", "caption/general", None),
        ("caption", "caption/subtitles", None),
        ("ensemble", "ensemble", None),
        ("verify", "verify", answers.Verification),
        ("decompose", "decompose", AttributeCaptions),
        ("audit", "audit", answers.AuditAnswer),
        ("refine", "refine/attribute", answers.Refinement),
        ("refine", "refine/all", answers.Refinement),
        ("judge", "judge/completeness", answers.Completeness),
    ],
)
def test_the_shipped_script_answers_every_task_in_its_form(task: str, prompt: str, shape: Any) -> None:
    asked = request(Prompts().render(prompt, **values(prompt)), task=task, row="clip-1", attribute="speech")
    given = asyncio.run(ask(scripted(), asked, shape, reasks=0))
    assert given.response.provider == "scripted"
    said = given.value if shape is None else given.value.model_dump_json()
    if task != "audit" and task != "judge" and prompt != "caption/general":
        assert "Mind the gap" in said


def test_the_same_question_gets_the_same_answer_and_another_clip_another() -> None:
    def said(row: str) -> str:
        asked = request(Prompts().render("caption/general", **values("caption/general")), row=row)
        return asyncio.run(scripted().generate(asked)).text

    assert said("clip-1") == said("clip-1")
    assert len({said(f"clip-{number}") for number in range(20)}) > 3


def test_a_file_of_rules_answers_by_task_attribute_and_words(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(
        "- {task: audit, attribute: speech, answer: {errors: []}}\n"
        "- {match: 'c[ao]t', answer: a cat}\n"
        "- {task: caption, answer: something}\n"
    )
    model = scripted(script=str(script))

    def said(prompt: str, **more: Any) -> str:
        return asyncio.run(model.generate(request(prompt, **more))).text

    assert said("x", task="audit", attribute="speech") == '{"errors": []}'
    assert said("the cot") == "a cat"
    assert said("the dog") == "something"
    with pytest.raises(Misconfigured, match="no answer for task 'judge'"):
        said("x", task="judge")


def shout(asked: Any) -> str:
    return asked.prompt.upper()


def test_a_function_answers() -> None:
    model = scripted(script=f"{__name__}:shout")
    assert asyncio.run(model.generate(request("a dog"))).text == "A DOG"


@pytest.mark.parametrize("script", ["no/such.yaml", "no_such_module:f", "json:no_such_function"])
def test_a_script_that_is_not_there_is_told_at_once(script: str) -> None:
    with pytest.raises(Misconfigured, match=script.split(":")[0]):
        scripted(script=script)


def fates(model: Model, count: int = 400) -> list[str]:
    async def fate(number: int) -> str:
        try:
            async with asyncio.timeout(0.5):
                given = await model.generate(request(f"describe {number}", task="caption"))
        except Transient as error:
            return "limit" if error.rate_limited else "transient"
        except TimeoutError:
            return "hang"
        return given.finish

    async def scene() -> list[str]:
        return await asyncio.gather(*(fate(number) for number in range(count)))

    return asyncio.run(scene())


SHARES = {"limit": 0.1, "error": 0.1, "cut": 0.1, "hang": 0.1, "truncated": 0.1, "refusal": 0.1, "seed": 3}


def test_faults_come_in_their_shares_and_the_same_each_time() -> None:
    one, two = (fates(scripted(settings={"faults": SHARES})) for _ in range(2))
    assert one == two
    counts = Counter(one)
    for name, share in {"limit": 0.1, "transient": 0.2, "hang": 0.1, "length": 0.1, "refusal": 0.1}.items():
        assert abs(counts[name] / 400 - share) < 0.06, counts
    assert fates(scripted(settings={"faults": {**SHARES, "seed": 4}})) != one


def test_a_transient_fault_heals_when_tried_again() -> None:
    model = scripted(settings={"faults": {"error": 0.5}})

    async def tries(number: int) -> int:
        for attempt in range(1, 40):
            try:
                await model.generate(request(str(number)))
            except Transient:
                continue
            return attempt
        raise AssertionError

    counts = [asyncio.run(tries(number)) for number in range(50)]
    assert max(counts) > 1


def test_wrong_faults_are_told() -> None:
    with pytest.raises(Misconfigured, match="limitt"):
        scripted(settings={"faults": {"limitt": 0.1}})

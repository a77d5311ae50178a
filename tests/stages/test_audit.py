"""Every attribute is audited by itself, by its own VERIFY list."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Model, OutOfBudget, Refused, Request
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.prompts import PromptError, Prompts, shipped
from asid.pipeline.rows import Audited, Error, Sound
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.audit import AuditConfig, Auditor
from tests.kits.asking_kit import Scripted, by_attribute, decomposed, run

CLEAN: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}
WRONG = CLEAN | {"errors": [{"snippet": "pans left", "why": "it pans right"}]}


def test_one_request_for_each_attribute_with_its_own_points_and_caption(tmp_path: Path) -> None:
    model = Scripted(by_attribute({"camera": WRONG}, CLEAN))
    row = run(Auditor, decomposed(tmp_path), model, tmp_path)
    assert tuple(audit.attribute for audit in row.audits) == ATTRIBUTES
    found = {audit.attribute: audit for audit in row.audits}
    assert found["camera"].errors == (Error(snippet="pans left", why="it pans right"),)
    assert all(not audit.errors for name, audit in found.items() if name != "camera")
    asked = {request.attribute: request for request in model.requests}
    entries = Prompts().attributes()
    for name, request in asked.items():
        assert all(f"{at}. {point}\n" in request.prompt for at, point in enumerate(entries[name].verify, 1))
        others = {point for other in ATTRIBUTES if other != name for point in entries[other].verify}
        assert not any(f". {point}\n" in request.prompt for point in others)
        assert entries[name].about in request.prompt
        assert [medium.kind for medium in request.media] == ["video"]
    assert '<evidence kind="caption">\nAt 4s, the camera pans left.\n</evidence>' in asked["camera"].prompt
    assert '<evidence kind="caption">\n(empty)\n</evidence>' in asked["narrative"].prompt


def test_some_attributes_alone_in_their_order(tmp_path: Path) -> None:
    model = Scripted(lambda _: CLEAN)
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, attributes=["speech", "scene"], sees=[])
    assert [audit.attribute for audit in row.audits] == ["scene", "speech"]
    assert "neither picture nor sound" in model.requests[0].prompt
    assert model.requests[0].media == ()


def test_the_facts_of_embedded_auditors(tmp_path: Path) -> None:
    model = Scripted(lambda _: CLEAN, reads_facts=True)
    run(Auditor, decomposed(tmp_path), model, tmp_path, attributes=["camera"])
    facts = model.requests[0].facts
    assert set(facts) == {"attribute", "about", "verify", "caption", "duration", "candidates", "utterances"}
    assert (facts["attribute"], facts["caption"]) == ("camera", "At 4s, the camera pans left.")
    assert facts["verify"] == list(Prompts().attributes()["camera"].verify)


def test_auditors_know_what_annotators_found_only_when_asked_to(tmp_path: Path) -> None:
    row = decomposed(tmp_path)
    model = Scripted(lambda _: CLEAN, reads_facts=True)
    run(Auditor, row, model, tmp_path, attributes=["camera"])
    run(Auditor, row, model, tmp_path, attributes=["camera"], candidates=True, prompt="audit_accounts")
    alone, told = model.requests
    assert alone.facts["candidates"] == [] and row.candidates[0].caption not in alone.prompt
    assert [one["annotator"] for one in told.facts["candidates"]] == [one.annotator for one in row.candidates]
    assert row.candidates[0].caption in told.prompt


def test_a_prompt_without_a_place_for_the_accounts_is_refused_but_by_embedded_auditors(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="such as audit_accounts"):
        run(Auditor, decomposed(tmp_path), Scripted(lambda _: CLEAN), tmp_path, candidates=True)
    model = Scripted(lambda _: CLEAN, reads_facts=True)
    run(Auditor, decomposed(tmp_path), model, tmp_path, attributes=["camera"], candidates=True)
    assert model.requests[0].facts["candidates"]


def test_auditors_are_told_what_detectors_heard(tmp_path: Path) -> None:
    heard = Sound(start=2.0, end=8.0, kind="music", level=-20.0, score=0.9)
    model = Scripted(lambda _: CLEAN)
    run(Auditor, decomposed(tmp_path, sounds=(heard,)), model, tmp_path, attributes=["speech"])
    assert "[2.0-8.0] music (0.90)" in model.requests[0].prompt


def test_editing_one_verify_list_changes_the_fingerprint_and_that_request_alone(tmp_path: Path) -> None:
    text = (shipped("prompts") / "attributes.yaml").read_text("utf-8")
    (tmp_path / "attributes.yaml").write_text(text.replace("number and order of the shots", "number of shots"), "utf-8")
    config, mine = AuditConfig(model="m"), Prompts(tmp_path)
    before, after = Auditor.texts(config, Prompts()), Auditor.texts(config, mine)
    assert [name for name in ATTRIBUTES if before[name] != after[name]] == ["camera"]
    assert Auditor.texts(AuditConfig(model="m", attributes=("speech",)), mine).keys() == {"speech"}

    def keys(prompts: Prompts) -> dict[str, str]:
        model = Scripted(lambda _: CLEAN)
        stage = Auditor(config, Context(Storage(tmp_path), prompts, {"m": model}))
        stage.open()
        asyncio.run(stage.process(decomposed(tmp_path)))
        return {request.attribute: request.key() for request in model.requests}

    one, other = keys(Prompts()), keys(mine)
    assert [name for name in ATTRIBUTES if one[name] != other[name]] == ["camera"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"errors": [], "missing": []}, "expressiveness"),
        (CLEAN | {"verdict": "good"}, "verdict"),
        (CLEAN | {"errors": [{"snippet": "x"}]}, "why"),
        (CLEAN | {"missing": ["a cup"]}, "missing"),
        ("[]", "answer"),
        ("The caption is fine.", "not JSON"),
        (CLEAN | {"expressiveness": ["x" * 200_000]}, "characters"),
        (CLEAN | {"expressiveness": ["a\x1b[31m"]}, r"U\+001B"),
    ],
)
def test_answers_of_another_form_are_asked_for_again_and_then_named(tmp_path: Path, answer: Any, reason: str) -> None:
    heals = Scripted(lambda request: CLEAN if len(heals.requests) > 1 else answer)
    run(Auditor, decomposed(tmp_path), heals, tmp_path, attributes=["objects"])
    with pytest.raises(Unprocessable, match=reason) as caught:
        run(Auditor, decomposed(tmp_path), Scripted(lambda _: answer), tmp_path, attributes=["objects"], reasks=0)
    assert caught.value.kind == "invalid_answer"
    assert str(caught.value).startswith("objects: ")


def test_when_one_attribute_fails_the_answers_of_the_others_are_kept(tmp_path: Path) -> None:
    refuses: dict[str, Any] = {"scene": Refused("no scene")}
    model = Scripted(lambda request: refuses.get(request.attribute, CLEAN))
    config = ModelConfig(provider="scripted", model="s")
    stage = Auditor(AuditConfig(model="m"), Context(Storage(tmp_path), Prompts(), {"m": Replaying(model, "m", config)}))
    stage.open()

    async def attempt() -> Any:
        store = AnswerStore(Storage(tmp_path), "run:audit/answers", "00000")
        token = current_store.set(store)
        try:
            return await stage.process(decomposed(tmp_path))
        finally:
            current_store.reset(token)
            await store.close()

    with pytest.raises(Unprocessable, match="scene: no scene") as caught:
        asyncio.run(attempt())
    assert caught.value.kind == "refusal"
    refuses.clear()
    asked = len(model.requests)
    assert len(asyncio.run(attempt()).audits) == 8
    assert [request.attribute for request in model.requests[asked:]] == ["scene"]


def test_an_empty_purse_outweighs_a_refusal(tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        return {"scene": Refused("no"), "camera": OutOfBudget("spent")}.get(request.attribute, CLEAN)

    with pytest.raises(OutOfBudget):
        run(Auditor, decomposed(tmp_path), Scripted(answer), tmp_path)


class Named(Scripted):
    """A scripted model that is one of the manifest's, as its settings say."""

    def __init__(self, config: ModelConfig, *script: Any):
        super().__init__(*script)
        self.config = config


DEAF = ModelConfig(provider="openai", model="sees", settings={"video": "frames"})


def test_what_an_auditor_cannot_hear_is_not_asked_and_said_to_be_open(tmp_path: Path) -> None:
    model = Named(DEAF, lambda _: CLEAN)
    row = run(Auditor, decomposed(tmp_path), model, tmp_path, attributes=["speech", "camera"])
    speech, camera = row.audits
    entry = Prompts().attributes()["speech"]
    assert len(speech.not_audited) == 3 and set(speech.not_audited) == set(entry.heard)
    asked = {request.attribute: request.prompt for request in model.requests}
    assert all((f". {point}\n" in asked["speech"]) == (point not in entry.heard) for point in entry.verify)
    assert camera.not_audited == ()


def test_a_clip_without_sound_leaves_nothing_unheard(tmp_path: Path) -> None:
    silent = decomposed(tmp_path).model_copy(update={"sound": False})
    row = run(Auditor, silent, Named(DEAF, lambda _: CLEAN), tmp_path, attributes=["speech"])
    assert row.audits[0].not_audited == ()


def test_some_attributes_are_audited_by_another_model(tmp_path: Path) -> None:
    config = AuditConfig(model="m", attributes=("scene", "speech", "camera"), by={"speech": "ears"})
    assert Auditor.models(config) == ["m", "ears"]
    eyes, ears = Named(DEAF, lambda _: CLEAN), Scripted(lambda _: CLEAN)
    stage = Auditor(config, Context(Storage(tmp_path), Prompts(), {"m": eyes, "ears": ears}))
    stage.open()
    row = asyncio.run(stage.process(decomposed(tmp_path)))
    assert isinstance(row, Audited)
    assert [audit.attribute for audit in row.audits] == ["scene", "speech", "camera"]
    assert [request.attribute for request in ears.requests] == ["speech"]
    assert sorted(request.attribute for request in eyes.requests) == ["camera", "scene"]
    assert [bool(audit.not_audited) for audit in row.audits] == [True, False, False]


def heard_alone(folder: Path, model: Model, **settings: Any) -> Audited:
    """What a model makes of a clip where all points of `speech` must be heard."""
    text = (shipped("prompts") / "attributes.yaml").read_text("utf-8")
    head, _, _ = text.partition("speech:\n")
    tail = text[text.index("camera:\n") :]
    only = "speech:\n  about: voices\n  verify:\n    - hear: who whispers\n\n"
    (folder / "attributes.yaml").write_text(head + only + tail, "utf-8")
    config = AuditConfig.model_validate({"model": "m", **settings})
    models = dict.fromkeys(Auditor.models(config), model)
    stage = Auditor(config, Context(Storage(folder), Prompts(folder), models))
    stage.open()
    row = asyncio.run(stage.process(decomposed(folder)))
    assert isinstance(row, Audited)
    return row


def test_an_attribute_of_which_all_must_be_heard_costs_a_deaf_auditor_nothing(tmp_path: Path) -> None:
    model = Named(DEAF, lambda _: CLEAN | {"suspicion": 90})
    for settings in ({}, {"screen": "m", "threshold": 50}):
        row = heard_alone(tmp_path, model, attributes=["speech"], **settings)
        assert row.audits[0].not_audited == ("who whispers",) and not model.requests


@pytest.mark.parametrize("settings", [{}, {"screen": "m", "threshold": 50}])
def test_only_requests_that_are_sent_are_counted_as_company(tmp_path: Path, settings: dict[str, Any]) -> None:
    """A cache at the server is kept until as many have come as were told of."""
    model = Named(DEAF, lambda request: CLEAN if request.task == "audit" else {"suspicion": 90})
    heard_alone(tmp_path, model, attributes=["scene", "speech", "camera"], **settings)
    assert {request.alike for request in model.requests} == {1}
    assert len(model.requests) == (4 if settings else 2)


def test_a_finding_carries_its_verify_point_by_the_numbers_that_were_shown(tmp_path: Path) -> None:
    entry = Prompts().attributes()["scene"]
    seen = [point for point in entry.verify if point not in entry.heard]
    named = len(seen)  # after a point that a deaf auditor is not shown, the numbers are others than in the file
    answer = CLEAN | {"errors": [{"snippet": "kitchen", "why": "a hall", "point": named}]}
    row = run(Auditor, decomposed(tmp_path), Named(DEAF, lambda _: answer), tmp_path, attributes=["scene"])
    assert row.audits[0].errors[0].point == seen[-1] != entry.verify[named - 1]


def test_a_point_that_was_not_shown_is_asked_for_again(tmp_path: Path) -> None:
    beyond = CLEAN | {"missing": [{"what": "a cup", "why": "in view", "point": 40}]}
    model = Scripted(beyond, CLEAN)
    run(Auditor, decomposed(tmp_path), model, tmp_path, attributes=["objects"])
    assert "there is no VERIFY point 40" in model.requests[1].prompt


def test_stills_by_the_settings_of_the_step_alone_make_an_auditor_deaf(tmp_path: Path) -> None:
    config = ModelConfig(provider="openai", model="omni", hears=True, settings={"video": "url"})
    loud, deaf = Named(config, lambda _: CLEAN), Named(config, lambda _: CLEAN)
    heard = run(Auditor, decomposed(tmp_path), loud, tmp_path, attributes=["speech"])
    unheard = run(Auditor, decomposed(tmp_path), deaf, tmp_path, attributes=["speech"], settings={"video": "frames"})
    assert heard.audits[0].not_audited == () and unheard.audits[0].not_audited


def test_a_screen_that_hears_nothing_leaves_open_what_must_be_heard(tmp_path: Path) -> None:
    config = AuditConfig(model="m", attributes=("speech", "camera"), screen="eyes", threshold=50)
    ears, eyes = Scripted(lambda _: CLEAN), Named(DEAF, lambda _: {"suspicion": 1})
    stage = Auditor(config, Context(Storage(tmp_path), Prompts(), {"m": ears, "eyes": eyes}))
    stage.open()
    row = asyncio.run(stage.process(decomposed(tmp_path)))
    assert isinstance(row, Audited) and not ears.requests
    entry = Prompts().attributes()["speech"]
    assert row.audits[0].not_audited == entry.heard and row.audits[1].not_audited == ()
    (asked,) = [request.prompt for request in eyes.requests if request.attribute == "speech"]
    assert not any(point in asked for point in entry.heard)

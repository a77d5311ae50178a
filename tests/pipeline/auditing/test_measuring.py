"""Rates of each stage as an auditor of known power finds them."""

import asyncio
import random
from pathlib import Path

from asid.pipeline.asking.answers import Findings
from asid.pipeline.auditing.auditor import Auditing
from asid.pipeline.auditing.measuring import caption_at, measure, sample
from asid.pipeline.models.base import Transient
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.prompts import Prompts, shipped
from asid.pipeline.rows import Frame, Sound
from asid.pipeline.storage import Storage
from tests.kits.asking_kit import Scripted
from tests.pipeline.auditing.clips import finished

CLEAN = {"errors": [], "missing": [], "expressiveness": []}
WRONG = CLEAN | {"errors": [{"snippet": "a man", "why": "a woman"}]}
GAP = CLEAN | {"missing": [{"what": "a dog", "why": "it is there"}]}


def auditing(tmp_path: Path, script) -> Auditing:
    return Auditing("auditor", Scripted(script), Prompts(), Storage(tmp_path), sees=())


def test_rates_lie_within_their_intervals_and_stages_apart(tmp_path: Path) -> None:
    """Half of the drafts are wrong in one attribute and a tenth of the refined captions, as the auditor sees them."""
    rows = [row.model_copy(update={"draft": f"draft {row.draft}"}) for row, _ in finished(10, 6)]

    def script(request):
        if request.attribute != "speech":
            return CLEAN
        rate = 0.5 if "draft At" in request.prompt else 0.1
        return WRONG if random.Random(f"{request.row}/{rate}").random() < rate else CLEAN

    draft, refined = asyncio.run(measure(auditing(tmp_path, script), rows, ["draft", "refined"], ("scene", "speech")))
    for found, truth in ((draft, 0.5), (refined, 0.9)):
        assert found.no_error.low <= truth <= found.no_error.high
        assert found.no_error.trials == 60 and found.no_missing.value == 1.0 and found.failed == 0
        assert found.clean == found.no_error
    assert draft.no_error.high < refined.no_error.low


def test_a_gap_is_no_error_and_a_clip_without_an_answer_is_never_good(tmp_path: Path) -> None:
    rows = [row for row, _ in finished(2, 2)]

    def script(request):
        return Transient("down") if request.row == rows[0].id else GAP

    (found,) = asyncio.run(measure(auditing(tmp_path, script), rows, ["verified"], ("scene",)))
    assert (found.failed, found.no_error.count, found.no_missing.count, found.clean.trials) == (1, 3, 0, 3)


def test_the_auditor_is_shown_transcript_and_caption_and_no_annotators_account(tmp_path: Path) -> None:
    row, caption = finished(1, 1)[0]
    model = Scripted(lambda _: CLEAN)
    found = asyncio.run(Auditing("a", model, Prompts(), Storage(tmp_path), sees=()).find(row, "speech", caption))
    assert found == Findings(errors=[], missing=[], expressiveness=[])
    prompt = model.requests[0].prompt
    assert caption in prompt and row.utterances[0].text in prompt
    assert row.candidates[0].caption not in prompt
    embedded = Scripted(lambda _: CLEAN, reads_facts=True)
    asyncio.run(Auditing("a", embedded, Prompts(), Storage(tmp_path), sees=()).find(row, "speech", caption))
    assert embedded.requests[0].facts["candidates"] == []


def test_the_auditor_is_told_what_detectors_heard(tmp_path: Path) -> None:
    row, caption = finished(1, 1)[0]
    tune = Sound(start=3.0, end=9.0, kind="music", level=-20.0, score=0.8)
    model = Scripted(lambda _: CLEAN)
    auditing = Auditing("a", model, Prompts(), Storage(tmp_path), sees=())
    asyncio.run(auditing.find(row.model_copy(update={"sounds": (tune,)}), "speech", caption))
    assert "[3.0-9.0] music (0.80)" in model.requests[0].prompt


def test_the_sample_is_drawn_by_its_seed(tmp_path: Path) -> None:
    rows = [row for row, _ in finished(6, 2)]
    assert sample(rows, 4, 1) == sample(rows[::-1], 4, 1) != sample(rows, 4, 2)
    assert len(sample(rows, 99, 1)) == 12
    assert caption_at(rows[0], "sight") == rows[0].candidates[0].caption


class Deaf(Scripted):
    """A scripted model that is one of the manifest's and is sent stills."""

    config = ModelConfig(provider="openai", model="sees", settings={"video": "frames"})


def test_what_an_auditor_cannot_hear_is_not_asked_and_told(tmp_path: Path) -> None:
    rows = [row for row, _ in finished(2, 1)]
    rows[0] = rows[0].model_copy(update={"sound": True})
    rows[1] = rows[1].model_copy(update={"sound": False})
    model = Deaf(lambda _: CLEAN)
    auditing = Auditing("a", model, Prompts(), Storage(tmp_path))
    (found,) = asyncio.run(measure(auditing, rows, ["verified"], ("speech", "camera")))
    assert (found.partly, found.unheard, found.failed, found.clean.trials) == (1, 0, 0, 2)
    heard = Prompts().attributes()["speech"].heard
    for request in model.requests:
        loud = request.row == rows[0].id and request.attribute == "speech"
        assert all((point in request.prompt) == (request.attribute == "speech" and not loud) for point in heard)
        assert "with its sound" not in request.prompt and "stills of the video" in request.prompt


def test_a_clip_with_an_attribute_that_nobody_could_hear_is_in_no_rate(tmp_path: Path) -> None:
    text = (shipped("prompts") / "attributes.yaml").read_text("utf-8")
    head, _, _ = text.partition("speech:\n")
    only = "speech:\n  about: voices\n  verify:\n    - hear: who whispers\n\n"
    (tmp_path / "attributes.yaml").write_text(head + only + text[text.index("camera:\n") :], "utf-8")
    row = finished(1, 1)[0][0].model_copy(update={"sound": True})
    model = Deaf(lambda _: CLEAN)
    auditing = Auditing("a", model, Prompts(tmp_path), Storage(tmp_path))
    (found,) = asyncio.run(measure(auditing, [row], ["verified"], ("speech", "camera")))
    assert (found.unheard, found.failed, found.clean.trials) == (1, 0, 0)
    assert [request.attribute for request in model.requests] == ["camera"]


def test_a_still_that_is_gone_fails_its_clip_alone(tmp_path: Path) -> None:
    rows = [row for row, _ in finished(2, 1)]
    lost = Frame(time=0.0, uri="run:media/frames/gone.jpg", phash="0" * 16)
    rows = [rows[0].model_copy(update={"frames": (lost,)}), rows[1].model_copy(update={"frames": ()})]
    auditing = Auditing("a", Scripted(lambda _: CLEAN), Prompts(), Storage(tmp_path), sees=("frames",))
    (found,) = asyncio.run(measure(auditing, rows, ["verified"], ("scene",)))
    assert (found.failed, found.clean.trials) == (1, 1)

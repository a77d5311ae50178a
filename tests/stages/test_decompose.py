"""Eight captions out of one, with no moment of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.prompts import Prompts, shipped
from asid.pipeline.rows import AttributeCaptions
from asid.pipeline.stage import Unprocessable
from asid.stages.decompose import Decompose, DecomposeConfig, astray
from tests.kits.asking_kit import CAPTION, PARTS, Scripted, run, verified

GOOD = PARTS.model_dump()
EMPTY = dict.fromkeys(ATTRIBUTES, "")


def test_eight_captions_stripped_of_edges(tmp_path: Path) -> None:
    model = Scripted(GOOD | {"scene": f" {PARTS.scene}\n"})
    row = run(Decompose, verified(tmp_path), model, tmp_path)
    assert row.attributes == PARTS
    assert row.decomposed_by.prompt == Prompts().hash("decompose")
    prompt = model.requests[0].prompt
    assert f'<evidence kind="caption">\n{CAPTION}\n</evidence>' in prompt
    assert all(f"- {name}: {entry.about}" in prompt for name, entry in Prompts().attributes().items())


def test_the_facts_of_an_embedded_composer(tmp_path: Path) -> None:
    model = Scripted(GOOD, reads_facts=True)
    run(Decompose, verified(tmp_path), model, tmp_path)
    assert set(model.requests[0].facts) == {"duration", "caption", "candidates"}
    assert model.requests[0].facts["caption"] == CAPTION


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EMPTY, "all eight"),
        ({name: text for name, text in GOOD.items() if name != "camera"}, "camera"),
        (GOOD | {"music": ""}, "music"),
        (GOOD | {"objects": None}, "objects"),
        (GOOD | {"camera": "At 5s, the camera pans left."}, "`camera` has the anchor 5s"),
        (GOOD | {"actions": "At 8s, both smile. At 4s, the man pours tea."}, "`actions` has the anchor 4s"),
        (GOOD | {"actions": "At 4s, the man pours. At 4s, he pours again."}, "`actions` has the anchor 4s"),
    ],
)
def test_what_is_not_a_decomposition_is_asked_for_again_and_then_named(
    tmp_path: Path, answer: dict[str, Any], reason: str
) -> None:
    model = Scripted(answer, GOOD)
    assert run(Decompose, verified(tmp_path), model, tmp_path).attributes == PARTS
    assert "could not be used" in model.requests[1].prompt
    with pytest.raises(Unprocessable, match=reason) as caught:
        run(Decompose, verified(tmp_path), Scripted(lambda _: answer), tmp_path)
    assert (caught.value.kind, caught.value.attempts) == ("invalid_answer", 3)


@given(st.lists(st.integers(0, 60), unique=True).map(sorted), st.data())
def test_any_part_of_the_anchors_in_order_is_fine_and_nothing_else(times: list[int], data: st.DataObject) -> None:
    def told(seconds: list[int]) -> str:
        return " ".join(f"At {second}s, something happens." for second in seconds)

    some = [time for time in times if data.draw(st.booleans())]
    parts = AttributeCaptions(**(EMPTY | {"scene": "A place.", "actions": told(some)}))
    assert astray(told(times), parts) is None
    foreign = data.draw(st.integers(0, 60).filter(lambda time: time not in times))
    wrong = parts.model_copy(update={"actions": told(sorted([*some, foreign]))})
    assert "actions" in (astray(told(times), wrong) or "")


def test_what_attributes_are_about_is_in_the_fingerprint_and_verify_lists_are_not(tmp_path: Path) -> None:
    text = (shipped("prompts") / "attributes.yaml").read_text("utf-8")
    config, before = DecomposeConfig(model="m"), Decompose.texts(DecomposeConfig(model="m"), Prompts())
    (tmp_path / "attributes.yaml").write_text(text.replace("number and order of the shots", "number of shots"), "utf-8")
    assert Decompose.texts(config, Prompts(tmp_path)) == before
    (tmp_path / "attributes.yaml").write_text(text.replace("how the clip is filmed", "how it was filmed"), "utf-8")
    assert Decompose.texts(config, Prompts(tmp_path)) != before

"""The caption as far as a recipe has come: of each type of row the newest text it has."""

import pytest

from asid.pipeline.captions import latest
from asid.pipeline.rows import Audited, Captioned, Decomposed, Drafted, Formatted, Refined, Row, Verified, grow, joined
from tests.samples import judged, video

ROW = judged(video(0), 0, draft="drafted", verified="verified", caption="finished")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Drafted, "drafted"), (Verified, "verified"), (Decomposed, "verified"), (Audited, "verified"),
        (Refined, "finished"), (Formatted, "finished"), (joined(Verified, Formatted), "finished"),
    ],
)  # fmt: skip
def test_the_newest_caption_is_taken(kind: type[Drafted], text: str):
    assert latest.caption(grow(ROW, kind)) == text


@pytest.mark.parametrize(
    ("kind", "scene"),
    [(Decomposed, "old"), (Audited, "old"), (Refined, "new"), (type(ROW), "new")],
)
def test_attributes_are_the_newest_ones(kind: type[Row], scene: str):
    row = ROW.model_copy(
        update={
            "attributes": ROW.attributes.model_copy(update={"scene": "old"}),
            "captions": ROW.captions.model_copy(update={"scene": "new"}),
        }
    )
    made = latest.by_attribute(grow(row, kind))
    assert made["scene"] == scene and len(made) == 8


@pytest.mark.parametrize("kind", [Captioned, Drafted, Verified, Formatted])
def test_without_attributes_there_are_none(kind: type[Row]):
    assert latest.by_attribute(grow(ROW, kind)) == {}

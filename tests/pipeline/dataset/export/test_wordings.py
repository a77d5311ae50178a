"""What a model in training is asked: the same words for the same clip, and a pool that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.prompts import Prompts

SHIPPED = Wordings(Prompts())
names = st.lists(st.sampled_from(ATTRIBUTES), unique=True)


def own(folder: Path, **texts: str) -> Prompts:
    """The shipped prompts with some wordings of one's own."""
    (folder / "train").mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"train/{name}.txt").write_text(text, "utf-8")
    return Prompts(folder)


@given(st.text(), names)
def test_a_question_depends_on_clip_attributes_and_seed_alone(clip: str, attributes: list[str]) -> None:
    assert SHIPPED.ask(clip, attributes) == Wordings(Prompts()).ask(clip, attributes)
    asked = SHIPPED.ask(clip, attributes)
    for name in attributes:
        assert any(phrase in asked for phrase in SHIPPED.phrases[name])


def test_another_seed_asks_otherwise() -> None:
    other = Wordings(Prompts(), seed=1)
    clips = [f"clip {number}" for number in range(50)]
    assert [SHIPPED.ask(clip) for clip in clips] != [other.ask(clip) for clip in clips]


@given(names, st.integers(1, 8))
def test_a_subset_has_the_size_asked_for_and_the_usual_order(given: list[str], size: int) -> None:
    found = SHIPPED.subset("clip", given, size)
    if len(given) < size:
        assert found == ()
    else:
        assert len(found) == size and set(found) <= set(given)
        assert list(found) == [name for name in ATTRIBUTES if name in found]


def test_subsets_differ_from_clip_to_clip() -> None:
    assert len({SHIPPED.subset(f"clip {number}", ATTRIBUTES, 2) for number in range(200)}) > 20


def test_attributes_are_listed_as_people_write_them(tmp_path: Path) -> None:
    phrases = "\n".join(f"{name}: the {name}" for name in ATTRIBUTES)
    wordings = Wordings(own(tmp_path, some="Tell {{attributes}}.\n", phrases=phrases))
    assert wordings.ask("clip", ("scene",)) == "Tell the scene."
    assert wordings.ask("clip", ("scene", "camera")) == "Tell the scene and the camera."
    assert wordings.ask("clip", ("scene", "speech", "camera")) == "Tell the scene, the speech and the camera."


def test_an_empty_line_is_no_question(tmp_path: Path) -> None:
    wordings = Wordings(own(tmp_path, all="One?\n\n  \nTwo?\n"))
    assert {wordings.ask(f"clip {number}") for number in range(50)} == {"One?", "Two?"}


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"all": "\n"}, r"train/all.*no line"),
        ({"general": ""}, r"train/general.*no line"),
        ({"some": "Tell me.\n"}, r"train/some.*\{\{attributes\}\}"),
        ({"phrases": "scene: the scene\n"}, "train/phrases.*characters"),
        (
            {"phrases": "\n".join(f"{name}: {'' if name == 'speech' else name}" for name in ATTRIBUTES)},
            "train/phrases.*speech",
        ),
    ],
)
def test_a_pool_that_cannot_be_used_is_told_with_its_file(tmp_path: Path, texts: dict[str, str], told: str) -> None:
    with pytest.raises(ExportError, match=told):
        Wordings(own(tmp_path, **texts))

"""Questions and answers of a clip, and captions of several attributes woven into one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.dataset.export.items import items, kept, woven
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.prompts import Prompts
from tests import samples
from tests.kits.exportkit import clip

WORDINGS = Wordings(Prompts())


def test_only_kept_clips_are_read_and_each_is_in_the_split_of_its_video(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=4, clips=4, per_shard=2)
    splits = Splits(test=0.5, seed=3)
    found = list(kept(run, ["00000", "00001"], splits))
    assert [one.id for one in found] == [row.id for row in run.all_rows("finish") if row.kept]
    assert {one.split for one in found} == {"train", "test"}
    assert all(one.split == splits.of(one.video) for one in found)
    assert all(not one.frames for one in found)
    (first, *_) = kept(run, ["00000"], splits, frames=True)
    assert [frame["time"] for frame in first.frames] == [1, 6]
    assert list(kept(run, [], splits)) == []


def test_an_attribute_of_which_a_clip_gives_nothing_is_not_asked_for() -> None:
    found = list(items(clip(), WORDINGS, ("all", "single", "subset")))
    assert [(one.kind, one.attributes) for one in found] == [
        ("all", ()), ("single", ("scene",)), ("single", ("camera",)), ("subset", ("scene", "camera")),
    ]  # fmt: skip
    assert found[0].answer == clip().caption
    assert found[1].answer == "At 0s, a room."
    assert found[3].answer == "At 0s, a room. At 4s, a pan."
    assert list(items(clip(captions={}), WORDINGS, ("single", "subset"))) == []
    assert list(items(clip(), WORDINGS, ())) == []


def test_single_attributes_come_in_the_usual_order_whatever_the_row_says() -> None:
    backwards = {name: f"At 0s, {name}." for name in reversed(ATTRIBUTES)}
    found = [one.attributes for one in items(clip(captions=backwards), WORDINGS, ("single",))]
    assert found == [(name,) for name in ATTRIBUTES]


def test_a_preference_pair_is_asked_without_asking_for_times() -> None:
    (pair,) = items(clip(rejected="worse"), WORDINGS, ("all",))
    assert (pair.answer, pair.rejected) == (clip().caption, "worse")
    assert pair.prompt in WORDINGS.plain
    (alone,) = items(clip(), WORDINGS, ("all",))
    assert alone.prompt in WORDINGS.whole and not alone.rejected


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["At 0s, a cat sits.", "At 0s, the camera pans."], "At 0s, a cat sits. The camera pans."),
        (["At 0s, a cat sits", "At 0s, the camera pans."], "At 0s, a cat sits. The camera pans."),
        (["At 4s, it leaves.", "At 0s, a room. At 4s, a pan."], "At 0s, a room. At 4s, it leaves. A pan."),
        (["At 0s, who is it?", "At 0s, a pan."], "At 0s, who is it? A pan."),
        (['At 0s, she says "Go."', "At 0s, a pan."], 'At 0s, she says "Go." A pan.'),
        (['At 0s, a sign reads "EXIT"', "At 0s, a pan."], 'At 0s, a sign reads "EXIT". A pan.'),
        (["At 0s, a cat sits; at 3s, it leaves.", "At 0s, a pan."], "At 0s, a cat sits. A pan. At 3s, it leaves."),
        (["At 0s, a cat sits,", "At 0s, a pan."], "At 0s, a cat sits. A pan."),
        (
            ["At 0s, a cat sits; at 3s, it leaves.", "At 1s, a pan."],
            "At 0s, a cat sits. At 1s, a pan. At 3s, it leaves.",
        ),
        (
            ["At 0s, a cat sits; at 3s, it leaves.", "At 9s, a pan."],
            "At 0s, a cat sits; at 3s, it leaves. At 9s, a pan.",
        ),
        (["At 1s, one.", "A quiet film."], "A quiet film. At 1s, one."),
        (["At 0s, 猫。", "At 0s, a pan."], "At 0s, 猫。 A pan."),
        (["At 0s, alone."], "At 0s, alone."),
        ([], ""),
    ],
)
def test_woven_captions_are_in_order_of_time_and_their_sentences_end(texts: list[str], wanted: str) -> None:
    assert woven(texts) == wanted


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a cat", "the dog", "rain"])), min_size=1,
                         max_size=4), min_size=1, max_size=4))  # fmt: skip
def test_weaving_names_each_second_once_and_loses_no_word(spans: list[list[tuple[int, str]]]) -> None:
    texts = [" ".join(f"At {at}s, {what} here." for at, what in sorted(parts)) for parts in spans]
    out = woven(texts)
    times = [at for parts in spans for at, _ in parts]
    assert [out.count(f"At {at}s,") for at in sorted(set(times))] == [1] * len(set(times))
    assert out.count("here.") == len(times)

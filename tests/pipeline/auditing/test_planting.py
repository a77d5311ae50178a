"""Each planter plants one error of its kind, which the rules it names find, or a rewording that none objects to."""

from __future__ import annotations

from random import Random

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.planting import FAULTS, VARIANTS, Plant, plant
from asid.pipeline.captions.anchors import parse
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Grounds, grounds
from asid.pipeline.rows import Refined
from tests.pipeline.auditing.clips import finished

CLIPS = finished(4, 3)
BARE = CaptionCase("A cat.", Grounds(5.0))


def planted(kind: str, seeds: int = 3) -> list[tuple[Refined, str, Plant]]:
    found = []
    for clip, caption in CLIPS:
        for seed in range(seeds):
            if made := plant(kind, CaptionCase(caption, grounds(clip)), Random(f"{clip.id}/{seed}")):
                found.append((clip, caption, made))
    return found


@pytest.mark.parametrize("kind", FAULTS)
def test_an_error_is_planted_under_its_name_and_found_by_a_kind_that_it_expects(kind: str) -> None:
    made = planted(kind)
    assert made
    named = 0
    for clip, caption, one in made:
        assert one.kind == kind and one.caption != caption and one.snippet and one.expects
        assert one.attribute in ATTRIBUTES
        named += bool({problem.kind for problem in examine(one.caption, grounds(clip))} & one.expects)
    assert named >= 0.9 * len(made)


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_rewording_expects_nothing_and_gets_it(kind: str) -> None:
    for clip, caption, one in planted(kind):
        assert one.kind == kind and one.expects == frozenset() and one.caption != caption
        assert examine(one.caption, grounds(clip)) == []


@pytest.mark.parametrize("kind", [*FAULTS, *VARIANTS])
def test_chance_decides_alone(kind: str) -> None:
    clip, caption = CLIPS[0]

    def once(seed: str) -> Plant | None:
        return plant(kind, CaptionCase(caption, grounds(clip)), Random(seed))

    assert once("a") == once("a")


@pytest.mark.parametrize("kind", sorted({*FAULTS, *VARIANTS} - {"source_leaked", "repeated", "cut_misplaced"}))
def test_a_caption_without_a_place_for_it_has_none_planted(kind: str) -> None:
    assert plant(kind, BARE, Random(0)) is None


@pytest.mark.parametrize(
    "kind", ["quote_substituted", "quote_inserted", "quote_invented", "text_misspelt", "label_printed"]
)
def test_what_is_planted_stands_in_the_caption(kind: str) -> None:
    for _, _, one in planted(kind):
        assert one.snippet.casefold() in one.caption.casefold()


@pytest.mark.parametrize("kind", ["quote_substituted", "quote_omitted", "text_misspelt", "manner_invented", "reworded"])
def test_the_blocks_around_stay_as_they_are(kind: str) -> None:
    for _, caption, one in planted(kind):
        pairs = list(zip(parse(caption), parse(one.caption), strict=True))
        assert [before.anchor for before, _ in pairs] == [after.anchor for _, after in pairs]
        assert sum(before.text != after.text for before, after in pairs) == 1


def test_a_swapped_speaker_keeps_all_that_is_said() -> None:
    for clip, caption, one in planted("speaker_swapped"):
        before, after = (CaptionCase(text, grounds(clip)) for text in (caption, one.caption))
        assert [c.quotation.text for c in before.citations] == [c.quotation.text for c in after.citations]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        plant("no_such", BARE, Random(0))

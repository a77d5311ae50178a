"""Captions are mended, quotations located, and what stays wrong is written down."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from asid.pipeline.rows import AttributeCaptions, Formatted, FormattedByAttribute, Refined, Verified, grow
from asid.pipeline.run import shards
from asid.stages.format import Format, FormatConfig
from tests.kits.asking_kit import BY, CAPTION, PARTS, audited, decomposed, drafted, verified

NOBODY: Any = None  # format asks no model


def refined(tmp_path: Path, caption: str = CAPTION, **captions: str) -> Refined:
    parts = AttributeCaptions(**(PARTS.model_dump() | captions))
    return grow(audited(tmp_path), Refined, caption=caption, captions=parts, edits=())


def formatted(row: Any, **settings: Any) -> Formatted:
    return asyncio.run(Format(FormatConfig(**settings), NOBODY).process(row))


def test_a_good_row_passes_unchanged(tmp_path: Path) -> None:
    row = formatted(refined(tmp_path))
    assert (row.caption, row.captions, row.mends, row.remaining) == (CAPTION, PARTS, (), ())
    assert [(quote.text, quote.speaker, quote.start) for quote in row.quotes] == [
        ("the kettle is on", "S1", 0.4),
        ("no sugar for me please", "S2", 8.2),
    ]


def test_all_nine_captions_are_mended(tmp_path: Path) -> None:
    row = formatted(refined(tmp_path, caption="**At 0 s**: a man. " * 3, camera="(At 4s) the camera pans left."))
    assert row.caption == "At 0s, a man."
    assert row.captions.camera == "At 4s, the camera pans left."
    assert row.captions.scene == PARTS.scene
    assert any(line.startswith("camera: anchor_form") for line in row.mends)
    assert {problem.kind for problem in row.remaining} == {"line_missing"}  # nobody quotes what is said


def test_of_a_shorter_recipe_the_last_caption_is_set_right(tmp_path: Path) -> None:
    draft = formatted(drafted(tmp_path, "**At 0 s**: a man. "))
    assert draft.caption == "At 0s, a man." and draft.draft_by == BY and not isinstance(draft, (Verified, Refined))
    later = formatted(verified(tmp_path, "**At 1 s**: a cup. "))
    assert later.caption == "At 1s, a cup." and later.verified_by == BY and not isinstance(later, Refined)


def test_captions_by_attribute_that_nobody_refined_are_set_right_too(tmp_path: Path) -> None:
    row = formatted(decomposed(tmp_path, PARTS.model_copy(update={"camera": "(At 4s) the camera pans left."})))
    assert row.captions.camera == "At 4s, the camera pans left." and row.captions.scene == PARTS.scene
    assert isinstance(row, FormattedByAttribute) and not isinstance(row, Refined)


def test_what_cannot_be_mended_remains(tmp_path: Path) -> None:
    caption = (
        'At 0s, the avocado annotation mentions a woman who says "give me money". At 3-5s, she runs. At 70s, it ends.'
    )
    row = formatted(refined(tmp_path, caption=caption, scene="A [dark] kitchen."))
    assert row.caption == caption
    kinds = [problem.kind for problem in row.remaining]
    missing = ["line_missing", "line_missing"]
    assert sorted(kinds) == sorted(
        ["source_named", "quote_not_found", "anchor_span", "anchor_range", "symbol", "symbol", *missing]
    )
    assert row.remaining[-1].why.startswith("scene: ")
    assert [quote.found for quote in row.quotes] == [False]


def test_an_empty_attribute_is_no_problem_but_an_empty_caption_is(tmp_path: Path) -> None:
    row = formatted(refined(tmp_path, caption=" ", narrative=""))
    assert [problem.kind for problem in row.remaining] == ["empty"]


def test_the_style_of_anchors_is_a_setting(tmp_path: Path) -> None:
    row = refined(tmp_path, caption="At 0.5s, a woman stands in a kitchen.")
    assert formatted(row).caption == row.caption
    assert formatted(row, style="integer").caption == "At 1s, a woman stands in a kitchen."


def test_hostile_captions_can_be_stored(tmp_path: Path) -> None:
    hostile = "At 0s, <script>x</script> \x00\ud800\u202e🎉 " + "no " * 13_000
    row = formatted(refined(tmp_path, caption=hostile, speech=hostile))
    clean = row.model_copy(update={"verified": "", "draft": ""})
    footer = shards.Footer(fingerprint="f", digest=shards.digest([clean]), outcomes=[(row.id, 1)], rows=1)
    assert shards.encode(type(clean), [clean], footer)
    assert len(row.caption) < 200

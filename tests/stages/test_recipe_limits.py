"""What the shipped recipes keep of captions with planted errors, and of true ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from asid.pipeline.auditing.planting import FAULTS, VARIANTS, plant
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import grounds
from asid.pipeline.captions.rules import KINDS
from asid.pipeline.dataset import parquet
from asid.pipeline.prompts import Prompts
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.rows import Answered, AttributeCaptions, Judged, Refined
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Context
from asid.pipeline.storage import Storage, to_path
from asid.stages.filter import Filter, FilterConfig
from asid.stages.format import FormatConfig, format_clip
from tests import samples
from tests.pipeline.auditing.clips import finished

STRICT = ("strict.yaml", "demo.yaml")
PAPER = ("empty", "repetition", "anchor_missing", "anchor_order", "anchor_range", "anchor_span")
BY = Answered(model="writer", provider="scripted", prompt="")
CLIPS = finished(4, 3)
PLANTED = [  # of the kinds that the transcript, the shots, the texts and the sounds contradict
    "quote_substituted", "quote_near", "quote_inserted", "quote_omitted", "quote_invented", "quote_cut", "quote_again",
    "speaker_swapped", "label_printed", "manner_invented", "text_misspelt", "speech_shifted", "blocks_swapped",
    "shots_miscounted", "cut_misplaced", "music_invented", "music_denied",
]  # fmt: skip


def limits(recipe: str) -> FilterConfig:
    (config,) = [step.config for step in manifests.load(recipe).steps() if step.name == "filter"]
    assert isinstance(config, FilterConfig)
    return config.model_copy(update={"model": "", "min_attributes": 0})  # the clips have one caption, and no judge


def judged(clip: Refined, caption: str, config: FilterConfig, folder: Path) -> Judged:
    """A clip with a caption, as the recipe's last two stages leave it."""
    none = AttributeCaptions.model_construct(**dict.fromkeys(AttributeCaptions.model_fields, ""))
    row = clip.model_copy(update={"caption": caption, "captions": none, "attributes": none, "audits": (), "edits": ()})
    stage = Filter(config, Context(Storage(folder), Prompts(), {}))
    return asyncio.run(stage.process(format_clip(row, FormatConfig())))


def planted(kind: str) -> list[tuple[Refined, str]]:
    found = []
    for clip, caption in CLIPS:
        made = plant(kind, CaptionCase(caption, grounds(clip)), Random(f"{clip.id}/{kind}"))
        found += [(clip, made.caption)] if made else []
    assert found
    return found


def rules(rows: Sequence[tuple[Refined, str]], config: FilterConfig, folder: Path) -> list[set[str]]:
    return [{one.rule for one in judged(clip, caption, config, folder).reasons} for clip, caption in rows]


@pytest.mark.parametrize("recipe", STRICT)
@pytest.mark.parametrize("kind", PLANTED)
def test_what_rules_see_is_not_kept(recipe: str, kind: str, tmp_path: Path) -> None:
    """By the limits of each kind alone. Of a line that is cut to a word or two the row says that it is missing."""
    config = limits(recipe).model_copy(update={"quote_exact": 0.0, "min_quotes_found": 0.0, "drop_problems": ()})
    rows = [judged(clip, caption, config, tmp_path) for clip, caption in planted(kind)]
    told = [not row.kept or any(one.kind == "line_missing" for one in row.remaining) for row in rows]
    assert all(told) and sum(not row.kept for row in rows) >= 0.8 * len(rows)
    assert rules(planted(kind), config.model_copy(update={"max_problems": {}}), tmp_path) == [set()] * len(rows)


@pytest.mark.parametrize("recipe", STRICT)
@pytest.mark.parametrize("kind", ["", *VARIANTS])
def test_what_is_true_is_kept(recipe: str, kind: str, tmp_path: Path) -> None:
    rows = planted(kind) if kind else CLIPS
    assert rules(rows, limits(recipe), tmp_path) == [set()] * len(rows)


@pytest.mark.parametrize("kind", [kind for kind in PLANTED if kind not in ("speech_shifted", "blocks_swapped")])
def test_the_papers_recipe_has_the_papers_filters_and_no_others(kind: str, tmp_path: Path) -> None:
    config = limits("asid.yaml")
    assert config.drop_problems == PAPER and not config.max_problems
    assert all(not found for found in rules(planted(kind), config, tmp_path))


def test_the_limits_are_of_kinds_that_rules_find_and_that_are_measured() -> None:
    strict, demo = (limits(recipe).max_problems for recipe in STRICT)
    made = (
        plant(name, CaptionCase(caption, grounds(clip)), Random(name)) for name in FAULTS for clip, caption in CLIPS
    )
    expected = {kind for one in made if one for kind in one.expects}
    assert strict == demo and set(strict) <= set(KINDS) & expected


def test_no_planted_quotation_reaches_the_dataset(tmp_path: Path) -> None:
    config = limits("strict.yaml")
    kinds = [kind for kind in PLANTED if kind.startswith("quote_") and kind != "quote_cut"]
    rows = [judged(clip, caption, config, tmp_path) for clip, caption in CLIPS]
    rows += [
        judged(clip.model_copy(update={"id": f"{clip.id}-{kind}"}), caption, config, tmp_path)
        for kind in kinds for clip, caption in planted(kind)
    ]  # fmt: skip
    run = Run(tmp_path / "run", samples.manifest(tmp_path / "source"))
    run.freeze()
    samples.write(run, "00000", [samples.video(0)], [rows], 1)
    parquet.write(run)
    files = sorted((to_path(str(run.storage.root)) / "dataset").rglob("*.parquet"))
    kept = [row["id"] for file in files for row in pq.read_table(file).to_pylist()]
    assert sorted(kept) == sorted(clip.id for clip, _ in CLIPS)

"""What docs/recipes.md says of each recipe is what its manifest does: figures are read from the manifest, and must
stand in the recipe's own section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from asid import load_manifest
from asid.pipeline.clips.quality import QualityLimits
from asid.pipeline.prompts import shipped
from asid.pipeline.recipe.steps import Step

DOC = (Path(__file__).parent.parent / "docs" / "recipes.md").read_text("utf-8")
RECIPES = ("asid.yaml", "avocado.yaml", "diadem.yaml", "salmonn2.yaml", "avc-dpo.yaml")
PLAIN = {"ingest", "split", "transcribe", "caption", "format", "filter", "take"}  # of every recipe, or of none alone
TOLD = {  # how the tables call a step
    "cut": "clips", "ensemble": "merg|integrat|works it into", "verify": "verification", "decompose": "taking apart",
    "audit": "audit", "refine": "refinement", "near_duplicates": "near-duplicates", "select": "`select`",
    "correct": "sets speakers right", "tally": "events", "prefer": "pair", "grade": "grades",
}  # fmt: skip
FIGURES = {  # where a figure stands in a manifest, and how the tables write it
    "asid.yaml": {
        "cut.min_seconds": "{} s to", "cut.max_seconds": "`cut: {{whole: true, max_seconds: {}}}`",
        "models.avocado.settings.fps": "{} fps",
        "models.avocado.settings.max_pixels": "{:,} pixels a frame",
        "models.avocado.settings.total_pixels": "{:,} a video",
        "models.avocado.settings.engine.max_model_len": "context of {:,}", "models.seed.model": "{}",
        "models.gemini.model": "{}", "transcribe.reads.weights": "{}",
    },
    "avocado.yaml": {
        "cut.min_seconds": "pieces of {} to", "cut.max_seconds": "to {} s", "models.gemini.model": "{}",
        "models.judge.model": "{}", "visual.max_frames": "{} stills", "filter.min_completeness": "{} or 5",
    },
    "diadem.yaml": {
        "cut.min_seconds": "{} to 20 s", "cut.max_seconds": "3 to {} s", "models.words.model": "{}",
        "models.speakers.model": "{}", "select.min_speech": "`min_speech: {}`",
        "models.avocado.settings.fps": "{} fps", "filter.min_quotes_found": "`min_quotes_found: {}`",
        "filter.quote_exact": "`quote_exact: {}`",
    },
    "salmonn2.yaml": {
        "cut.min_seconds": "pieces of {} to", "cut.max_seconds": "to {} s", "models.policy.settings.fps": "`fps: {}",
        "models.policy.settings.max_frames": "`fps: 1, max_frames: {}`",
        "models.policy.settings.top_p": "`top_p: {}`", "models.judge.model": "{}", "models.reference.model": "{}",
    },
    "avc-dpo.yaml": {
        "cut.min_seconds": "pieces of {} to", "cut.max_seconds": "to {} s", "split.still_every": "{} s apart",
        "filter.min_margin": "`min_margin: {}`", "filter.min_quotes_found": "`min_quotes_found: {}`",
        "filter.quote_exact": "`quote_exact: {}`", "models.policy.model": "{}",
        "models.judge.model": "{}",
    },
}  # fmt: skip


def section(recipe: str) -> str:
    match = re.search(rf"^## {re.escape(recipe)}.*?(?=^## )", DOC, re.MULTILINE | re.DOTALL)
    assert match, f"docs/recipes.md has no section for {recipe}"
    return match[0].casefold()


def steps(recipe: str) -> dict[str, Step]:
    return {step.name.removeprefix("caption-"): step for step in load_manifest(shipped("manifests") / recipe).steps()}


def value(recipe: str, path: str) -> Any:
    first, *rest = path.split(".")
    if first == "models":
        found: Any = load_manifest(shipped("manifests") / recipe).models
    else:
        found = steps(recipe)[first].config
    for part in rest:
        found = found[part] if isinstance(found, Mapping) else getattr(found, part)
    return f"{found:g}" if isinstance(found, float) else found


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_step_has_its_line(recipe: str) -> None:
    kinds = {step.kind.name for step in steps(recipe).values()} - PLAIN
    silent = [kind for kind in sorted(kinds) if not re.search(TOLD[kind], section(recipe))]
    assert not silent, f"{recipe}: the table does not tell of {', '.join(silent)}"


@pytest.mark.parametrize(("recipe", "path", "form"), [(recipe, *one) for recipe in RECIPES
                                                      for one in FIGURES[recipe].items()])  # fmt: skip
def test_figures_are_the_manifests(recipe: str, path: str, form: str) -> None:
    told = form.format(value(recipe, path)).casefold()
    assert told in section(recipe), f"{recipe}: {path} is {value(recipe, path)}, and the table does not say {told!r}"


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_filter_by_quotations_is_told(recipe: str) -> None:
    limits = steps(recipe)["filter"].config
    assert isinstance(limits, QualityLimits)
    if limits.min_quotes_found or limits.quote_exact:
        assert re.search("quotations.*ours", section(recipe)), f"{recipe} drops by quotations and does not say so"


def test_the_rounds_are_those_of_the_table() -> None:
    rounds = load_manifest(shipped("manifests") / "salmonn2.yaml").rounds
    told = [
        f"{one['recipe.filter.min_margin']:.0%}, {one['recipe.filter.min_repetition_gain']:.0%}".replace("%", " %")
        for one in rounds
    ]
    assert told == ["5 %, 1 %", "20 %, -1 %", *["23 %, -1 %"] * 4]
    assert all(one in section("salmonn2.yaml") for one in told)

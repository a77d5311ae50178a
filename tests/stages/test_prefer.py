"""Scored candidates become a pair; filter says whether it is good enough."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.clips.quality import QualityLimits, reasons
from asid.pipeline.rows import Preferred, Score, Scored, grow
from asid.pipeline.stage import Unprocessable
from asid.stages.format import Format, FormatConfig
from asid.stages.prefer import Prefer, PreferConfig
from tests.kits.asking_kit import BY, captioned

NOBODY: Any = None  # neither asks a model
LOOP = "**The wheel** turns and turns again. " * 3
ALONE = QualityLimits(min_words=0, max_repetition=1.0, drop_problems=())


def scored(tmp_path: Path, **values: float) -> Scored:
    """Candidates avocado, seed and gemini, with these scores."""
    made = tuple(Score(annotator=name, value=value, missing=(), incorrect=(), hallucinated=(), why="", by=BY)
                 for name, value in values.items())  # fmt: skip
    row = captioned(tmp_path, "A wheel turns, then stops.", LOOP, "A wheel.")
    return grow(row, Scored, reference="", events=(), scores=made)


def prefer(row: Scored, **settings: str) -> Preferred:
    made = asyncio.run(Prefer(PreferConfig(**settings), NOBODY).process(row))
    assert isinstance(made, Preferred)
    return made


def test_the_best_is_chosen_and_the_worst_rejected(tmp_path: Path) -> None:
    row = prefer(scored(tmp_path, avocado=0.8, seed=0.1, gemini=0.5))
    assert (row.chosen_from, row.draft, row.draft_by) == ("avocado", "A wheel turns, then stops.", BY)
    assert (row.rejected_from, row.rejected, row.rejected_by) == ("seed", LOOP, BY)
    assert row.margin == pytest.approx(0.7) and row.repetition_gain > 0.5
    assert isinstance(row, Scored) and len(row.scores) == 3


def test_a_named_winner_may_be_the_worse_one(tmp_path: Path) -> None:
    row = prefer(scored(tmp_path, avocado=0.2, seed=0.6, gemini=0.9), chosen="avocado", rejected="seed")
    assert (row.chosen_from, row.rejected_from, row.margin) == ("avocado", "seed", pytest.approx(-0.4))
    row = prefer(scored(tmp_path, avocado=0.2, seed=0.6), rejected="seed")
    assert (row.chosen_from, row.rejected_from, row.margin) == ("avocado", "seed", pytest.approx(-0.4))


ONE = "1 candidates with a score"


@pytest.mark.parametrize(("settings", "said"), [({}, ONE), ({"rejected": "seed"}, "no score of 'seed'")])
def test_one_alone_is_no_pair(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(Unprocessable, match=said) as caught:
        prefer(scored(tmp_path, avocado=0.5), **settings)
    assert caught.value.kind == "too_few_candidates"


def test_two_that_say_the_same_are_no_pair_whatever_a_judge_says(tmp_path: Path) -> None:
    row = scored(tmp_path, avocado=0.9, seed=0.1)
    same = tuple(candidate.model_copy(update={"caption": "A wheel."}) for candidate in row.candidates)
    with pytest.raises(Unprocessable, match="avocado and seed say the same") as caught:
        prefer(row.model_copy(update={"candidates": same}))
    assert caught.value.kind == "same_caption"


def test_nobody_wins_against_himself() -> None:
    with pytest.raises(ValueError, match="'seed' cannot be both"):
        PreferConfig(chosen="seed", rejected="seed")


def test_a_pair_must_differ_enough_and_the_limits_count_as_reached(tmp_path: Path) -> None:
    pair = prefer(scored(tmp_path, avocado=0.85, gemini=0.8))
    row = asyncio.run(Format(FormatConfig(mend=False), NOBODY).process(pair))
    assert reasons(row, ALONE) == []
    assert reasons(row, ALONE.model_copy(update={"min_margin": 0.05, "min_repetition_gain": 0.0})) == []
    dropped = reasons(row, ALONE.model_copy(update={"min_margin": 0.06, "min_repetition_gain": 0.01}))
    assert [reason.rule for reason in dropped] == ["margin", "repetition_gain"]


def test_captions_of_a_pair_stay_as_they_were_written(tmp_path: Path) -> None:
    pair = prefer(scored(tmp_path, seed=0.9, gemini=0.8))
    row = asyncio.run(Format(FormatConfig(mend=False), NOBODY).process(pair))
    assert (row.caption, row.mends) == (LOOP, ()) and "repetition" in {problem.kind for problem in row.remaining}
    assert asyncio.run(Format(FormatConfig(), NOBODY).process(pair)).caption != LOOP


def test_a_human_caption_wins_against_the_worst(tmp_path: Path) -> None:
    row = scored(tmp_path, avocado=0.8, seed=0.1, gemini=0.5)
    row = row.model_copy(update={"id": row.video, "tags": {"person": "A wheel turns twice."}})
    made = prefer(row, human="person")
    assert (made.chosen_from, made.draft, made.draft_by.provider) == ("human", "A wheel turns twice.", "human")
    assert (made.rejected_from, made.margin) == ("seed", pytest.approx(0.9))
    assert prefer(row, human="nobody").chosen_from == "avocado"


def test_each_aspect_gives_a_pair_of_its_own_and_what_gives_none_is_told(tmp_path: Path) -> None:
    row = scored(tmp_path, avocado=0.8, gemini=0.5)
    mine = tuple(score.model_copy(update={"aspect": "avocado"}) for score in row.scores)
    other = (row.scores[1].model_copy(update={"aspect": "seed"}),)
    config = PreferConfig(aspects=("avocado", "seed"), rejected="gemini")
    stage = Prefer(config, NOBODY)
    made = asyncio.run(stage.process(row.model_copy(update={"scores": mine + other})))
    assert isinstance(made, list)
    (pair,) = made
    assert pair.id == f"{row.id}-avocado" and pair.margin == pytest.approx(0.3)
    assert pair.tags["no_pair"] == "seed: no score of 'seed'"
    with pytest.raises(Unprocessable, match="avocado: no score"):
        asyncio.run(stage.process(row))

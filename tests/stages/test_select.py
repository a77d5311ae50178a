"""So many clips of each kind, drawn by the seed; the others are set aside before they are paid for."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Decision
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.select import Select, SelectConfig
from asid.stages.take import Take, TakeConfig
from tests.kits.asking_kit import clip


def row(id: str, turns: int, words: int, shots: int, **more: Any) -> dict[str, Any]:
    said = [{"speaker": f"S{n}", "start": n * 2.0, "end": n * 2.0 + 1.5} for n in range(words)]
    return {
        "id": id, "duration": 20.0, "language": "en" if words else "", "tags": {}, "subtitles": [],
        "turns": [{"speaker": f"S{n}", "start": n * 2.0, "end": n * 2.0 + 1.5} for n in range(turns)],
        "utterances": said,
        "shots": [{"start": float(n)} for n in range(shots)], **more,
    }  # fmt: skip


def corpus(count: int) -> list[dict[str, Any]]:
    """One clip in ten has sources that disagree on who speaks."""
    chance = random.Random(7)
    rows = []
    for number in range(count):
        speakers = chance.choice([1, 1, 1, 2, 2, 3])
        heard = speakers + 1 if number % 10 == 0 else speakers
        rows.append(row(f"c{number:04d}", min(heard, 3) if speakers < 3 else 2 + (number % 10 != 0), speakers,
                        chance.choice([1, 1, 4])))  # fmt: skip
    return rows


def decided(rows: list[dict[str, Any]], folder: Path, seed: int = 0, **settings: Any) -> dict[str, Decision]:
    context = Context(Storage(folder), Prompts(), {}, seed)
    return {decision.id: decision for decision in Select(SelectConfig(**settings), context).decide(rows)}


def kinds(rows: list[dict[str, Any]], out: dict[str, Decision]) -> Counter[str]:
    taken = [one for one in rows if one["id"] not in out]
    return Counter(
        f"{len(one['turns']) if len(one['turns']) < 3 else '3+'}/{'single' if len(one['shots']) == 1 else 'multi'}"
        for one in taken
    )


def test_quotas_are_met_on_a_thousand_clips_and_disagreements_set_aside(tmp_path: Path) -> None:
    rows = corpus(1000)
    out = decided(rows, tmp_path, by=["speakers", "shots"], quota=40)
    assert kinds(rows, out) == dict.fromkeys(
        ("1/single", "1/multi", "2/single", "2/multi", "3+/single", "3+/multi"), 40
    )
    aside = {id for id, decision in out.items() if decision.value == "sources_disagree"}
    assert aside == {f"c{number:04d}" for number in range(0, 1000, 10)}
    assert "by turns" in out["c0000"].detail and "by words" in out["c0000"].detail


def test_shares_of_a_total_are_whole_clips(tmp_path: Path) -> None:
    rows = corpus(1000)
    quota = {"1/single": 0.333, "2/multi": 0.333, "3+/multi": 0.334}
    out = decided(rows, tmp_path, by=["speakers", "shots"], quota=quota, total=100)
    assert kinds(rows, out) == {"1/single": 33, "2/multi": 33, "3+/multi": 34}
    assert {decision.value for decision in out.values()} >= {"over_quota:1/multi", "sources_disagree"}


def test_the_draw_depends_on_ids_and_seed_alone(tmp_path: Path) -> None:
    rows = corpus(200)
    first = decided(rows, tmp_path, by=["shots"], quota=20)
    assert set(decided(rows[::-1], tmp_path, by=["shots"], quota=20)) == set(first)
    assert set(decided(rows, tmp_path, seed=1, by=["shots"], quota=20)) != set(first)


def test_who_is_heard_for_less_than_a_second_is_no_speaker(tmp_path: Path) -> None:
    noisy = row("a", 1, 1, 1)
    noisy["turns"].append({"speaker": "S9", "start": 5.0, "end": 5.8})
    assert decided([noisy], tmp_path, by=["speakers"], quota=1) == {}
    noisy["turns"].append({"speaker": "S9", "start": 7.0, "end": 7.4})
    assert decided([noisy], tmp_path, by=["speakers"], quota=1)["a"].value == "sources_disagree"


def test_speech_and_tags_of_the_input_list_count_too(tmp_path: Path) -> None:
    rows = [row("a", 1, 1, 1), row("b", 0, 0, 1), row("c", 1, 1, 1, tags={"people": "4"}),
            row("d", 1, 1, 1, tags={"speakers": "2"})]  # fmt: skip
    out = decided(rows, tmp_path, by=["people"], quota={"4": 1, "unknown": 5}, min_speech=1)
    assert {id: decision.value for id, decision in out.items()} == {"b": "too_little_speech"}
    assert (
        decided(rows, tmp_path, by=["speakers"], quota=5)["d"].detail == "speakers: 1 by turns, 1 by words, 2 by list"
    )


def test_a_kind_with_fewer_clips_than_its_quota_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [row("a", 1, 1, 1), row("b", 1, 1, 1)]
    assert set(decided(rows, tmp_path, by=["shots"], quota={"single": 1, "multi": 3})) & {"a", "b"}
    assert caplog.messages == ["only 0 clips of the kind multi, where the quota asks for 3"]
    caplog.clear()
    decided(rows, tmp_path, by=["shots"], quota={"single": 2})
    decided(rows, tmp_path, by=["shots"], quota=5)  # so many at most of each kind that there is
    assert not caplog.messages


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"by": ["speakers", "shots"], "quota": {"1": 4}}, "must name one value for each of speakers, shots"),
        ({"by": ["shots"], "quota": {"single": 0.5, "multi": 0.4}, "total": 10}, "must sum to 1"),
        ({"by": ["shots"], "quota": {"single": 0.5, "multi": 0.5}}, "shares need `total`"),
    ],
)
def test_quotas_that_cannot_be_are_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SelectConfig(**settings)


def test_what_is_decided_against_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    stage = Take(TakeConfig(), Context(Storage(tmp_path), Prompts(), {}))
    one, other = clip(tmp_path, id="a"), clip(tmp_path, id="b")
    stage.with_decisions({"select": [Decision(id="a", value="over_quota:1/single", detail="40 of 52 are taken")]})
    with pytest.raises(Unprocessable, match=r"over_quota:1/single \(40 of 52 are taken\)") as caught:
        asyncio.run(stage.process(one))
    assert caught.value.kind == "set_aside" and asyncio.run(stage.process(other)) == other

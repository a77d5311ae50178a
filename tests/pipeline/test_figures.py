"""What is counted of a run, held against rows that are counted here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.figures import UNKNOWN, Figures, Quality, gather
from asid.pipeline.models.base import Usage
from asid.pipeline.models.spend import Line
from tests import samples


def line(usd: float | None) -> Line:
    return Line(stage="s", model="m", attribute="", answers=1, rejected=0, calls=1, usage=Usage(), usd=usd, seconds=1.0)


def test_a_clip_counts_once_however_many_attributes_are_wrong() -> None:
    point = Quality("at audit", "measured")
    for errors, missing in ((0, 0), (3, 0), (0, 2), (1, 1)):
        point.add(errors, missing)
    assert point.rates() == {"No-Error": 0.5, "No-Missing": 0.5, "Clean": 0.25}
    assert (point.by_rules, point.told, point.bounded()) == (False, "measured", [])
    assert Quality("none", "measured").rates() == {"No-Error": 0.0, "No-Missing": 0.0, "Clean": 0.0}


def test_one_audit_by_a_model_is_enough_to_be_no_check_by_rules() -> None:
    point = Quality("at audit", "measured")
    point.add(0, 0, ruled=True)
    assert (point.told, list(point.rates())) == (
        "checked by rules",
        ["no rule broken", "no detection left out", "neither"],
    )
    point.add(0, 0)
    assert point.told == "measured" and not point.by_rules
    claimed = Quality("kept", "claimed")
    claimed.add(0, 0, ruled=True)
    assert claimed.told == "claimed, by rules"
    assert not Quality("none", "measured").by_rules


def test_bounds_stand_beside_the_rates_they_are_of() -> None:
    point = Quality("draft", "measured", clips=4, no_error=2, intervals={"No-Error": (0.1, 0.9)})
    assert point.bounded() == [(0.5, (0.1, 0.9))]


@pytest.mark.parametrize(("costs", "usd"), [([], 0.0), ([0.5, 0.25], 0.75), ([0.5, None], None)])
def test_one_unknown_price_makes_the_whole_unknown(costs: list[float | None], usd: float | None) -> None:
    assert Figures([], spending=[line(cost) for cost in costs]).usd == usd


def test_a_run_is_counted_as_its_rows_are(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=8)
    rows = list(run.all_rows("finish"))
    kept = [row for row in rows if row.kept]
    found = gather(run)
    assert (found.shards, found.kept, found.dropped, dict(found.rules)) == (1, 12, 4, {"length": 4})
    assert (found.seconds, found.longest) == (sum(row.duration for row in kept), 45.0)
    assert found.durations == Counter({10: 10, 45: 2})
    assert found.silent == sum(not row.sound for row in kept)
    assert (found.shots, found.speakers) == (Counter({2: 12}), Counter({2: 12}))
    assert found.languages == Counter(row.language for row in kept)
    assert found.words == sum(len(row.caption.split()) for row in kept)
    assert (found.quoted, found.quotes_found, found.hearing) == (12, 12, Counter({"toy hearing": 12}))
    assert found.licences == Counter({"CC-BY": 12})
    assert found.checks == {"anchor_range": (1.0, 0.0)}


def test_findings_are_counted_by_attribute_and_mends_clear_one_finding_each(tmp_path: Path) -> None:
    run = samples.make(
        tmp_path / "run", videos=1, clips=8
    )  # an error in scene each, camera lacks something in every other
    found = gather(run)
    scene, camera = found.attributes[ATTRIBUTES[0]], found.attributes[ATTRIBUTES[6]]
    assert (scene.audited, scene.with_errors, scene.errors, scene.with_missing, scene.edited) == (8, 8, 8, 0, 8)
    assert (camera.with_errors, camera.with_missing, camera.missing, camera.edited) == (0, 4, 4, 0)
    assert (found.attributes["emotions"].given, scene.given) == (0, 8)
    rates = {point.label: (point.clips, list(point.rates().values())) for point in found.quality}
    assert rates == {
        "as audited": (8, [0.0, 0.5, 0.0]),
        "after refine": (8, [1.0, 0.5, 0.5]),  # the one error of each is mended, nothing is filled in
        "kept clips": (6, [1.0, pytest.approx(4 / 6), pytest.approx(4 / 6)]),
    }


def test_what_nobody_states_is_said_not_to_be_stated(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=1, clips=2)
    (video,) = run.rows("ingest", "00000")
    bare = video.model_copy(update={"licence": "", "source": ""})
    rows = [samples.judged(bare, number, language="", utterances=()) for number in range(2)]
    samples.write(run, "00000", [bare], [rows], 1)
    found = gather(run)
    assert found.licences == found.sources == Counter({UNKNOWN: 2})
    assert (found.languages, found.speakers) == (Counter({"no speech": 2}), Counter({0: 2}))


def test_failures_are_shown_a_few_of_each_kind(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=6, clips=1, per_shard=6)
    rows = run.rows("ingest", "00000")
    samples.write(run, "00000", rows, [[samples.judged(rows[0], 0)], *([] for _ in rows[1:])], 1)
    found = gather(run)
    assert {key: len(shown) for key, shown in found.failures.items()} == {("finish", "refusal"): 3}
    assert found.kept == 1

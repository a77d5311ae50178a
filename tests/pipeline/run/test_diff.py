"""Every change between two runs is told with its clip, attribute and cause; equal runs have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.run.diff import diff, tally
from tests.bench.bench_diff import CAUSES, PLACES, opened, rows, write


@pytest.mark.parametrize("cause", CAUSES)
def test_a_changed_caption_is_traced_to_its_cause(tmp_path: Path, cause: str) -> None:
    one, two = opened(tmp_path, "one", second=False), opened(tmp_path, "two", second=True)
    attribute = "camera" if cause == "VERIFY list" else "scene"
    before = [rows(number, "", attribute, one) for number in range(4)]
    after = [rows(number, cause if number == 2 else "", attribute, two) for number in range(4)]
    write(one, before, 2)
    write(two, after, 3)  # other shards
    (change,) = diff(one, two)
    assert change.clip == before[2]["cut"].id and change.what == "changed"
    assert (change.stage, change.attribute, change.causes) == (PLACES[cause], attribute, (cause,))
    assert change.before != change.after and change.usd == 0.0
    assert next(tally([change])).split()[:2] == ["1", "changed"]


def test_clips_that_came_and_went_are_told_with_the_reason(tmp_path: Path) -> None:
    from asid.pipeline.rows import Reason

    one, two = opened(tmp_path, "one", second=False), opened(tmp_path, "two", second=False)
    made = [rows(number, "", "scene", one) for number in range(5)]
    write(one, made[:4], 2)
    dropped = made[1] | {
        "filter": made[1]["filter"].model_copy(
            update={"kept": False, "reasons": (Reason(rule="too_short", detail="2 words"),)}
        )
    }
    write(two, [made[0], dropped, made[2], made[4]], 2)
    found = {change.clip: (change.what, change.causes) for change in diff(one, two)}
    ids = [row["cut"].id for row in made]
    assert found == {ids[1]: ("out", ("too_short",)), ids[3]: ("out", ("input",)), ids[4]: ("in", ("input",))}


def test_equal_runs_have_no_difference(tmp_path: Path) -> None:
    one, two = opened(tmp_path, "one", second=False), opened(tmp_path, "two", second=False)
    made = [rows(number, "", "scene", one) for number in range(3)]
    write(one, made, 2)
    write(two, made, 3)
    assert list(diff(one, two)) == []
    assert list(tally([])) == ["no difference"]

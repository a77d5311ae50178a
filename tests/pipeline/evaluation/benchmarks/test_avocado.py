"""AVoCaDO's benchmark: check lists read or drawn up, verdicts counted, captions without a verdict not lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.evaluation.benchmarks.avocado import AVOCADO, KeyPoint, KeyPoints, PointVerdicts, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.metrics.checklist import CATEGORIES
from tests.kits.casekit import case, lines, outcome, rows

POINTS, VERDICTS = AVOCADO.steps["points"], AVOCADO.steps["verdicts"]
TOLD = {"verdicts": [{"point": 2, "told": False}, {"point": 1, "told": True}]}


def test_points_are_read_with_their_categories_or_none(tmp_path: Path) -> None:
    intake = DataIntake()
    points = [{"point": "a", "category": "x"}, "b", {"category": "y"}]
    one, other, empty = load(
        lines(tmp_path / "d.jsonl", {"video_id": "v.mp4", "points": points}, {"video_id": "w", "solution": "A cat."},
              {"video_id": "e"}), intake,
    )  # fmt: skip
    assert (one.statements, one.choices) == (("a", "b"), ("x", "unnamed")) and not one.is_empty
    assert other.reference == "A cat." and not other.is_empty and empty.is_empty
    assert intake.notes.total() == 1


def test_a_file_without_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no reference"):
        load(lines(tmp_path / "d.jsonl", {"reference": "whose?"}), DataIntake())


def test_a_check_list_is_drawn_up_only_where_there_is_none() -> None:
    assert POINTS.values(case("a", statements=("x",), choices=("y",))) is None
    values = POINTS.values(case("a", reference="A cat sits."))
    assert values is not None and "A cat sits." in values["reference"]


def test_a_category_of_the_judges_own_is_asked_again() -> None:
    good = KeyPoints(points=[KeyPoint(point="a", category=CATEGORIES[0])])
    bad = KeyPoints(points=[KeyPoint(point="a", category="mood")])
    assert POINTS.check(good, case("a")) is None and "unknown category 'mood'" in (POINTS.check(bad, case("a")) or "")


def test_every_point_must_have_its_verdict() -> None:
    known = case("a", statements=("x", "y"), choices=("c", "c"))
    assert VERDICTS.check(PointVerdicts.model_validate(TOLD), known) is None
    assert "of point 2" in (
        VERDICTS.check(PointVerdicts.model_validate({"verdicts": TOLD["verdicts"][1:]}), known) or ""
    )
    assert "1. x\n2. y" in (VERDICTS.values(known) or {})["points"]


def test_points_of_cases_without_a_verdict_stay_in_the_count() -> None:
    known = {"statements": ("x", "y"), "choices": ("c", "d")}
    drawn = {
        "points": {"points": [{"point": "z", "category": "d"}]},
        "verdicts": {"verdicts": [{"point": 1, "told": True}]},
    }
    found = outcome([case("a", replies={"points": None, "verdicts": TOLD}, **known), case("b", replies=drawn),
                     case("c", caption="", **known), case("d", caption="")])  # fmt: skip
    main, categories = tables(found)
    assert rows(categories)["c"] == (2, 50.0) and rows(categories)["d"] == (3, pytest.approx(100 / 3))
    assert rows(categories)["all"] == (6, pytest.approx(100 * 2 / 6))
    assert rows(main)["mine"][0] == pytest.approx(100 * 2 / 6)


def test_length_needs_tokens_and_a_missing_caption_has_none() -> None:
    known = {"statements": ("x", "y"), "choices": ("c", "d")}
    reply = {"verdicts": TOLD}
    one = tables(outcome([case("a", replies=reply, tokens=3072, **known), case("b", caption="", **known)]))[0]
    assert rows(one)["mine"][1] == pytest.approx(100 * (0.5 + 0) / 2) and not one.notes
    other = tables(outcome([case("a", replies=reply, **known)]))[0]
    assert rows(other)["mine"][1] is None and "tokens" in other.notes[0]


def test_repetition_counts_missing_captions_as_fallen() -> None:
    known = {"statements": ("x", "y"), "choices": ("c", "d")}
    loop = case("a", caption="on and " * 20, replies={"verdicts": TOLD}, **known)
    plain = case("b", caption="A cat sits here.", replies={"verdicts": TOLD}, **known)
    found = tables(outcome([loop, plain, plain.model_copy(update={"id": "p"}), case("c", caption="", **known)]))[0]
    assert rows(found)["mine"][3] == 50.0

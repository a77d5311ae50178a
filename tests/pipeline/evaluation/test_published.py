"""The papers' tables out of what runs left: pairs and quadruples in a cell, sets joined in a row, what was not run."""

from __future__ import annotations

from typing import Any

from asid.pipeline.evaluation.published import BASELINE, RunFigures, tables

DIMENSIONS = ("overall", "aesthetics", "content", "motion", "physics")


def run(benchmark: str, system: str, columns: tuple[str, ...], rows: dict[str, Any], name: str = "r") -> RunFigures:
    return RunFigures(name, benchmark, system, columns, rows, "judge by prompt 1", "runs 1, scored 2 of 2")


def test_vidcap_has_four_figures_in_a_cell_and_a_column_for_each_dimension() -> None:
    rows = {name: [10, 18.21, 59.97, 93.32, 3.7] for name in DIMENSIONS[:-1]}
    (table,) = tables([run("vidcap", "ASID", ("Questions", "Acc", "Pre", "Cov", "Con"), rows)])
    assert table.rows == (("ASID", *["18.2 / 60.0 / 93.3 / 3.7"] * 4, None),)
    assert table.title.endswith("(ASID, Tab. 4)") and table.columns[1].startswith("Overall")


def test_vdc_pairs_accuracy_and_score_and_gives_the_mean_of_both() -> None:
    columns = ("camera Acc↑", "detailed Acc↑", "Avg. Acc↑", "camera Score↑", "detailed Score↑")
    made = {table.title: table for table in tables([
        run("vdc", "A", columns, {"A": [38.2, 43.2, 40.7, 1.7, 1.9]}),
        run("salmonn2", "A", ("%Miss", "%Hall", "%Total"), {"A": [20.5, 15.4, 35.9]}, "s"),
    ])}  # fmt: skip
    (vdc,) = [table for title, table in made.items() if "Tab. 3" in title]
    assert vdc.rows == (("A", "38.2 / 1.7", None, None, None, "43.2 / 1.9", "40.7 / 1.8"),)
    (ours,) = [table for title, table in made.items() if "video-SALMONN 2, Tab. 2" in title]
    assert ours.rows == (("A", 20.5, 15.4, 35.9, "43.2 / 1.9"),)


def test_sets_of_questions_join_in_a_row_and_a_second_run_of_one_has_its_own() -> None:
    (table,) = tables([
        run("qa", "A", ("Daily-Omni↑",), {"A": [61.2]}), run("qa", "A", ("World-Sense↑",), {"A": [34.0]}),
        run("qa", "B", ("World-Sense↑",), {"B": [0.0]}), run("qa", "A", ("World-Sense↑",), {"A": [35.0]}, "again"),
    ])  # fmt: skip
    assert table.columns == ("Model", "Daily-Omni↑", "World-Sense↑")
    assert table.rows == (("A", 61.2, 34.0), ("B", None, 0.0), ("A (again)", None, 35.0))


def test_the_baseline_stands_once_below_all_systems() -> None:
    cells = {BASELINE: [27.0, 34.3, 0.4, 0.0]}
    columns = ("mIoU↑", "R1@0.3↑", "R1@0.5↑", "R1@0.7↑")
    (table,) = tables([run("grounding", name, columns, {name: [28.5, 44.1, 26.3, 11.0], **cells}) for name in "AB"])
    assert [row[0] for row in table.rows] == ["A", "B", BASELINE]


def test_an_even_number_of_runs_has_no_row_of_the_system_and_stays_open() -> None:
    rows = {"A, run 1": [1.0, 2.0, 3.0], "A, run 2": [1.0, 2.0, 3.0]}
    (table,) = tables([run("salmonn2", "A", ("%Miss", "%Hall", "%Total"), rows)])
    assert table.rows == (("A", None, None, None),)

"""Tables as values, and their cells as they are printed."""

from __future__ import annotations

import json

import pytest

from asid.pipeline.evaluation.tables import Cell, Table, percent, shown
from asid.pipeline.metrics.figure import Figure


@pytest.mark.parametrize(
    ("cell", "digits", "text"),
    [(None, 1, "–"), (12.345, 1, "12.3"), (12.345, 2, "12.35"), (7, 3, "7"), ("a", 1, "a"),
     (0.0, 0, "0"), (99.96, 1, "100.0")],
)  # fmt: skip
def test_numbers_are_rounded_only_where_they_are_shown(cell: Cell, digits: int, text: str) -> None:
    assert shown(cell, digits) == text


def test_a_figure_becomes_percent_and_none_stays_none() -> None:
    assert percent(Figure(0.125, 1, 1)) == 12.5 and percent(Figure(0.0, 1, 1)) == 0.0
    assert percent(Figure(None, 0, 0)) is None


def test_a_table_is_json() -> None:
    plain = Table("T", ("Model", "F1"), (("mine", 1 / 3),), notes=("n",)).plain()
    assert json.loads(json.dumps(plain)) == {
        "title": "T", "columns": ["Model", "F1"], "rows": [["mine", 1 / 3]], "digits": 1, "notes": ["n"],
    }  # fmt: skip

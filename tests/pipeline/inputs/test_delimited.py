"""Rows of CSV and TSV: every line is a row or a loss with its own number."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.delimited import read_delimited
from asid.pipeline.inputs.readers import BadRow, Lines


def check(names: Sequence[str]) -> str:
    """As the list of an input does: a column called `uri` has the addresses."""
    if "uri" not in names:
        raise InputError("no column of addresses")
    return "uri"


def rows(text: str, tabs: bool = False) -> list[tuple[int | str, object]]:
    found = read_delimited(Lines(io.BytesIO(text.encode()), ""), tabs, check)
    return [(number, str(row) if isinstance(row, BadRow) else row) for number, row in found]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_between_cells_is_found_by_the_column_of_addresses(mark: str) -> None:
    assert rows(f"uri{mark}title\na.mp4{mark}A film\n") == [(2, {"uri": "a.mp4", "title": "A film"})]


def test_excel_s_line_about_the_mark_is_believed() -> None:
    assert rows("sep=|\nuri|a,b\nx.mp4|1\n") == [(3, {"uri": "x.mp4", "a,b": "1"})]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('title,uri\n"one, two\nand ""three""",a.mp4\nfour,b.mp4\n', ['one, two\nand "three"', "four"]),
        ('uri,title\na.mp4,"one\n\nand two"\nb.mp4,four\n', ["one\n\nand two", "four"]),
        ('title,uri\n"one\n\ntwo\n",a.mp4\nfour,b.mp4\n', ["one\n\ntwo\n", "four"]),
        ('year,uri,title\n"19\n99",a.mp4,one\n"19\n98",b.mp4,"two\nlines"\n', ["one", "two\nlines"]),
    ],
)
def test_cells_in_quotation_marks_may_hold_marks_and_lines_on_either_side_of_the_address(
    text: str, wanted: list[str]
) -> None:
    found = [row for _, row in rows(text)]
    assert [row["title"] for row in found if isinstance(row, dict)] == wanted
    assert [row["uri"] for row in found if isinstance(row, dict)] == ["a.mp4", "b.mp4"]


def test_rows_swallowed_by_a_cell_that_happens_to_be_closed_are_all_lost_by_name() -> None:
    for text in ('title,uri\n"open,a.mp4\ntwo",b.mp4\nthree,c.mp4\n', 'uri,title\na.mp4,"open\nb.mp4,two"\nc.mp4,x\n'):
        found = rows(text)
        assert [number for number, row in found if isinstance(row, str)] == [2, 3]
        assert [number for number, row in found if isinstance(row, dict)] == [4]


def test_an_open_quotation_mark_costs_the_lines_that_it_swallows_each_by_its_number() -> None:
    found = rows('uri,title\na.mp4,"open\nb.mp4,two\nc.mp4,three\n')
    assert [number for number, _ in found] == [2, 3, 4]
    assert all(isinstance(row, str) for _, row in found)
    assert "begins in line 2" in str(found[1][1])


def test_too_many_cells_are_a_loss_and_too_few_are_not() -> None:
    assert rows("uri,title\na.mp4,one,more\nb.mp4\n") == [
        (2, "more cells than the list has columns"),
        (3, {"uri": "b.mp4"}),
    ]
    assert rows("uri\ttitle\na.mp4\tone\tmore\nb.mp4\n", tabs=True) == [
        (2, "more cells than the list has columns"), (3, {"uri": "b.mp4"}),
    ]  # fmt: skip


def test_a_quotation_mark_in_a_tsv_is_a_character_unless_all_names_have_them() -> None:
    assert rows('uri\ttitle\na.mp4\t6" nails\n', tabs=True) == [(2, {"uri": "a.mp4", "title": '6" nails'})]
    assert rows('"uri"\t"title"\n"a.mp4"\t"two\twords"\n', tabs=True) == [(2, {"uri": "a.mp4", "title": "two\twords"})]


def test_names_that_stand_twice_are_both_kept() -> None:
    assert rows("uri,n,n\na.mp4,1,2\n") == [(2, {"uri": "a.mp4", "n": "1", "n (2)": "2"})]


def test_empty_lines_are_nothing_and_an_empty_file_is_no_list() -> None:
    assert rows("\n\nuri\n\na.mp4\n\n") == [(5, {"uri": "a.mp4"})]
    assert rows("") == [] and rows("\n \n") == []


def test_names_without_addresses_are_told_before_any_row() -> None:
    for tabs in (False, True):
        with pytest.raises(InputError, match="no column of addresses"):
            rows("title,year\nA film,2001\n", tabs)

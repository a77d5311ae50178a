"""Rows of CSV and TSV files. In a TSV a quotation mark is a character like any other; in a CSV one that is not closed
takes the lines after it along, and each of them is named."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from asid.pipeline.inputs.base import VIDEO, InputError, ending
from asid.pipeline.inputs.readers import LONGEST, BadRow, Broken, Check, Lines, Numbered
from asid.pipeline.storage import REMOTE

DELIMITERS = (",", ";", "\t", "|")  # a CSV's, tried in this order until a column of addresses shows

TOO_MANY = "more cells than the list has columns"


def read_delimited(lines: Lines, tabs: bool, check: Check) -> Iterator[Numbered]:
    """The rows below the line of names. Raises InputError when that line names no column of addresses."""
    csv.field_size_limit(LONGEST)
    records = _records(lines, tabs, check)
    try:
        names = _distinct(next(records)[1])  # type: ignore[arg-type]
    except StopIteration:
        return
    check(names)
    for number, cells in records:
        yield number, cells if isinstance(cells, BadRow) else dict(zip(names, cells, strict=False))


def _records(lines: Lines, tabs: bool, check: Check) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Cells with the number of the line they begin in; the names of the columns come first."""
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    if tabs and not _is_quoted(first):
        names = first.rstrip("\r\n").split("\t")
        yield lines.number, names
        yield from _tabbed(lines, len(names))
        return
    delimiter = "\t" if tabs else _delimiter(first, check)
    if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:
        delimiter, first = first[4], next(lines, "")
    yield from _quoted(lines, first, delimiter, check)


def _tabbed(lines: Lines, most: int) -> Iterator[tuple[int, list[str] | BadRow]]:
    try:
        for line in lines:
            cells = line.rstrip("\r\n").split("\t")
            if lines.too_long:
                yield lines.number, BadRow(f"longer than {LONGEST >> 20} Mi characters")
            elif len(cells) > most:
                yield lines.number, BadRow(TOO_MANY)
            elif cells != [""]:
                yield lines.number, cells
    except Broken as error:
        yield lines.number + 1, BadRow(str(error))


class _Record:
    """Hands lines to the reader of CSV and keeps those of the record that it is in."""

    def __init__(self, lines: Lines, first: str):
        self.lines, self.first = lines, first
        self.raw: list[str] = []
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self.first = self.first or next(self.lines), ""
        self.too_long |= self.lines.too_long
        self.raw.append(line)
        return line

    def take(self) -> tuple[int, list[str], bool]:
        """Number of the record's first line, its lines, and whether one was too long. The next record begins."""
        raw, long, self.raw, self.too_long = self.raw, self.too_long, [], False
        return self.lines.number - len(raw) + 1, raw, long


def _quoted(lines: Lines, first: str, delimiter: str, check: Check) -> Iterator[tuple[int, list[str] | BadRow]]:
    record = _Record(lines, first)
    reader = csv.reader(record, delimiter=delimiter, strict=True)
    names: list[str] = []
    place = -1  # of the addresses among the cells; below 0 as long as the names are not read
    while True:
        wrong, cells = "", None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, Broken) as error:
            wrong = str(error)
            if isinstance(error, Broken):
                record.raw.append("")
                lines.number += 1
        number, raw, too_long = record.take()
        if too_long:
            wrong = f"longer than {LONGEST >> 20} Mi characters"
        if place < 0:
            if wrong or not cells:
                raise InputError(f"its line of names cannot be read: {wrong}")
            names = _distinct(cells)
            place = names.index(check(names))
        elif not wrong and cells and len(cells) > len(names):
            wrong = TOO_MANY
        elif not wrong and len(raw) > 1 and not _address(cells or [], place):
            wrong = "no address, in a row of several lines"
        elif not wrong and _swallows(raw, delimiter, place, _address(cells or [], place)):
            wrong = "an open quotation mark swallows rows"
        if not wrong and cells:
            yield number, cells
        elif wrong:
            for more, _ in enumerate(raw):
                lost = f"{wrong}, in a cell that begins in line {number}" if more else wrong
                yield number + more, BadRow(lost)
            if "breaks off" in wrong:
                return


def _address(cells: Sequence[str], place: int) -> str:
    """The cell of the address, if it is one: within one line."""
    cell = cells[place] if place < len(cells) else ""
    return "" if "\n" in cell or "\r" in cell else cell.strip()


def _swallows(raw: Sequence[str], delimiter: str, place: int, own: str) -> bool:
    """Whether one of the lines of a record looks like a row of its own. One line of them all holds the record's own
    address: the last one, where a cell of several lines stands before it."""
    found = [_row_address(line, delimiter, place) for line in raw]
    return len(raw) > 1 and (sum(map(bool, found)) > 1 or any(one not in ("", own) for one in found[1:]))


def _row_address(line: str, delimiter: str, place: int) -> str:
    """What a line has where the others have their address, if it looks like one."""
    cells = line.strip().split(delimiter)
    cell = cells[place].strip('" ') if len(cells) > max(place, 1) else ""
    return cell if ending(cell) in VIDEO or cell.startswith(REMOTE) else ""


def _delimiter(first: str, check: Check) -> str:
    """The mark between names that shows a column of addresses; else a comma."""
    for delimiter in DELIMITERS:
        try:
            check(_distinct(next(csv.reader([first], delimiter=delimiter))))
        except (InputError, csv.Error, StopIteration):
            continue
        return delimiter
    return ","


def _is_quoted(first: str) -> bool:
    """Whether all names of a TSV stand in quotation marks: then it was written with them, as a CSV is."""
    cells = first.strip("\r\n").split("\t")
    return all(len(cell) > 1 and cell.startswith('"') and cell.endswith('"') for cell in cells)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of columns, each once: of two that are the same the second is called `NAME (2)`."""
    seen: dict[str, int] = {}
    given = []
    for name in (name.strip().removeprefix("\ufeff") for name in names):
        seen[name] = seen.get(name, 0) + 1
        given.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return given

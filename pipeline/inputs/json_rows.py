"""Rows of JSON: one object a line, or one array of them, whatever the file's ending says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from asid.pipeline.inputs.base import InputError
from asid.pipeline.inputs.readers import LONGEST, BadRow, Broken, Check, Lines, Numbered

MOST = 256 << 20  # characters of a JSON that is read as one
SPACE = " \t\r\n"


def read_json(lines: Lines, one: bool, check: Check) -> Iterator[Numbered]:
    """`one`: the file is said to be one JSON value (`.json`), not one a line. Raises InputError for one object that
    is no row."""
    try:
        first = next((line for line in lines if line.strip()), "")
    except Broken as error:
        raise InputError(str(error)) from error
    start = lines.number
    if first.lstrip()[:1] != "[" and not one:
        yield from _lines(lines, first)
        return
    whole, broken = [first], ""
    try:
        size = 0
        for line in lines:
            whole.append(line)
            size += len(line)
            if size > MOST:
                raise InputError(f"it is one JSON of more than {MOST >> 20} Mi characters: write one object a line")
    except Broken as error:
        broken = str(error)
    text = "".join(whole)
    if text.lstrip()[:1] == "[" and not (_is_json(first) and any(line.strip() for line in whole[1:])):
        rows = list(_array(text, start, broken))
        if rows or not text.strip(SPACE + "[]"):
            yield from rows
            return
    elif (row := _object(text)) is not None:
        check(list(row))
        yield 1, row
        return
    for number, line in enumerate(whole, start):
        if line.strip():
            yield number, _parsed(line)
    if broken:
        yield start + len(whole), BadRow(broken)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError, BadRow):
        return None
    return value if isinstance(value, dict) else None


def _array(text: str, start: int, broken: str) -> Iterator[Numbered]:
    """The items of an array with their numbers, as far as they can be read; then each line that is lost. Nothing when
    not even one item can be read: there are lines of other things that begin with a bracket."""
    place, number, wrong = _skip(text, text.index("[") + 1), 0, ""
    while not wrong and text[place : place + 1] != "]":
        try:
            value, after = json.JSONDecoder().raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            wrong = broken or f"not JSON: {error}"
            break
        number += 1
        yield number, _parsed(text[place:after]) if isinstance(value, dict) else as_row(value)
        place = _skip(text, after)
        if text[place : place + 1] == ",":
            place = _skip(text, place + 1)
        elif text[place : place + 1] != "]":
            wrong = broken or "the array breaks off"
    if not wrong and (place := _skip(text, place + 1)) < len(text):
        wrong = "something follows the array"
    if not wrong or not number:
        return
    line = start + text.count("\n", 0, place)
    lost = [line + more for more, words in enumerate(text[place:].split("\n")) if words.strip()] or [line]
    for here in lost:
        yield f"line {here}", BadRow(wrong if here == line else f"{wrong}, in line {line}")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in SPACE:
        place += 1
    return place


def _lines(lines: Lines, first: str) -> Iterator[Numbered]:
    try:
        for line in chain([first] if first else [], lines):
            if lines.too_long:
                yield lines.number, BadRow(f"longer than {LONGEST >> 20} Mi characters")
            elif line.strip():
                yield lines.number, _parsed(line)
    except Broken as error:
        yield lines.number + 1, BadRow(str(error))


def _parsed(line: str) -> dict[str, Any] | str | BadRow:
    try:
        return as_row(json.loads(line, object_pairs_hook=_once))
    except BadRow as error:
        return error
    except (ValueError, RecursionError) as error:
        return BadRow(f"not JSON: {error}")


def as_row(value: Any) -> dict[str, Any] | str | BadRow:
    """Take a JSON value as a row, or say that it is none."""
    return value if isinstance(value, (dict, str)) else BadRow("not a JSON object")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once. Raises BadRow where one stands twice with two values."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise BadRow(f"the key {key!r} stands twice, with two values")
        found[key] = value
    return found

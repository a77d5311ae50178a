"""The JSON in a model's answer: what can be read safely is read, and nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from json.decoder import JSONDecoder
from typing import Any, NoReturn

from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.models.replies import SURROGATE

LONGEST_NUMBER = 100  # digits; a longer one is a model that did not find its end
SEARCHED = 1_000_000  # characters of an answer that are looked through for JSON
TRIES = 500  # places of it where JSON may begin
MENDED = 100_000  # characters of a broken text that are worth a mend
OPENINGS = re.compile(r"[\[{]")
NAME = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:')


class Unsafe(InvalidAnswer):
    """JSON that can be read in more ways than one, or in none: no mend makes it safe."""


def parse(text: str) -> tuple[Any, tuple[str, ...]]:
    """JSON in a text, mended if one cheap mend will do. The first whole object counts, whatever follows it. What was
    cut short is not mended: it would pass as whole. Raises InvalidAnswer."""
    notes: list[str] = []
    try:
        return _strict(text, notes), tuple(notes)
    except ValueError as error:
        problem = f"not JSON: {error}"
    if len(text) > SEARCHED:
        raise InvalidAnswer(f"{problem}; it has {len(text)} characters")
    notes.clear()
    found = first_whole(text, notes)
    if found is not None:
        return found, ("took the JSON out of the text around it", *notes)
    inner = unwrap(text)
    if cut_short(inner):
        raise InvalidAnswer(f"{problem}; it breaks off before its end")
    if len(inner) > MENDED:
        raise InvalidAnswer(problem)
    if twice := repeated(inner):
        raise Unsafe(f"the key {twice!r} stands twice")
    value = mend(inner)
    if value is None:
        raise InvalidAnswer(problem)
    if fault := unfit(value):
        raise Unsafe(fault)
    return value, (f"mended JSON ({problem})",)


def first_whole(text: str, notes: list[str]) -> Any:
    """The first object in a text that is whole, or the list of objects that holds it; None when there is none. What is
    inside of a broken or unfinished object is not whole."""
    at, decoder = 0, _decoder(notes)
    for _ in range(TRIES):
        if (found := OPENINGS.search(text, at)) is None:
            return None
        start = found.start()
        notes.clear()
        try:
            value, end = decoder.raw_decode(text, start)
        except RecursionError:
            raise Unsafe("the answer is nested too deep") from None
        except ValueError:
            if found[0] == "{":
                at = closed(text, start)
                if at < 0:
                    return None
            else:
                at = start + 1  # a bracket in prose
            continue
        if isinstance(value, dict) and value:
            return value
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            return value
        at = end
    return None


def closed(text: str, start: int) -> int:
    """Where the brace at `start` is closed, past the end; -1 when it is not."""
    depth = 0
    for at, character in _marks(text, start):
        depth += 1 if character in "{[" else -1
        if depth == 0:
            return at + 1
    return -1


def mend(text: str) -> Any:
    """What json-repair makes of a broken JSON text; None when it finds nothing in it."""
    import json_repair

    try:
        value = json_repair.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if value == "" else value


def unwrap(text: str) -> str:
    """The outermost braces of a text and what is between them; without braces the text itself."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return text
    return text[start : end + 1] if end > start else text[start:]


def cut_short(text: str) -> bool:
    """Whether more is opened than closed, in quotes or brackets."""
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
    return quoted or depth > 0


def repeated(text: str) -> str:
    """A key that stands twice in one object of a broken JSON text, "" when there is none."""
    levels: list[set[str]] = [set()]
    at = 0
    while at < len(text):
        character = text[at]
        if character == '"':
            if name := NAME.match(text, at):
                if name[1] in levels[-1]:
                    return name[1][:100]
                levels[-1].add(name[1])
                at = name.end()
                continue
            at = _quote_end(text, at)
            continue
        if character in "{[":
            levels.append(set())
        elif character in "}]" and len(levels) > 1:
            levels.pop()
        at += 1
    return ""


def strings(value: Any) -> Iterator[str]:
    """All texts in a value, at any depth; names of fields are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)


def unfit(value: Any) -> str:
    """What in a value no file can hold as it is: NaN, infinities, 10**400, half a character; "" when there is none."""
    queue = [value]
    while queue:
        one = queue.pop()
        if isinstance(one, dict):
            queue.extend(one.keys())
            queue.extend(one.values())
        elif isinstance(one, (list, tuple)):
            queue.extend(one)
        elif isinstance(one, float) and not math.isfinite(one):
            return f"{one} is no number"
        elif isinstance(one, int) and abs(one) >= 10**LONGEST_NUMBER:
            return f"an integer of more than {LONGEST_NUMBER} digits is none"
        elif isinstance(one, str) and (half := SURROGATE.search(one)):
            return f"the answer holds half a character, U+{ord(half[0]):04X}"
    return ""


def _marks(text: str, start: int) -> Iterator[tuple[int, str]]:
    """The brackets outside of quotes."""
    at = start
    while at < len(text):
        if text[at] == '"':
            at = _quote_end(text, at)
            continue
        if text[at] in "{}[]":
            yield at, text[at]
        at += 1


def _quote_end(text: str, start: int) -> int:
    at = start + 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _strict(text: str, notes: list[str]) -> Any:
    try:
        return _decoder(notes).decode(text)
    except RecursionError:
        raise Unsafe("the answer is nested too deep") from None


def _decoder(notes: list[str]) -> JSONDecoder:
    """Strict, and no key may stand for two values. `notes` takes what is said of keys that stand twice for one."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in found:
            if name in made:
                if made[name] != value:
                    raise Unsafe(f"the key {name[:100]!r} stands twice, with different values")
                notes.append(f"the key {name[:100]!r} stood twice, with the same value")
            made[name] = value
        return made

    return JSONDecoder(parse_constant=_no_constant, object_pairs_hook=pairs, parse_int=_integer, parse_float=_float)


def _no_constant(name: str) -> NoReturn:
    raise Unsafe(f"{name} is no number")


def _integer(text: str) -> int:
    _check_length(text)
    return int(text)


def _float(text: str) -> float:
    _check_length(text)
    if not math.isfinite(value := float(text)):
        raise Unsafe(f"{text} is no number")
    return value


def _check_length(text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        raise Unsafe(f"a number of {len(text)} characters is none")


__all__ = ["Unsafe", "closed", "cut_short", "first_whole", "mend", "parse", "repeated", "unfit", "unwrap"]

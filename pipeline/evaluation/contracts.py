"""What a judge is asked about a case, and which answers count: the contract of one step of a judged benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from asid.pipeline.evaluation.rows import Case
from asid.pipeline.prompts import fence

Values = Mapping[str, str]


def anything(_value: Any, _case: Case) -> str | None:
    """Object to nothing."""
    return None


@dataclass(frozen=True)
class Contract:
    """`values` gives what the prompt is rendered with, None when nothing is to be asked of this case. `answer` is the
    form of the reply (None: plain text). `check` says why a reply of that form is not acceptable; it is asked again
    with that reason, and the case fails by kind when the judge goes on so, unless that kind is `left`: then the next
    step has the case, with no reply of this one. Raise `version` when the code here changes what is asked or accepted.
    """

    prompt: str
    places: tuple[str, ...]
    values: Callable[[Case], Values | None]
    answer: type[BaseModel] | None = None
    check: Callable[[Any, Case], str | None] = anything
    sees: bool = False  # is shown the clip where there is one
    left: tuple[str, ...] = ()  # kinds of failure that the next step makes up for
    settings: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0})
    version: int = 1


def numbered(kind: str, items: Iterable[str]) -> str:
    """Items as fenced lines, `1. …`."""
    return fence(kind, "\n".join(f"{number}. {' '.join(item.split())}" for number, item in enumerate(items, 1)))


def numbered_once(numbers: Sequence[int], count: int, what: str) -> str | None:
    """Say why numbers are not some of 1 to `count`, each once; None when they are."""
    if wrong := [number for number in numbers if not 1 <= number <= count]:
        return f"there is no {what} {wrong[0]}: they are numbered 1 to {count}"
    if len(set(numbers)) < len(numbers):
        return f"a {what} stands twice"
    return None


def each_once(numbers: Sequence[int], count: int, what: str) -> str | None:
    """Say why numbers are not all of 1 to `count`, each once; None when they are."""
    if fault := numbered_once(numbers, count, what):
        return fault
    if missing := sorted(set(range(1, count + 1)) - set(numbers)):
        return f"nothing is said of {what} {missing[0]}: there are {count}"
    return None

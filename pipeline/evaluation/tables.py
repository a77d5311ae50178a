"""Tables of figures, in the layout of the papers, with what each figure rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from asid.pipeline.metrics.figure import Figure

Cell = str | float | int | None


@dataclass(frozen=True)
class Table:
    """`rows` begin with the name of what is scored. Numbers are kept whole here and rounded where they are shown. None
    is a figure that cannot be told: an empty group, an unknown count."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: int = 1
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def shown(cell: Cell, digits: int) -> str:
    """A cell as it is printed."""
    if cell is None:
        return "–"
    return f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell)


def percent(figure: Figure) -> float | None:
    """A figure between 0 and 1 in percent."""
    return None if figure.value is None else 100 * figure.value

"""Whether a caption tells the attributes it was asked for and no others (ASID, Tab. 9).

The judge says of each of the eight attributes whether the caption has it explicitly, in passing or not at all. Whether
the prompt was followed is computed here from those levels, never taken from the judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.metrics.figure import Absent, Figure, mean

Level = Literal["none", "minor", "explicit"]
LEVELS = ("none", "minor", "explicit")


@dataclass(frozen=True)
class Following:
    """One prompt: the attributes it asks for, and the judge's level of each attribute."""

    targets: frozenset[str]
    levels: Mapping[str, Level]

    @property
    def unexplicit(self) -> list[str]:
        """Attributes that were asked for and are not told explicitly."""
        return sorted(name for name in self.targets if self.levels[name] != "explicit")

    @property
    def extra(self) -> list[str]:
        """Attributes told explicitly that nobody asked for."""
        return sorted(name for name, level in self.levels.items() if level == "explicit" and name not in self.targets)

    @property
    def followed(self) -> bool:
        return not self.unexplicit and not self.extra


def attribute_key(name: str) -> str:
    """Name an attribute as this project does: the papers' tools write "narrative_elements", or with a space. Raises
    ValueError for an unknown one."""
    key = name.replace("_", " ").strip().casefold().removesuffix(" elements")
    if key not in ATTRIBUTES:
        raise ValueError(f"unknown attribute {name!r}; there are {', '.join(ATTRIBUTES)}")
    return key


def read_levels(levels: Mapping[str, str]) -> dict[str, Level]:
    """Read a judge's levels. Raises ValueError unless each of the eight attributes has one of the three levels."""
    found = {attribute_key(name): str(level).strip().casefold() for name, level in levels.items()}
    if len(found) < len(levels):
        raise ValueError("an attribute has two levels")
    if lacking := [name for name in ATTRIBUTES if name not in found]:
        raise ValueError(f"no level of {', '.join(lacking)}")
    if wrong := sorted({level for level in found.values() if level not in LEVELS}):
        raise ValueError(f"unknown level {wrong[0]!r}; there are {', '.join(LEVELS)}")
    return {name: cast(Level, found[name]) for name in ATTRIBUTES}


def figures(prompts: Iterable[tuple[int, bool | Absent]]) -> dict[str, Figure]:
    """Give the share that was followed for each number of attributes asked for (`k=1`, …), and `all`. A prompt without
    a verdict is not followed."""
    by_k: dict[int, list[float | Absent]] = {}
    for k, followed in prompts:
        by_k.setdefault(k, []).append(followed if isinstance(followed, Absent) else float(followed))
    shares = {f"k={k}": mean(by_k[k]) for k in sorted(by_k)}
    return shares | {"all": mean(one for found in by_k.values() for one in found)}

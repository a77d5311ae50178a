"""Look up by name what a manifest or a command asks for: stages, providers, recognisers and the like.

A name is looked for in the table of what is shipped, then among the entry points that installed packages declare, and
is else taken as `module:attribute`. Nothing is imported before it is asked for. To add one is to write one file, and
for a package of one's own one line in its `pyproject.toml`:

    [project.entry-points."asid.stages"]
    loudness = "my_package.loudness:Loudness"
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from asid.pipeline.errors import UserError


class UnknownName(UserError, ValueError):
    """A name that nothing has, or whose code cannot be loaded. The message says what there is instead."""


@dataclass(frozen=True)
class Registry:
    """All things of one kind. `kind`: what messages call them; `group`: of their entry points; `table`: where the
    shipped ones are listed, as `module:attribute` of a mapping from names to `module:attribute`."""

    kind: str
    group: str
    table: str

    @property
    def shipped(self) -> Mapping[str, str]:
        """Names and places of those that asid brings, in their order."""
        found: Mapping[str, str] = _load(self.table)
        return found

    def names(self) -> list[str]:
        """All names that can be given: the shipped ones in their order, then those of installed packages."""
        return list(dict.fromkeys([*self.shipped, *sorted(_entries(self.group))]))

    def knows(self, name: str) -> bool:
        """Whether the name leads somewhere; nothing is loaded to see whether it arrives."""
        return ":" in name or name in self.shipped or name in _entries(self.group)

    def find(self, name: str) -> Any:
        """Load what has the name. Raises UnknownName."""
        if name in self.shipped:
            return _load(self.shipped[name])
        entry = _entries(self.group).get(name)
        place = entry.value if entry else name
        if ":" not in place:
            raise UnknownName(self.unknown(name))
        try:
            return _load(place)
        except (ImportError, AttributeError, NameError, SyntaxError, ValueError, TypeError) as error:
            raise UnknownName(f"cannot load the {self.kind} {name!r}: {error}") from error

    def unknown(self, name: str) -> str:
        """Say that there is no such thing, and what comes nearest."""
        return f"no {self.kind} {name!r}{nearest(name, self.names())}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the end of a sentence about an unknown word: the known one that is most like it, else all of them."""
    words = [str(one) for one in known]
    if close := difflib.get_close_matches(word, words, n=1, cutoff=0.5):
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(sorted(words))}" if words else ""


def _load(place: str) -> Any:
    module, _, attribute = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


@cache
def _entries(group: str) -> Mapping[str, EntryPoint]:
    """Entry points of installed packages by name. Two packages with one name: neither is taken by chance."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise UnknownName(
                f"two installed packages bring {entry.name!r} for {group}: {other.value} and {entry.value}; "
                f"remove one, or name yours as `module:attribute`"
            )
    return found


STAGES = Registry("stage", "asid.stages", "asid.stages:STAGES")
PROVIDERS = Registry("provider", "asid.providers", "asid.pipeline.models.providers:PROVIDERS")
RECOGNISERS = Registry("recogniser", "asid.asr", "asid.pipeline.speech:RECOGNISERS")
DETECTORS = Registry("shot detector", "asid.shots", "asid.pipeline.vision:DETECTORS")
INPUTS = Registry("input kind", "asid.inputs", "asid.pipeline.inputs.kinds:INPUTS")
EXPORTERS = Registry("format", "asid.exporters", "asid.pipeline.dataset.export.formats:EXPORTERS")
METRICS = Registry("metric", "asid.metrics", "asid.pipeline.evaluation:METRICS")
REWARDS = Registry("reward", "asid.rewards", "asid.pipeline.rewards.table:REWARDS")

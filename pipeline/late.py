"""Modules of a room that are loaded when they are first asked for, as attributes of the room.

    captions.checks.examine(caption, grounds)

Every command that opens a run has all of its stages loaded: what only the rows need is not to be waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from types import ModuleType


def modules(room: str, names: Collection[str]) -> Callable[[str], ModuleType]:
    """Make the `__getattr__` of a package, which loads those of its modules that have one of the names. It raises
    AttributeError for any other."""

    def load(name: str) -> ModuleType:
        if name not in names:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return import_module(f"{room}.{name}")

    return load

"""Words for people: untrusted text on one line, numbers with their nouns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


def safe(text: object) -> str:
    """Printable on one line: control, bidi and other invisible characters are shown escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text))


def plural(count: int, noun: str) -> str:
    """ "1 shot", "2 shots"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counted(counts: Mapping[str, int]) -> str:
    """ "a 3, b 1", the most frequent first."""
    return ", ".join(f"{name} {count}" for name, count in Counter(counts).most_common())

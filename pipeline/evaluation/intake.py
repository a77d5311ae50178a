"""What is odd in the files of a benchmark: every oddity is counted under a kind and named, and none is passed over.

A fault is a record that counts for nothing (a caption of no known video, a line that is no JSON). A note is one that
counts, but not as it stands (ends of a span swapped, an id that is a number).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataFault:
    """Say what is wrong with one record of a data file."""

    kind: str
    name: str  # of the record: its id, or its place in its file
    reason: str


@dataclass
class DataIntake:
    """What was odd while files were read."""

    faults: list[DataFault] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def fault(self, kind: str, name: object, reason: str) -> None:
        self.faults.append(DataFault(kind, str(name), reason))

    def note(self, kind: str) -> None:
        self.notes[kind] += 1

    def kinds(self) -> Counter[str]:
        """How many faults there are of each kind."""
        return Counter(fault.kind for fault in self.faults)

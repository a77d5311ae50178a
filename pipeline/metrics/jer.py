"""Jaccard error rate of a diarization (DIHARD II): each speaker of the truth counts the same, however little they say.

Speakers are paired one to one so that the sum of Jaccard indices is greatest. A paired speaker's error is 1 - index, an
unpaired one's is 1, and the rate is their mean. Speakers that the truth does not have cost only what they take from
others' pairs, as in the published definition. No collar; overlaps count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from asid.pipeline.metrics.figure import Absent, Figure, split
from asid.pipeline.rows import Turn

Spans = list[tuple[float, float]]  # seconds, in order, apart from one another


def jaccard_errors(truth: Sequence[Turn], found: Sequence[Turn]) -> dict[str, float]:
    """Give each true speaker's error, 0 to 1."""
    theirs, ours = by_speaker(truth), by_speaker(found)
    names, others = sorted(theirs), sorted(ours)
    likeness = [[_jaccard(theirs[name], ours[other]) for other in others] for name in names]
    pairs = assignment(likeness)
    return {name: 1 - likeness[row][pairs[row]] if row in pairs else 1.0 for row, name in enumerate(names)}


def jer(truth: Sequence[Turn], found: Sequence[Turn]) -> float:
    """Give the rate of one recording, 0 to 1. Where the truth has no speaker it is 0 when none was found, else 1."""
    errors = jaccard_errors(truth, found)
    return fmean(errors.values()) if errors else float(bool(by_speaker(found)))


def figures(recordings: Iterable[tuple[Sequence[Turn], Sequence[Turn] | Absent]]) -> dict[str, Figure]:
    """Give `jer` of pairs of truth and found turns: the mean over all speakers of all recordings, as dscore has it.
    A recording that was not diarized has the error 1 for each of its speakers. `scored` counts recordings."""
    recordings = list(recordings)
    there, missing = split(found for _, found in recordings)
    errors = [error for truth, found in recordings
              for error in jaccard_errors(truth, () if isinstance(found, Absent) else found).values()]  # fmt: skip
    return {"jer": Figure(fmean(errors) if errors else None, len(there), len(recordings), missing)}


def by_speaker(turns: Sequence[Turn]) -> dict[str, Spans]:
    """Collect each speaker's time, overlaps of their own turns joined. Turns of no length hold no speech. Raises
    ValueError for one that ends before it begins."""
    made: dict[str, Spans] = {}
    for turn in sorted(turns, key=lambda turn: turn.start):
        if turn.end < turn.start:
            raise ValueError(f"a turn of {turn.speaker} ends at {turn.end:g} s, before it begins at {turn.start:g} s")
        if turn.end == turn.start:
            continue
        spans = made.setdefault(turn.speaker, [])
        if spans and turn.start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], turn.end)
        else:
            spans.append((turn.start, turn.end))
    return made


def _jaccard(one: Spans, other: Spans) -> float:
    shared, i, j = 0.0, 0, 0
    while i < len(one) and j < len(other):
        shared += max(0.0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    whole = sum(end - start for spans in (one, other) for start, end in spans) - shared
    return shared / whole


def assignment(gains: Sequence[Sequence[float]]) -> Mapping[int, int]:
    """Pair rows with columns one to one for the greatest sum of gains (the Hungarian method, in cubic time). Pairs that
    gain nothing are left out. The table must be rectangular."""
    rows, columns = len(gains), len(gains[0]) if gains else 0
    if rows > columns:
        turned = assignment([[gains[row][column] for row in range(rows)] for column in range(columns)])
        return {row: column for column, row in turned.items()}
    infinite = float("inf")
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    owner = [0] * (columns + 1)  # the row, from 1, that has a column, from 1; column 0 holds the row being placed
    for row in range(1, rows + 1):
        owner[0], column = row, 0
        least, came, seen = [infinite] * (columns + 1), [0] * (columns + 1), [False] * (columns + 1)
        while owner[column]:
            seen[column] = True
            at, step, nearest = owner[column], infinite, 0
            for other in range(1, columns + 1):
                if seen[other]:
                    continue
                cost = -gains[at - 1][other - 1] - row_price[at] - column_price[other]
                if cost < least[other]:
                    least[other], came[other] = cost, column
                if least[other] < step:
                    step, nearest = least[other], other
            for other in range(columns + 1):
                if seen[other]:
                    row_price[owner[other]] += step
                    column_price[other] -= step
                else:
                    least[other] -= step
            column = nearest
        while column:
            owner[column] = owner[came[column]]
            column = came[column]
    pairs = {owner[column] - 1: column - 1 for column in range(1, columns + 1) if owner[column]}
    return {row: column for row, column in sorted(pairs.items()) if gains[row][column] > 0}

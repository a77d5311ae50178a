"""How much a caption repeats itself. No paper defines its repetition rate or RepCol; these are the two nearest rules.

`ngram_rate` is 1 - distinct / total word 3-grams, as ms-swift's `repetition` reward has it. `loops` is the rule by
which the scorer of video-SALMONN 2 collapses loops: a unit of 1 to 49 characters five or more times in a row, of 50 to
99 four or more. RepCol here is the share of captions that have such a loop.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from asid.pipeline.metrics.figure import Absent, Figure, mean

GRAM = 3
SHORT, LONGEST = 49, 99  # characters of a unit
SHORT_TIMES, LONG_TIMES = 5, 4  # in a row, of a unit up to SHORT and beyond
TINY = 9  # characters of a unit that is sought on its own, all along the text
SAMPLE = 12  # characters that must stand again for a longer unit to be suspected
STRIDE = (TINY + 1) * (SHORT_TIMES - 1) - SAMPLE + 1  # so that a whole sample lies in any stretch that repeats


def ngram_rate(text: str, size: int = GRAM) -> float:
    """Give the share of runs of `size` words that stand in the text before, 0 to 1; 0 where there is no run."""
    words = text.lower().split()
    grams = list(zip(*(words[at:] for at in range(size)), strict=False))
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def loops(text: str) -> bool:
    """Tell whether the caption fell into a loop. Equals a search for `events.LOOPS`, in less time by far: where a unit
    repeats, each character equals the one a unit later, all along, so that of a longer unit some characters at one
    place of many stand again within reach."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    for unit in range(1, TINY + 1):
        if _runs(codes[unit:] == codes[:-unit], unit * (SHORT_TIMES - 1)):
            return True
    for place in range(0, len(text) - SAMPLE, STRIDE):
        sample, reach = text[place : place + SAMPLE], place + LONGEST + SAMPLE
        again = text.find(sample, place + TINY + 1, reach)
        while again >= 0:
            unit = again - place
            if _stretch(text, place, unit, unit * ((SHORT_TIMES if unit <= SHORT else LONG_TIMES) - 1)):
                return True
            again = text.find(sample, again + 1, reach)
    return False


def _runs(same: NDArray[np.bool_], least: int) -> bool:
    """Whether `least` values in a row are true. Runs of twice the length are found from those of the length, so that a
    run of n takes log n steps."""
    length = 1
    while length < least:
        more = min(length, least - length)
        same = same[more:] & same[:-more]
        length += more
    return bool(same.any())


def _stretch(text: str, place: int, unit: int, least: int) -> bool:
    """Whether `least` characters around `place` equal those a unit later."""
    start = end = place
    while end < len(text) - unit and text[end] == text[end + unit]:
        end += 1
    while start and end - start < least and text[start - 1] == text[start - 1 + unit]:
        start -= 1
    return end - start >= least


def rep_col(captions: Iterable[str | Absent]) -> Figure:
    """Give the percentage of captions that fell into a loop. Those that are missing count as fallen."""
    found = [one if isinstance(one, Absent) else 100.0 * loops(one) for one in captions]
    return mean(found, worst=100.0)

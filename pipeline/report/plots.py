"""Plots as markup. Pure: numbers and labels in, markup out; labels are escaped here. Bars are HTML, so that their text
keeps its size on a narrow screen; what has two axes is SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

SERIES = "abc"  # colours, as classes
WIDTH, HEIGHT = 360, 170  # px of a histogram
LEFT, BOTTOM, TOP = 38, 34, 20  # px around the drawing
NOTHING = Markup('<p class="soft">Nothing to show.</p>')


class Bar(NamedTuple):
    """One bar: its name, a value of 0 or more, what is written behind it, and how much is added in another colour."""

    name: str
    value: float
    note: str
    more: float = 0.0


def bars(rows: Sequence[Bar], kind: str = "a", more: str = "c") -> Markup:
    """Horizontal bars to one scale."""
    if not rows:
        return NOTHING
    most = max(row.value + row.more for row in rows) or 1
    return _list([(row.name, [_track([(kind, row.value / most), (more, row.more / most)], row.note)]) for row in rows])


def shares(rows: Sequence[tuple[str, Mapping[str, float]]]) -> Markup:
    """Groups of bars from 0 to 1: one group a row, one bar a series; all rows have the same series."""
    if not rows:
        return NOTHING
    drawn = [
        (name, [_track([(SERIES[n % 3], min(1.0, max(0.0, value)))], f"{value:.1%}", "share")
                for n, value in enumerate(values.values())])
        for name, values in rows
    ]  # fmt: skip
    return legend(list(rows[0][1])) + _list(drawn)


def legend(names: Sequence[str]) -> Markup:
    """Draw what the colours of a plot stand for."""
    entries = (Markup('<span><i class="{}"></i>{}</span>').format(SERIES[n % 3], name) for n, name in enumerate(names))
    return Markup('<p class="legend">{}</p>').format(Markup("").join(entries))


def columns(rows: Sequence[tuple[str, Mapping[str, float]]]) -> Markup:
    """Groups of upright bars from 0 to 100 %, each with its figure; all rows have the same series."""
    if not rows:
        return NOTHING
    bar, gap, height = 44, 56, 190
    group = bar * len(rows[0][1]) + gap
    width = LEFT + group * len(rows)
    drawn = _grid([(f"{percent} %", percent / 100) for percent in range(0, 101, 25)], width, height)
    for place, (name, values) in enumerate(rows):
        left = LEFT + gap / 2 + place * group
        for n, value in enumerate(values.values()):
            tall = (height - TOP) * min(1.0, max(0.0, value))
            middle = left + (n + 0.5) * bar
            drawn += Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" rx="2"/>').format(
                SERIES[n % 3], middle - bar / 2 + 2, height - tall, bar - 4, tall)  # fmt: skip
            drawn += Markup('<text class="figure" x="{:.1f}" y="{:.1f}">{}</text>').format(
                middle, height - tall - 4, f"{100 * value:.0f}")  # fmt: skip
        drawn += Markup('<text class="mid" x="{:.1f}" y="{}">{}</text>').format(
            left + (group - gap) / 2, height + 18, name)  # fmt: skip
    return legend(list(rows[0][1])) + _svg(drawn, width, height + 26)


def histogram(counts: Mapping[int, int], unit: str, most_bins: int = 40) -> Markup:
    """Upright bars over whole numbers, several to a bin where there are many. The axis begins at the smallest."""
    if not counts:
        return NOTHING
    low, high = min(counts), max(counts)
    step = max(1, -(-(high - low + 1) // most_bins))
    bins = [0] * ((high - low) // step + 1)
    for value, count in counts.items():
        bins[(value - low) // step] += count
    floor = HEIGHT - BOTTOM
    wide = min(48.0, (WIDTH - LEFT - 6) / len(bins))
    top = _round_up(max(bins))
    drawn = _grid([(str(number), number / top) for number in _ticks(top)], WIDTH, floor)
    for number, count in enumerate(bins):
        tall = (floor - TOP) * count / top
        first = low + number * step
        span = str(first) if step == 1 else f"{first}–{first + step - 1}"
        drawn += Markup(
            '<rect class="a" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {}</title></rect>'
        ).format(LEFT + number * wide + 1, floor - tall, max(1.0, wide - 2), tall, _measure(span, unit), count)
    every = max(1, math.ceil(len(bins) / 9))
    for number in range(0, len(bins), every):
        drawn += Markup('<text class="mid axis" x="{:.1f}" y="{}">{}</text>').format(
            LEFT + (number + 0.5) * wide, floor + 14, low + number * step)  # fmt: skip
    drawn += Markup('<text class="mid axis" x="{:.1f}" y="{}">{}</text>').format(
        LEFT + wide * len(bins) / 2, HEIGHT - 4, unit)  # fmt: skip
    return _svg(drawn, WIDTH, HEIGHT)


# --- pieces ------------------------------------------------------------------------------------------------------


def _measure(span: str, unit: str) -> str:
    """A number with its unit: "1 shot in a clip", "2 shots in a clip"."""
    noun, space, rest = unit.partition(" ")
    one = span == "1" and len(noun) > 1
    return f"{span} {noun.removesuffix('s') if one else noun}{space}{rest}"


def _list(rows: Sequence[tuple[str, Sequence[Markup]]]) -> Markup:
    lines = (Markup('<dt title="{0}">{0}</dt><dd>{1}</dd>').format(name, Markup("").join(tracks))
             for name, tracks in rows)  # fmt: skip
    return Markup('<dl class="bars">{}</dl>').format(Markup("").join(lines))


def _track(parts: Sequence[tuple[str, float]], note: str, kind: str = "bar") -> Markup:
    """Parts of a bar, each as a share of the track's width."""
    drawn = (Markup('<i class="{}" style="width:{:.2f}%"></i>').format(name, 100 * share)
             for name, share in parts if share)  # fmt: skip
    return Markup('<div class="{}"><span class="track">{}</span><span class="note">{}</span></div>').format(
        kind, Markup("").join(drawn), note)  # fmt: skip


def _round_up(most: int) -> int:
    """The smallest of 1, 2, 4, 5, 8, 10 times a power of ten that holds `most`."""
    power = 10 ** max(0, len(str(most)) - 1)
    nice: int = next(size * power for size in (1, 2, 4, 5, 8, 10) if size * power >= most)
    return nice


def _ticks(top: int) -> list[int]:
    parts = 4 if top % 4 == 0 else 5 if top % 5 == 0 else min(top, 2)
    return [top * number // parts for number in range(parts + 1)]


def _grid(ticks: Sequence[tuple[str, float]], width: float, floor: float) -> Markup:
    drawn = Markup("")
    for label, share in ticks:
        y = floor - (floor - TOP) * share
        drawn += Markup('<line x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>').format(LEFT, width, y)
        drawn += Markup('<text class="end axis" x="{}" y="{:.1f}">{}</text>').format(LEFT - 6, y + 4, label)
    return drawn


def _svg(drawn: Markup, width: float, height: float) -> Markup:
    return Markup('<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">{2}</svg>').format(
        round(width), round(height), escape(drawn))  # fmt: skip

"""Plots as inline SVG. Pure: numbers and labels in, markup out; labels are escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

WIDTH = 720
LABEL = 190  # px for names left of the bars
ROW = 24
SHOWN = 40  # characters of a name


def bars(rows: Sequence[tuple[str, float, str]], kind: str = "a") -> Markup:
    """Horizontal bars: a name, a value of 0 or more, and what is written behind the bar."""
    most = max((value for _, value, _ in rows), default=0) or 1
    drawn = Markup("")
    for number, (name, value, note) in enumerate(rows):
        top = number * ROW
        length = (WIDTH - LABEL - 150) * value / most
        drawn += _name(name, top)
        drawn += Markup('<rect class="{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="2"/>').format(
            kind, LABEL, top + 4, length, ROW - 8)  # fmt: skip
        drawn += Markup('<text x="{:.1f}" y="{}">{}</text>').format(LABEL + length + 6, top + 16, note)
    return _svg(drawn, len(rows) * ROW)


def shares(rows: Sequence[tuple[str, Mapping[str, float]]]) -> Markup:
    """Groups of bars from 0 to 1, one group a row, one bar a series; all rows have the same series."""
    drawn = Markup("")
    series = list(rows[0][1]) if rows else []
    height = 14 * len(series) + 12
    for number, (name, values) in enumerate(rows):
        top = number * height
        drawn += _name(name, top + 7 * len(series) - 12)
        for place, key in enumerate(series):
            value = min(1.0, max(0.0, values[key]))
            length = (WIDTH - LABEL - 190) * value
            y = top + 14 * place
            drawn += Markup(
                '<rect class="track" x="{0}" y="{1}" width="{2}" height="11" rx="2"/>'
                '<rect class="{3}" x="{0}" y="{1}" width="{4:.1f}" height="11" rx="2"/>'
                '<text x="{5}" y="{6}">{7} {8}</text>'
            ).format(LABEL, y, WIDTH - LABEL - 190, "abc"[place % 3], length, WIDTH - 180, y + 10, f"{value:.1%}", key)
    return _svg(drawn, len(rows) * height)


def histogram(counts: Mapping[int, int], unit: str, most_bins: int = 40) -> Markup:
    """Upright bars over whole numbers, several to a bin where there are many. The axis begins at the smallest."""
    if not counts:
        return Markup("<p>nothing to show</p>")
    low, high = min(counts), max(counts)
    step = max(1, -(-(high - low + 1) // most_bins))
    bins = [0] * ((high - low) // step + 1)
    for value, count in counts.items():
        bins[(value - low) // step] += count
    tallest, height = max(bins), 120
    wide = min(40.0, (WIDTH - 20) / len(bins))
    drawn = Markup("")
    for number, count in enumerate(bins):
        tall = height * count / tallest
        first = low + number * step
        span = str(first) if step == 1 else f"{first}–{first + step - 1}"
        drawn += Markup(
            '<rect class="a" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{} {}: {}</title></rect>'
        ).format(10 + number * wide, height - tall + 14, max(1.0, wide - 2), tall, span, unit, count)
    every = max(1, len(bins) // 10)
    for number in range(0, len(bins), every):
        drawn += Markup('<text class="axis" x="{:.1f}" y="{}">{}</text>').format(
            10 + number * wide, height + 30, low + number * step)  # fmt: skip
    drawn += Markup('<text x="10" y="11">{} at most · {}</text>').format(tallest, unit)
    return _svg(drawn, height + 38)


def _name(name: str, top: float) -> Markup:
    short = name if len(name) <= SHOWN else name[: SHOWN - 1] + "…"
    return Markup('<text class="name" x="{}" y="{}"><title>{}</title>{}</text>').format(
        LABEL - 8, top + 16, name, short)  # fmt: skip


def _svg(drawn: Markup, height: float) -> Markup:
    return Markup('<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">{2}</svg>').format(
        WIDTH, round(height), escape(drawn))  # fmt: skip

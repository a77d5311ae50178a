"""Plots: well-formed markup to scale, whatever the labels and figures."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from asid.pipeline.report import plots


def widths(markup: str) -> list[float]:
    return [float(found) for found in re.findall(r"width:([\d.]+)%", markup)]


def test_plots_are_well_formed_and_to_scale() -> None:
    made = plots.bars([plots.Bar("<b>", 10, "ten"), plots.Bar("two", 5, "&", more=15)])
    assert widths(made) == [50, 25, 75]
    assert "<b>" in "".join(ElementTree.fromstring(made).itertext())
    assert widths(plots.shares([("x", {"a": 0.5, "b": 2.0, "c": 0.0})])) == [50, 100]
    svg = ElementTree.fromstring(plots.histogram({3: 1, 500: 2}, "s"))
    heights = [float(bar.get("height", "")) for bar in svg.iter("rect")]
    assert len(heights) <= 41
    assert max(heights) == 2 * heights[0]
    assert "Nothing" in plots.histogram({}, "s")
    page = plots.columns([("one", {"x": 0.5}), ("two", {"x": 1.0})])
    tall = [float(found) for found in re.findall(r'<rect class="a"[^>]* height="([\d.]+)"', page)]
    assert tall[1] == 2 * tall[0] > 0


@pytest.mark.parametrize("most", [1, 2, 3, 7, 12, 99, 100, 4321])
def test_an_axis_ends_at_a_round_number_above_the_highest_bar(most: int) -> None:
    svg = plots.histogram({0: most}, "s")
    labels = [int(found) for found in re.findall(r'class="end axis"[^>]*>(\d+)<', svg)]
    assert labels[0] == 0
    assert most <= labels[-1] <= 2.5 * most
    assert len(set(labels)) == len(labels)


def test_labels_and_notes_are_text_in_every_plot() -> None:
    name = "<img src=x onerror=alert(1)>&"
    pages = [
        plots.bars([plots.Bar(name, 1.0, name)]),
        plots.shares([(name, {name: 0.5})]),
        plots.columns([(name, {name: 0.5})]),
        plots.histogram({1: 1}, name),
    ]
    for page in pages:
        tree = ElementTree.fromstring(f"<div>{page}</div>")
        assert not list(tree.iter("img")) and name in "".join(tree.itertext())


def test_every_value_falls_into_the_bin_that_names_it() -> None:
    svg = ElementTree.fromstring(plots.histogram({0: 2, 9: 3, 10: 4, 99: 1}, "words", most_bins=10))
    titles = [title.text or "" for title in svg.iter("title")]
    assert titles[0] == "0–9 words: 5" and titles[1] == "10–19 words: 4" and titles[-1] == "90–99 words: 1"
    assert len(titles) == 10 and sum(int(title.rpartition(" ")[2]) for title in titles) == 10


def test_one_is_no_plural() -> None:
    titles = re.findall(r"<title>(.*?)</title>", plots.histogram({1: 4, 2: 3}, "shots in a clip"))
    assert titles == ["1 shot in a clip: 4", "2 shots in a clip: 3"]
    assert "1 s: 1" in plots.histogram({1: 1}, "s")


def test_nothing_to_draw_is_said_and_bars_of_nothing_have_no_width() -> None:
    for page in (plots.bars([]), plots.shares([]), plots.columns([]), plots.histogram({}, "s")):
        assert page == plots.NOTHING
    assert widths(plots.bars([plots.Bar("none", 0.0, "0")])) == []

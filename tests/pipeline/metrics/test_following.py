"""Whether a prompt's attributes were told: computed from levels, by hand."""

from __future__ import annotations

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.following import Following, attribute_key, figures, read_levels


def levels(**told: str) -> dict[str, str]:
    return {name: told.get(name, "none") for name in map(str, ATTRIBUTES)}


@pytest.mark.parametrize(
    ("told", "unexplicit", "extra"),
    [
        ({"speech": "explicit", "camera": "explicit"}, [], []),
        ({"speech": "explicit", "camera": "minor"}, ["camera"], []),
        ({"speech": "explicit"}, ["camera"], []),
        ({"speech": "explicit", "camera": "explicit", "scene": "explicit"}, [], ["scene"]),
        ({"speech": "explicit", "camera": "explicit", "scene": "minor"}, [], []),
        ({"scene": "explicit"}, ["camera", "speech"], ["scene"]),
    ],
)
def test_all_that_was_asked_is_explicit_and_nothing_else(told: dict, unexplicit: list, extra: list) -> None:
    made = Following(frozenset({"speech", "camera"}), read_levels(levels(**told)))
    assert (made.unexplicit, made.extra) == (unexplicit, extra)
    assert made.followed == (not unexplicit and not extra)


@pytest.mark.parametrize(
    ("written", "key"),
    [("Scene", "scene"), ("narrative_elements", "narrative"),
     (" Narrative Elements ", "narrative"), ("CAMERA", "camera")],
)  # fmt: skip
def test_attributes_have_the_papers_names_too(written: str, key: str) -> None:
    assert attribute_key(written) == key


def test_an_unknown_attribute_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'smell'; there are scene, characters"):
        attribute_key("smell")


def test_levels_are_read_in_any_case_and_order() -> None:
    mixed = {name.upper(): " Explicit " for name in reversed(list(map(str, ATTRIBUTES)))}
    assert list(read_levels(mixed)) == list(ATTRIBUTES) and set(read_levels(mixed).values()) == {"explicit"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"scene": "none"}, "no level of characters"), (levels(scene="much"), "unknown level 'much'"),
        (levels() | {"Scene": "none"}, "two levels"), (levels() | {"smell": "none"}, "unknown attribute"),
    ],
)  # fmt: skip
def test_levels_that_are_not_whole_are_refused(wrong: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_levels(wrong)


def test_shares_by_number_asked_for_and_over_all() -> None:
    made = figures([(2, True), (1, True), (1, False), (8, Absent("judge failed"))])
    assert list(made) == ["k=1", "k=2", "k=8", "all"]
    assert [made[name].value for name in made] == [0.5, 1.0, 0.0, 0.5]
    assert made["all"].missing == {"judge failed": 1} and figures([])["all"].value is None

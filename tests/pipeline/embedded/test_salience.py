"""How much a fact matters for a caption."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.embedded.salience import OPENING, important, salience, selected
from tests.kits.embedded_kit import fact


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_has_a_weight_and_a_surer_fact_matters_more(attribute: str) -> None:
    low, high = (salience(fact(0, attribute, "x", score)) for score in (0.3, 0.9))
    assert 0 < low < high <= 0.9


def test_speech_is_always_important_and_the_rest_when_it_is_sure_enough() -> None:
    assert important(fact(0, "speech", "x", score=0.01))
    assert important(fact(0, "scene", "x", score=0.5))
    assert not important(fact(0, "scene", "x", score=0.49))


def test_of_too_much_the_salient_stay_in_order_of_time_and_all_speech() -> None:
    facts = [fact(n, "scene", f"f{n}", score=0.1 + 0.01 * n) for n in range(40)]
    speech = [fact(n, "speech", f"s{n}", score=0.01) for n in range(30)]
    kept = selected([*speech, *facts], duration=10.0)
    assert kept == [*speech, *facts[-(OPENING + 7) :]]


@given(
    st.lists(st.tuples(st.sampled_from(["speech", "scene", "objects"]), st.floats(0, 1)), max_size=30), st.floats(0, 20)
)
def test_nothing_is_added_and_a_longer_clip_has_room_for_no_less(
    made: list[tuple[str, float]], duration: float
) -> None:
    facts = [fact(n, attribute, f"f{n}", score) for n, (attribute, score) in enumerate(made)]
    kept = selected(facts, duration)
    assert kept == [one for one in facts if one in kept]
    assert {one.text for one in kept} <= {one.text for one in selected(facts, duration + 10)}
    assert selected([], duration) == []

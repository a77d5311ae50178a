"""The power of an auditor of known power is found, and rules alone have the power that they claim."""

import asyncio

import pytest

from asid.pipeline.auditing.planting import FAULTS, VARIANTS
from asid.pipeline.auditing.power import EVERY, Planted, of_rules, planted, power
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import grounds
from tests.pipeline.auditing.clips import Reader, finished


@pytest.fixture(scope="module")
def plants() -> list[Planted]:
    return planted(finished(), [*FAULTS, *VARIANTS], seed=3, each=12)


def test_the_captions_that_errors_are_planted_in_are_without_objection():
    for clip, caption in finished():
        assert examine(caption, grounds(clip)) == []


def test_every_kind_has_its_plants_and_each_differs_from_its_caption(plants):
    kinds = {one.plant.kind for one in plants}
    assert kinds >= set(FAULTS) | {
        "numbers_written",
        "contracted",
        "paused",
        "recased",
        "line_split",
        "reworded",
        "music_reworded",
    }
    assert all(one.plant.caption != one.before for one in plants)
    assert plants == planted(finished(), [*FAULTS, *VARIANTS], seed=3, each=12)


@pytest.mark.parametrize(("finds", "objects"), [(0.6, 0.1), (0.9, 0.03)])
def test_an_auditors_known_power_lies_within_the_interval(plants, finds, objects):
    held = {True: 0, False: 0}
    for seed in range(100):
        reader = Reader([one.plant for one in plants], finds, objects, seed)
        figures = {one.kind: one for one in asyncio.run(power("reader", reader.find, plants))}
        for fault, truth in ((True, finds), (False, objects)):
            hit = figures[EVERY[fault]].hit
            held[fault] += hit.low <= truth <= hit.high
    assert min(held.values()) >= 95, held


def test_rules_find_what_is_planted_and_leave_true_rewordings_alone(plants):
    figures = {one.kind: one.hit for one in of_rules(plants)}
    missed = {kind: (hit.count, hit.trials) for kind, hit in figures.items() if kind in FAULTS and hit.value < 0.95}
    false = {kind: (hit.count, hit.trials) for kind, hit in figures.items() if kind in VARIANTS and hit.count}
    assert (missed, false) == ({}, {})

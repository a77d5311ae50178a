"""Oddities of files, counted and named."""

from __future__ import annotations

from asid.pipeline.evaluation.intake import DataFault, DataIntake


def test_faults_are_named_in_order_and_counted_by_kind() -> None:
    intake = DataIntake()
    intake.fault("no_id", 7, "it has none")
    intake.fault("unknown_id", "clip", "nobody knows it")
    intake.fault("no_id", "b", "it has none")
    assert intake.faults[0] == DataFault("no_id", "7", "it has none")
    assert intake.kinds() == {"no_id": 2, "unknown_id": 1}


def test_notes_are_counted_and_are_no_faults() -> None:
    intake = DataIntake()
    for _ in range(3):
        intake.note("spans turned round")
    assert intake.notes == {"spans turned round": 3} and not intake.kinds()


def test_two_intakes_share_nothing() -> None:
    one, other = DataIntake(), DataIntake()
    one.note("x")
    one.fault("y", "z", "")
    assert not other.notes and not other.faults

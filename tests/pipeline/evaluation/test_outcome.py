"""What came of judging: verdicts, and the kind of what is missing."""

from __future__ import annotations

from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.metrics.figure import Absent
from tests.kits.casekit import case, outcome

CASES = [
    case("a", replies={"s": "x"}),
    case("b"),
    case("c", caption=""),
    case("d", gap="empty_caption"),
    case("e", run=1),
]


def made() -> Outcome:
    found = outcome(CASES, {"b": "refusal"})
    del found.judged["e"]
    return found


def test_each_case_has_a_verdict_or_the_kind_of_what_is_missing() -> None:
    assert [made().kind(one) for one in CASES] == ["", "refusal", "no_caption", "empty_caption", "not_done"]
    assert made().missing == {"refusal": 1, "no_caption": 1, "empty_caption": 1, "not_done": 1}
    assert made().count == 1


def test_only_a_case_with_a_verdict_is_read() -> None:
    found = made()
    assert found.read(CASES[0], lambda one: one.reply("s")) == "x"
    assert [found.read(one, lambda _: 1) for one in CASES[1:]] == [
        Absent("refusal"), Absent("no_caption"), Absent("empty_caption"), Absent("not_done"),
    ]  # fmt: skip


def test_a_case_that_passed_unasked_is_not_scored() -> None:
    assert made().scored(CASES[2]) is None and made().scored(CASES[0]) is not None


def test_runs_are_told_apart() -> None:
    assert made().runs == [0, 1] and [one.id for one in made().of_run(1)] == ["e"]
    assert outcome([]).runs == [] and outcome([]).count == 0

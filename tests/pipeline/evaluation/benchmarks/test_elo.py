"""Votes of a file or of a judge, each way round, and ratings of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.evaluation.benchmarks.elo import ELO, case, load, pair, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.predictions import Prediction, Predictions
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case as judged_case
from tests.kits.casekit import lines, outcome, rows

BETTER = ELO.steps["better"]


def system(name: str, *videos: str) -> Predictions:
    return Predictions(name, {(video, ""): Prediction(video, video, "", f"{name} on {video}", 0) for video in videos})


@pytest.mark.parametrize(("winner", "won"), [("a", "a"), ("B", "b"), ("tie", "tie"), ("Draw", "tie"), ("ours", "a")])
def test_a_vote_names_its_winner_by_side_or_by_name(tmp_path: Path, winner: str, won: str) -> None:
    (one,) = load(
        lines(tmp_path / "v.jsonl", {"video_id": "x", "a": "ours", "b": "theirs", "winner": winner}), DataIntake()
    )
    assert one.groups == {"a": "ours", "b": "theirs", "first": "a", "winner": won}


def test_what_is_no_vote_is_a_fault(tmp_path: Path) -> None:
    intake = DataIntake()
    good = {"video_id": "x", "a": "p", "b": "q", "winner": "a"}
    wrong = [good | {"a": "q"}, good | {"winner": "r"}, good | {"b": ""}, good | {"winner": None}]
    assert len(load(lines(tmp_path / "v.jsonl", good, *wrong), intake)) == 1 and intake.kinds() == {"no_vote": 4}
    with pytest.raises(DataError, match="holds no vote"):
        load(lines(tmp_path / "w.jsonl", *wrong), DataIntake())


def test_each_pair_of_systems_meets_on_each_video_in_a_seeded_order() -> None:
    systems = [system("p", "1", "2"), system("q", "1"), system("r", "1")]
    made = list(pair(systems, intake := DataIntake()))
    assert [one.id for one in made] == ["1/p-q", "1/p-r", "1/q-r", "2/p-q", "2/p-r"]
    assert intake.kinds() == {"no_caption": 1} and intake.faults[0].name == "2/q-r"
    for one in made:
        first = one.groups[one.groups["first"]]
        assert one.caption in ("", f"{first} on {one.video}")
    assert made == list(pair(systems, DataIntake()))
    many = list(pair([system("p", *map(str, range(40))), system("q", *map(str, range(40)))], DataIntake()))
    assert {one.groups["first"] for one in many} == {"a", "b"}


@pytest.mark.parametrize("systems", [[], [system("p", "1")], [system("p", "1"), system("p", "2")]])
def test_two_systems_of_different_names_are_needed(systems: list[Predictions]) -> None:
    with pytest.raises(DataError, match="each with a name of its own"):
        list(pair(systems, DataIntake()))


def test_where_one_says_nothing_nobody_is_asked() -> None:
    both = {"a": "p", "b": "q", "first": "a"}
    assert BETTER.values(case("v", "i", both, "x", "")) is None and BETTER.values(case("v", "i", both, "", "y")) is None
    values = BETTER.values(case("v", "i", both, "x", "y"))
    assert values is not None and "x" in values["first"] and "y" in values["second"]


def vote(id: str, first: str, better: str | None, caption: str = "x", other: str = "y") -> Case:
    answer = {"better": None if better is None else {"better": better, "why": ""}}
    return judged_case(id, caption, answer, reference=other, gap="", groups={"a": "p", "b": "q", "first": first})


@pytest.mark.parametrize(
    ("case_", "p"),
    [
        (vote("i", "a", "first"), 1004.0), (vote("i", "a", "second"), 996.0), (vote("i", "b", "first"), 996.0),
        (vote("i", "b", "second"), 1004.0), (vote("i", "b", "neither"), 1000.0),
        (vote("i", "a", None, "x", ""), 1004.0), (vote("i", "a", None, "", "y"), 996.0),
        (vote("i", "b", None, "x", ""), 996.0), (vote("i", "b", None, "", "y"), 1004.0),
    ],
)  # fmt: skip
def test_a_verdict_is_turned_back_from_the_order_in_which_they_were_shown(case_: Case, p: float) -> None:
    (table,) = tables(outcome([case_]))
    assert rows(table)["p"][2] == p and rows(table)["q"][2] == 2000 - p


def test_votes_of_people_count_and_pairs_without_a_verdict_do_not() -> None:
    votes = [
        judged_case(f"v{n}", "", gap="", groups={"a": "p", "b": "q", "first": "a", "winner": "b"}) for n in range(3)
    ]
    (table,) = tables(outcome([*votes, vote("i", "a", "first")], {"i": "refusal"}))
    assert rows(table)["q"][3] == 3 and [row[0] for row in table.rows] == ["q", "p"]
    assert table.notes[0].startswith("3 votes, 0 of them ties")

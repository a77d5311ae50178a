"""Elo of captioners by votes on pairs of captions (video-SALMONN 2, Tab. 10, App. G).

Votes are people's, out of a file, or a judge's on each pair of captions of a video. Cases: one for each pair. `caption`
and `reference`: the captions shown first and second; `groups`: `a`, `b`, `first` (which of them is shown first, by a
seeded choice) and `winner`, of a vote out of a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.files import DataError, records, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.predictions import Predictions
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Table
from asid.pipeline.metrics import elo as metric
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

ORDERS, SEED = 100, 0
WINNERS = {"a": "a", "b": "b", "tie": "tie", "draw": "tie", "equal": "tie"}


class Better(Record):
    """The judge's choice."""

    better: Literal["first", "second", "neither"]
    why: str


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """Votes, `{"video_id", "a", "b", "winner"}` a line, in the order in which they count."""
    found: list[Reference] = []
    for number, (id, record) in enumerate(records(path, intake), 1):
        a, b = text_of(record.get("a")), text_of(record.get("b"))
        winner = text_of(record.get("winner"))
        side, named = WINNERS.get(winner.casefold(), ""), "a" if winner == a else "b" if winner == b else ""
        won = side or named
        if side and named and side != named:
            intake.fault("no_vote", f"{text_of(id)}, vote {number}", f"{winner!r} is one side and the other's system")
            continue
        if not a or not b or a == b or not won:
            intake.fault("no_vote", f"{text_of(id)}, vote {number}", "it needs a, b and a winner: a, b or tie")
            continue
        groups = {"a": a, "b": b, "first": "a", "winner": won}
        found.append(Reference(text_of(id), short_key(id), f"v{number}", groups=groups))
    if not found:
        raise DataError(f'{path} holds no vote: give lines of {{"video_id", "a", "b", "winner"}}')
    return found


def pair(systems: Sequence[Predictions], intake: DataIntake) -> Iterator[Case]:
    """Each pair of systems on each video that one of them has a caption of."""
    videos = sorted({key for system in systems for key, _ in system.found})
    if len({system.system for system in systems}) < len(systems) or len(systems) < 2:
        raise DataError("name two or more files with --captions, each with a name of its own")
    for twin in (twin for system in systems for twin in system.more):
        intake.fault("double_id", twin.name, "a video of the same name in another folder: the first one counts")
    for video in videos:
        for one, other in combinations(systems, 2):
            id = f"{video}/{one.system}-{other.system}"
            first = "ab"[hashlib.sha256(f"{SEED}/{id}".encode()).digest()[0] % 2]
            texts = [text.text if (text := system.found.get((video, ""))) else "" for system in (one, other)]
            if not any(texts):
                intake.fault("no_caption", id, "neither system has a caption of this video")
                continue
            if not all(texts):
                intake.note("pairs in which one system has no caption, lost by it without a question")
            shown, second = texts if first == "a" else texts[::-1]
            yield case(video, id, {"a": one.system, "b": other.system, "first": first}, shown, second)


def case(video: str, id: str, groups: dict[str, str], caption: str = "", other: str = "") -> Case:
    """A pair, as a case."""
    return Case(id=id, video=video, system="", run=0, caption=caption, gap="", question="", choices=(), reference=other,
                statements=(), groups=groups, tokens=0, clip="", clip_sha256="", replies=())  # fmt: skip


def _values(case: Case) -> Values | None:
    if not case.caption or not case.reference:
        return None  # who says nothing has lost
    return {
        "material": "the clip" if case.clip else "the captions alone, without the clip",
        "first": fence("caption 1", case.caption),
        "second": fence("caption 2", case.reference),
    }


def _vote(case: Case) -> metric.Vote:
    a, b, first = (case.groups[name] for name in ("a", "b", "first"))
    if winner := case.groups.get("winner"):
        return metric.read_vote(a, b, winner)
    reply = case.reply("better")
    better = Better.model_validate_json(reply).better if reply else ("first" if case.caption else "second")
    if better == "neither":
        return metric.read_vote(a, b, "tie")
    return metric.read_vote(a, b, first if better == "first" else "ba"[first == "b"])


def tables(outcome: Outcome) -> list[Table]:
    """Ratings in the order of the votes, and averaged over seeded orders (video-SALMONN 2, Tab. 10)."""
    votes = [vote for case in outcome.expected if not isinstance(vote := outcome.read(case, _vote), Absent)]
    fixed, shuffled = metric.rate(votes), metric.rate_shuffled(votes, ORDERS, SEED)
    ranked = sorted(fixed, key=lambda name: -shuffled[name].rating)
    rows = tuple(
        (name, shuffled[name].rating, shuffled[name].spread, fixed[name], shuffled[name].votes) for name in ranked
    )
    columns = ("Model", f"Elo, mean of {ORDERS} orders↑", "± among orders", "Elo, in the order given", "Votes")
    ties = sum(vote.score == 0.5 for vote in votes)
    notes = (f"{len(votes)} votes, {ties} of them ties; captions shown first and second by a seeded choice",)
    return [Table("Elo, start 1000, K 8 (video-SALMONN 2, App. G)", columns, rows, notes=notes)]


ELO = Benchmark(
    name="elo",
    about="Elo of captioners, by people's votes or a judge's",
    data="votes.jsonl of people; without it, --captions for each system and a judge",
    load=load,
    steps={"better": Contract("eval/better", ("material", "first", "second"), _values, Better, sees=True)},
    tables=tables,
    missing="left out: a pair without a verdict is no vote; a missing caption loses",
    pairs=True,
)

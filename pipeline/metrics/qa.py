"""Questions about a video that are answered from its caption alone (ASID, Fig. 19).

Right, wrong, abstained (N/A) and failed are four outcomes. Accuracy is right / asked: an abstention and a failure are
no right answers, but they are not the same, and published files cannot tell them apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from asid.pipeline.metrics.figure import Figure

Answering = Literal["right", "wrong", "abstained", "failed"]

LETTER = re.compile(r"\(?([A-Za-z])\)?[.:]?")
ABSTAINED = frozenset({"n/a", "na", "n/a."})


def read_choice(reply: str, choices: str = "ABCD") -> str | None:
    """Read a judge's reply: a letter of `choices`, "" for N/A, None where it is neither."""
    said = reply.strip()
    if said.casefold() in ABSTAINED:
        return ""
    found = LETTER.fullmatch(said)
    return found[1].upper() if found and found[1].upper() in choices else None


def outcome(reply: str | None, answer: str, choices: str = "ABCD") -> Answering:
    """Grade a reply; None stands for a judge that did not answer, and what cannot be read is a failure too."""
    choice = None if reply is None else read_choice(reply, choices)
    if choice is None:
        return "failed"
    if not choice:
        return "abstained"
    return "right" if choice == answer.strip().upper() else "wrong"


def figures(outcomes: Iterable[Answering], asked: int | None = None) -> dict[str, Figure]:
    """Give `accuracy` over all that was `asked`, `of_answered` over what got a letter, and the shares `abstained` and
    `failed`. Questions beyond the outcomes have no prediction. Raises ValueError for more outcomes than questions."""
    counts: Counter[str] = Counter(outcomes)
    given = counts.total()
    whole = given if asked is None else asked
    if given > whole:
        raise ValueError(f"{given} outcomes for {whole} questions")
    missing = {"failed": counts["failed"], "no prediction": whole - given}
    missing = {why: count for why, count in missing.items() if count}
    scored = given - counts["failed"]
    answered = counts["right"] + counts["wrong"]
    unanswered = missing | ({"abstained": counts["abstained"]} if counts["abstained"] else {})

    def share(part: int, of: int) -> float | None:
        return part / of if of else None

    return {
        "accuracy": Figure(share(counts["right"], whole), scored, whole, missing),
        "of_answered": Figure(share(counts["right"], answered), answered, whole, unanswered, "left out"),
        "abstained": Figure(share(counts["abstained"], whole), scored, whole, missing, "left out"),
        "failed": Figure(share(counts["failed"], whole), scored, whole, missing, "left out"),
    }


def by_type(outcomes: Iterable[tuple[str, Answering]], asked: Mapping[str, int]) -> dict[str, dict[str, Figure]]:
    """Give the figures of each type of question, in the order of `asked` (type -> how many). Raises ValueError for an
    outcome of a type that is not asked for."""
    found: dict[str, list[Answering]] = {name: [] for name in asked}
    for name, one in outcomes:
        if name not in found:
            raise ValueError(f"an outcome is of the type {name!r}, which no question has")
        found[name].append(one)
    return {name: figures(found[name], asked[name]) for name in asked}

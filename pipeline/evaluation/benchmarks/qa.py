"""Questions answered from captions alone (ASID, Tab. 5 and Fig. 19; Daily-Omni, WorldSense, Video-MME).

Cases: one for each question. `choices` as published, `reference` the right letter; `groups`: `set`, `type`, `duration`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values
from asid.pipeline.evaluation.files import DataError, first, record_of, records, short_key, text_of, texts_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table, percent
from asid.pipeline.metrics import qa as metric
from asid.pipeline.prompts import fence

LETTERS = "ABCDEFGHIJ"
LETTER = re.compile(rf"^\s*\(?([{LETTERS}])(?:[.:)]|\s*$)")  # not "A man": that is a text, and none of the choices
PREFIX = re.compile(rf"^\(?[{LETTERS}][.):]\s*")
TASK = re.compile(r"task\d+")


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """Questions of Daily-Omni (a list), WorldSense (a mapping by id, or a list), Video-MME (questions within videos),
    or one `{"video_id", "question", "choices", "answer", "type"}` a line."""
    found: list[Reference] = []
    counts: dict[str, int] = {}
    for video, record in records(path, intake):
        for asked in _asked(record):
            key = short_key(video)
            counts[key] = counts.get(key, 0) + 1
            reference = _reference(text_of(video), key, f"q{counts[key]}", asked, path.stem, intake)
            found += [reference] if reference else []
    if not found:
        forms = 'Daily-Omni, WorldSense, Video-MME, or lines of {"video_id", "question", "choices", "answer"}'
        raise DataError(f"{path} holds no question: it takes {forms}")
    return found


def _asked(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The questions in a record: its own, those of its `questions`, or WorldSense's `task0`, `task1`, …"""
    inner = record.get("questions")
    tasks = [record_of(item) for name, item in record.items() if TASK.fullmatch(name) and item is not None]
    about = {name: record[name] for name in ("duration", "video_duration", "domain") if name in record}
    if isinstance(inner, list):
        yield from ({**about, **record_of(item)} for item in inner)
    elif tasks:
        yield from ({**about, **item} for item in tasks)
    else:
        yield record


def _reference(
    video: str, key: str, part: str, asked: Mapping[str, Any], source: str, intake: DataIntake
) -> Reference | None:
    question = text_of(first(asked, ("Question", "question")))
    choices = texts_of(first(asked, ("Choice", "choices", "candidates", "options")) or ())
    name = f"{video}/{part}"
    if not question or not 2 <= len(choices) <= len(LETTERS):
        intake.fault("no_question", name, "a question needs a text and from 2 to 10 choices")
        return None
    truth = _right(text_of(first(asked, ("Answer", "answer"))), choices)
    if not truth:
        intake.fault("no_answer", name, "its answer is none of its choices")
        return None
    groups = {
        "set": source,
        "type": text_of(first(asked, ("Type", "type", "task_type"))),
        "duration": text_of(first(asked, ("video_duration", "duration"))),
    }
    return Reference(video, key, part, question=question, choices=choices, reference=truth, groups=groups)


def _right(answer: str, choices: Sequence[str]) -> str:
    """The letter of the right choice, given as a letter or as the choice's text; "" when it is none of them."""
    for texts in (choices, [PREFIX.sub("", choice) for choice in choices]):
        if answer in texts:
            return LETTERS[texts.index(answer)]
    letter = LETTER.match(answer)
    return letter[1] if letter and LETTERS.index(letter[1]) < len(choices) else ""


# --- the judge ---------------------------------------------------------------------------------------------------


def lettered(choices: Sequence[str]) -> str:
    """The choices, one a line, each with its letter."""
    return "\n".join(
        choice if choice.startswith((f"{letter}.", f"{letter})")) else f"{letter}. {choice}"
        for letter, choice in zip(LETTERS, choices, strict=False)
    )


def _values(case: Case) -> Values:
    return {
        "caption": fence("caption", case.caption),
        "question": case.question,
        "choices": lettered(case.choices),
    }


def _check(reply: str, case: Case) -> str | None:
    if metric.read_choice(reply, LETTERS[: len(case.choices)]) is not None:
        return None
    return f"it is neither one letter from A to {LETTERS[len(case.choices) - 1]} nor N/A"


# --- the figures -------------------------------------------------------------------------------------------------


def tables(outcome: Outcome) -> list[Table]:
    """Accuracy over all questions (ASID, Tab. 5); right, abstained and failed apart; by type."""
    ends = [(case, _outcome(outcome.scored(case), case)) for case in outcome.expected]
    sets = list(dict.fromkeys(case.groups["set"] for case, _ in ends))
    kinds = sorted({case.groups["type"] for case, _ in ends} - {""})
    of_set = {name: [end for case, end in ends if case.groups["set"] == name] for name in sets}
    of_type = {name: [end for case, end in ends if case.groups["type"] == name] for name in kinds}
    accuracies = (percent(metric.figures(found)["accuracy"]) for found in of_set.values())
    main = Table(
        "Answers from captions alone, accuracy in % (ASID, Tab. 5)",
        ("Model", *(f"{name}↑" for name in sets)),
        ((outcome.system, *accuracies),),
    )
    counts = Table(
        "Where the questions went",
        ("Set", "Asked", "Right", "Wrong", "Abstained", "Failed", "% of answered"),
        tuple((name, *_counts(found)) for name, found in of_set.items()),
    )
    rows = ((name, len(found), percent(metric.figures(found)["accuracy"])) for name, found in of_type.items())
    by_type = Table("Accuracy by type, %", ("Type", "Asked", "Accuracy↑"), tuple(rows))
    return [main, counts, *([by_type] if kinds else [])]


def _outcome(found: Case | None, case: Case) -> metric.Answering:
    reply = None if found is None else found.reply("answer")
    return metric.outcome(reply, case.reference, LETTERS[: len(case.choices)])


def _counts(ends: Sequence[metric.Answering]) -> tuple[Cell, ...]:
    kinds: tuple[metric.Answering, ...] = ("right", "wrong", "abstained", "failed")
    of_answered = percent(metric.figures(ends)["of_answered"])
    return len(ends), *(ends.count(kind) for kind in kinds), of_answered


QA = Benchmark(
    name="qa",
    about="multiple-choice questions answered from captions alone",
    data="Daily-Omni qa.json, worldsense_qa.json, Video-MME as JSON lines or Parquet",
    load=load,
    steps={"answer": Contract("eval/qa", ("caption", "question", "choices"), _values, check=_check)},
    tables=tables,
    missing="counted as wrong, and so is N/A",
)

"""What is cheap to know of a clip before money is spent on it, from each source that knows it. Pure.

DiaDem (001, section 3.1) has several models infer the attributes of a clip and keeps those on which they agree. Here a
source is what a stage has found already, or a tag of the input list that has the trait's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

SEPARATOR = "/"
BRIEF = 1.0  # s: whoever is heard for less is as likely as not a noise

Row = Mapping[str, Any]
Source = Callable[[Row], str | None]  # a value, or None where it does not know


def _speakers_by_turns(row: Row) -> str | None:
    lasting: dict[str, float] = {}
    for turn in row["turns"]:
        lasting[turn["speaker"]] = lasting.get(turn["speaker"], 0.0) + turn["end"] - turn["start"]
    return _count(sum(seconds >= BRIEF for seconds in lasting.values())) if lasting else None


def _speakers_by_words(row: Row) -> str | None:
    named = {said["speaker"] for said in row["utterances"] if said["speaker"]}
    if not row["utterances"]:
        return "0"
    return _count(len(named)) if named else None


def _shots(row: Row) -> str | None:
    return None if not row["shots"] else "single" if len(row["shots"]) == 1 else "multi"


def _heard_language(row: Row) -> str | None:
    return row["language"] or None


def _shown_language(row: Row) -> str | None:
    marked = {one["language"].partition("-")[0] for one in row["subtitles"] if one["language"]}
    return marked.pop() if len(marked) == 1 else None


def _speech(row: Row) -> str | None:
    return "yes" if row["utterances"] else "no"


def _count(number: int) -> str:
    return str(number) if number < 3 else "3+"


TRAITS: Mapping[str, Mapping[str, Source]] = {
    "speakers": {"turns": _speakers_by_turns, "words": _speakers_by_words},
    "shots": {"detector": _shots},
    "language": {"heard": _heard_language, "subtitles": _shown_language},
    "speech": {"words": _speech},
}
COLUMNS = (
    "id", "duration", "language", "tags", "turns.list.element.speaker", "turns.list.element.start",
    "turns.list.element.end", "utterances.list.element.speaker",
    "utterances.list.element.start", "utterances.list.element.end", "shots.list.element.start",
    "subtitles.list.element.language",
)  # fmt: skip


def known(row: Row, trait: str) -> dict[str, str]:
    """Give what each source says of a trait, by the source's name."""
    found = {name: value for name, source in TRAITS.get(trait, {}).items() if (value := source(row)) is not None}
    tags = dict(row["tags"])
    return found | ({"list": str(tags[trait])} if tags.get(trait) else {})


def disagreements(row: Row, traits: tuple[str, ...]) -> Iterator[str]:
    """Say of which traits the sources differ, and how."""
    for trait in traits:
        said = known(row, trait)
        if len(set(said.values())) > 1:
            yield f"{trait}: " + ", ".join(f"{value} by {source}" for source, value in said.items())


def cell(row: Row, traits: tuple[str, ...]) -> str:
    """Name the kind of clip that a quota counts: the values of the traits, `unknown` where nobody knows."""
    return SEPARATOR.join(next(iter(known(row, trait).values()), "unknown") for trait in traits)

"""One attribute's caption held against the evidence, and mended where the audit says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from asid.pipeline.captions import quotes as quotations
from asid.pipeline.captions.text import words
from asid.pipeline.embedded import checks, claims, mending
from asid.pipeline.embedded.claims import Evidence, Passage, squash
from asid.pipeline.embedded.salience import important, selected
from asid.pipeline.embedded.story import second
from asid.pipeline.embedded.words import quoted
from asid.pipeline.rows import Fact

DATED = re.compile(r"^\s*at (\d+(?:\.\d+)?)s,?\s*", re.IGNORECASE)
ALL = "all"


def audit(facts: dict[str, Any]) -> dict[str, Any]:
    """Find what is wrong with an attribute's caption and what it lacks, against the evidence."""
    evidence, attribute = claims.read(facts), facts["attribute"]
    parts = claims.passages(facts["caption"], evidence.duration)
    wrong = checks.faults(parts, evidence, attribute)
    errors = [{"snippet": fault.snippet, "why": fault.why} for fault in wrong]
    errors += [{"snippet": text, "why": why} for text, why in checks.anchor_faults(parts, evidence.duration)]
    replaced = {squash(fault.mended) for fault in wrong if fault.mended}
    absent = [
        fact for fact in wanted(evidence, attribute)
        if not claims.covered(fact, parts) and squash(fact.text) not in replaced and not _quoted_in(fact, replaced)
    ]  # fmt: skip
    missing = [
        {"what": f"At {second(fact.start, evidence.duration)}s, {fact.text}", "why": f"found by {fact.model}"}
        for fact in absent
    ]
    return {"errors": errors, "missing": missing, "expressiveness": style(parts, evidence.facts)}


def wanted(evidence: Evidence, attribute: str) -> list[Fact]:
    """What a caption of the attribute has to tell."""
    mine = [fact for fact in evidence.facts if fact.attribute == attribute and important(fact)]
    return selected(mine, evidence.duration)


def _quoted_in(fact: Fact, replaced: set[str]) -> bool:
    """Whether mending an error will bring the fact's words in."""
    return any(squash(quote) in replaced for quote in claims.quotes(fact.text))


def style(parts: Sequence[Passage], facts: Sequence[Fact]) -> list[str]:
    """Name what is told badly though it is true, such as twice."""
    twice = dict.fromkeys(parts[number].sentences[place] for number, place in mending.repeated(parts, facts))
    found = [f"{quoted(sentence)} is told twice" for sentence in twice]
    for part in parts:
        for sentence in part.sentences:
            if (count := prose(sentence)) > mending.MOST_WORDS:
                start = " ".join(sentence.split()[:6])
                found.append(f"the sentence that begins {quoted(start)} has {count} words and wants to be divided")
    return found


def prose(sentence: str) -> int:
    """Its words, quotations aside."""
    return words(sentence) - sum(words(quote.text) for quote in quotations.find(sentence))


def refine(facts: dict[str, Any]) -> dict[str, Any]:
    """Only what the report names. Anchors stay; a block that would be left empty keeps its words."""
    evidence, report, attribute = claims.read(facts), facts["report"], facts["attribute"]
    parts = claims.passages(facts["caption"], evidence.duration)
    summary: dict[str, list[str]] = {
        "fixed_errors": [], "filled_missing": [], "dropped_forbidden": [], "timestamp_adjustments": []
    }  # fmt: skip
    named = [squash(error["snippet"]) for error in report["errors"]]
    found = checks.faults(parts, evidence, "" if attribute == ALL else attribute)
    named_faults = [fault for fault in found if _named(fault, named) and not _alone(fault, parts)]
    kept = [list(part.sentences) for part in parts]
    done, moves = mending.mend(parts, named_faults)
    for time, sentence in moves:
        mending.add(parts, time, sentence)
    for fault in done:
        if fault.to is not None:
            summary["timestamp_adjustments"].append(f"{_short(fault.snippet)}: {fault.why}")
        elif fault.mended:
            summary["fixed_errors"].append(f"{_short(fault.snippet)} became {_short(fault.mended)}")
        else:
            summary["dropped_forbidden"].append(f"{_short(fault.snippet)}: {fault.why}")
    for item in report["missing"]:
        text, time = _dated(item["what"])
        if text and not _told(text, time, parts):
            _fill(parts, text, time, evidence)
            summary["filled_missing"].append(text)
    if report["expressiveness"]:
        _smooth(parts, report["expressiveness"], evidence, summary)
    for part, old in zip(parts, kept, strict=False):
        if not part.sentences and part.anchor is not None:
            part.sentences = _instead(part, evidence, attribute) or old
    return {"improved_caption": claims.whole(parts), "enhance_summary": summary}


def _named(fault: checks.Fault, snippets: Sequence[str]) -> bool:
    mine = squash(fault.snippet)
    return any(mine in other or other in mine for other in snippets if other)


def _alone(fault: checks.Fault, parts: Sequence[Passage]) -> bool:
    """Whether moving the sentence would leave its block empty: the anchor has to stay, and so do its words."""
    return fault.to is not None and len(parts[fault.passage].sentences) == 1


def _dated(what: str) -> tuple[str, float]:
    match = DATED.match(what)
    return (what[match.end() :], float(match[1])) if match else (what, 0.0)


def _told(text: str, time: float, parts: Sequence[Passage]) -> bool:
    return any(squash(text) in squash(part.text) for part in parts if part.near(time, time))


def _fill(parts: list[Passage], text: str, time: float, evidence: Evidence) -> None:
    """Into the block that covers it; an empty caption gets blocks of its own."""
    if all(part.anchor is not None and not part.lead for part in parts):
        mending.insert(parts, second(time, evidence.duration), [text])
    else:
        mending.add(parts, time, text)


def _smooth(parts: list[Passage], hints: Sequence[str], evidence: Evidence, summary: dict[str, list[str]]) -> None:
    if any("told twice" in hint for hint in hints):
        for sentence in mending.without_repeats(parts, evidence.facts):
            summary["fixed_errors"].append(f"{_short(sentence)} is told once")
    begun = [match[1] for hint in hints if (match := re.search(r'begins "([^"]+)"', hint))]
    for part in parts:
        for place in range(len(part.sentences) - 1, -1, -1):
            start = quoted(" ".join(part.sentences[place].split()[:6])).strip('"')
            if start in begun and mending.resplit(part, place):
                summary["fixed_errors"].append(f"the sentence that began {quoted(start)} is divided")


def _instead(part: Passage, evidence: Evidence, attribute: str) -> list[str]:
    """What was found at the time of a block whose statements all had to go."""
    near = [fact for fact in evidence.facts if fact.start <= part.start + 1 and fact.end >= part.start]
    mine = [fact for fact in near if attribute in (ALL, fact.attribute) and fact.attribute != "speech"]
    return [f"{fact.text}." for fact in selected(mine, evidence.duration)[-1:]]


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119].rstrip()}…"

"""The embedded editor: it merges, verifies, takes apart, audits and refines captions by holding them against
the evidence. It is made of rules; field tests showed that the language models small enough to travel in a package
invent what they are asked to merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidfuzz import fuzz

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.embedded import checks, claims, mending, sorting
from asid.pipeline.embedded.audit import audit, refine
from asid.pipeline.embedded.base import EmbeddedModel, dump
from asid.pipeline.embedded.claims import Evidence, Passage, squash
from asid.pipeline.embedded.salience import important, selected
from asid.pipeline.embedded.story import Sentence, line, paragraph, second, sentences_of
from asid.pipeline.embedded.words import stop
from asid.pipeline.models.base import Misconfigured, Request
from asid.pipeline.rows import Fact

RULES = "asid/rules-2"


class Composer(EmbeddedModel):
    """Merge, verify, take apart, audit, refine and judge captions by rule."""

    kind = "compose"

    def open(self) -> tuple[str, ...]:
        return (RULES,)

    def answer(self, request: Request) -> str:
        """Do the task of a request. Raises Misconfigured for one that it does not do."""
        facts = request.facts
        match request.task:
            case "ensemble":
                return ensemble(facts)
            case "verify":
                return dump(verify(facts))
            case "decompose":
                return dump(decompose(facts))
            case "audit":
                return dump(audit(facts))
            case "refine":
                return dump(refine(facts))
            case "judge":
                raise Misconfigured(
                    "embedded/compose does not judge: it would grade its own text by the facts that it was made of. "
                    "Leave `model` out of the filter, or name another model"
                )
        raise Misconfigured(f"embedded/compose does not {request.task}: sight, text, sound and camera caption clips")


# --- merging -----------------------------------------------------------------------------------------------------


def ensemble(facts: dict[str, Any]) -> str:
    """The chosen facts and the sentences of candidates that are not made of facts, by time, each told once."""
    evidence = claims.read(facts)
    others = [sentence for candidate in facts["candidates"] if not candidate["facts"]
              for sentence in foreign(candidate["caption"], evidence)]  # fmt: skip
    lines = distinct(others)
    text = " ".join(line.text for line in lines)
    chosen = [fact for fact in selected(evidence.facts, evidence.duration) if not claims.covers(text, fact)]
    return paragraph([*(line(fact, evidence.duration) for fact in chosen), *lines])


def foreign(caption: str, evidence: Evidence) -> list[Sentence]:
    """Sentences of a written caption at their seconds; quoted speech goes to where it was recognised."""
    found = []
    for part in claims.passages(caption, evidence.duration):
        for sentence in part.sentences:
            time = part.start
            for quote in claims.quotes(sentence, "speech"):
                spot = evidence.transcript.locate(quote, near=time)
                time = spot.start if spot.score >= claims.SAID / 100 else time
            found.append(Sentence(second(time, evidence.duration), sentence, whole=True, time=time + 1))
    return found


def distinct(lines: Sequence[Sentence]) -> list[Sentence]:
    """Each told once: of sentences of the same few seconds that are alike, or that quote the same, the longest."""
    kept: list[Sentence] = []
    for new in sorted(lines, key=lambda line: (-len(line.text), line.second)):
        quoted = squash(" ".join(claims.quotes(new.text)))
        if not any(
            abs(new.second - old.second) <= 2
            and (
                fuzz.token_set_ratio(new.text.lower(), old.text.lower()) >= 90
                or (quoted and fuzz.partial_ratio(quoted, squash(old.text)) >= 90)
            )
            for old in kept
        ):
            kept.append(new)
    return sorted(kept, key=lambda line: line.second)


# --- verifying ---------------------------------------------------------------------------------------------------


def verify(facts: dict[str, Any]) -> dict[str, str]:
    """What the evidence has and the caption lacks or tells otherwise, and the caption set right and completed."""
    evidence = claims.read(facts)
    parts = claims.passages(facts["caption"], evidence.duration)
    wrong = checks.faults(parts, evidence)
    speech = {fault.why for fault in wrong if claims.quotes(fault.snippet, "") or fault.to is not None}
    notes: dict[bool, list[str]] = {True: [], False: []}
    for fault in wrong:
        notes[fault.why in speech and "on screen" not in fault.why].append(f"{fault.snippet.rstrip('.')}: {fault.why}.")
    for snippet, why in checks.anchor_faults(parts, evidence.duration):
        notes[False].append(f"{snippet.rstrip(',')}: {why}.")
    _, moves = mending.mend(parts, wrong)
    mending.without_repeats(parts, evidence.facts)
    lacking = [fact for fact in selected(evidence.facts, evidence.duration) if important(fact)]
    lacking = [
        fact
        for fact in lacking
        if not claims.covered(fact, parts) and not any(claims.covers(sentence, fact) for _, sentence in moves)
    ]
    for fact in lacking:
        notes[fact.attribute == "speech"].append(stop(f"At {second(fact.start, evidence.duration)}s, {fact.text}"))
    return {
        "non_speech_deficiency_specific": " ".join(notes[False]),
        "speech_deficiency_specific": " ".join(notes[True]),
        "caption": completed(parts, moves, lacking, evidence.duration) or facts["caption"],
    }


def completed(
    parts: Sequence[Passage], moves: Sequence[tuple[float, str]], lacking: Sequence[Fact], duration: float
) -> str:
    """The caption in order of time, anchors whole seconds within the clip, with what lacked or stood elsewhere."""
    done: list[Passage] = []
    for part in sorted(parts, key=lambda part: part.start):
        if part.sentences:
            at = second(part.start, duration)
            mending.insert(done, at, part.sentences)
    for time, sentence in moves:
        mending.insert(done, second(time, duration), [sentence])
    new: dict[int, list[Fact]] = {}
    for fact in lacking:
        new.setdefault(second(fact.start, duration), []).append(fact)
    for turn, (at, facts) in enumerate(sorted(new.items())):
        mending.insert(done, at, sentences_of([line(fact, duration) for fact in facts], turn))
    return claims.whole(done)


# --- taking apart ------------------------------------------------------------------------------------------------


def decompose(facts: dict[str, Any]) -> dict[str, str]:
    """Each statement under its fact's attribute; a sentence that is no fact under all that its words are about."""
    evidence = claims.read(facts)
    parts = claims.passages(facts["caption"], evidence.duration)
    captions: dict[str, str] = {}
    for attribute in ATTRIBUTES:
        kept = []
        for turn, part in enumerate(parts):
            near = [fact for fact in evidence.facts if part.near(fact.start, fact.end)]
            found = [one for sentence in part.sentences for one in share(sentence, near, attribute)]
            if found:
                said = sentences_of(found, turn)
                if part.anchor is None:
                    said[0] = said[0][:1].upper() + said[0][1:]
                kept.append(Passage(part.anchor, part.lead, said, part.until))
        captions[attribute] = claims.whole(kept)
    return captions


def share(sentence: str, near: Sequence[Fact], attribute: str) -> list[Sentence]:
    """What of the sentence is the attribute's."""
    matched = claims.matched(sentence, near)
    if not matched:
        mine = attribute in sorting.attributes(sentence)
        return [Sentence(0, sentence, attribute, whole=True)] if mine else []
    lines = [Sentence(0, fact.text, attribute) for fact, _ in matched if fact.attribute == attribute]
    for start, end in claims.loose(sentence, [span for _, span in matched]):
        rest = sentence[start:end]
        if attribute in sorting.attributes(rest)[:1]:
            lines.append(Sentence(0, rest, attribute))
    return lines

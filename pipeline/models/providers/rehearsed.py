"""The shipped script of the scripted model: for each task an answer of the right form, made of nothing but the prompt.

It is no captioner: it carries the evidence of its prompt through the stages, so that a whole recipe can be rehearsed
without keys. The same prompt gives the same answer.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Request

EVIDENCE = re.compile(r'<evidence kind="([^"]*)">\n(.*?)\n</evidence>', re.DOTALL)
DURATION = re.compile(r"lasts\s+([\d.]+)\s+seconds")
ANCHOR = re.compile(r"At (\d+(?:\.\d+)?)s, ")
LINE = re.compile(r"\[?(\d+(?:\.\d+)?)s?\s*[-–]\s*\d+(?:\.\d+)?s?\]?\s*(?:\S+:)?\s*(.+)")
PLACES = ("a quiet room with plain walls", "a street in daylight", "a hall under warm lamps", "an open field")
PEOPLE = ("a person in a dark jacket", "a woman in a red coat", "two people side by side", "a man with glasses")
DOINGS = ("turns toward the camera", "walks from left to right", "raises one hand", "looks down and up again")


def answer(request: Request) -> Any:
    """Text for caption, correct and ensemble, an object for every other task. Raises KeyError for an unknown task."""
    return TASKS[request.task](request)


def evidence(prompt: str) -> dict[str, str]:
    """The fenced texts of a prompt by kind; of several of one kind the first."""
    found: dict[str, str] = {}
    for kind, text in EVIDENCE.findall(prompt):
        found.setdefault(kind, text.strip())
    return found


def _caption_of(request: Request) -> str:
    found = evidence(request.prompt)
    text = next((text for kind, text in found.items() if "caption" in kind), "")
    return "" if text == "(empty)" else text


def _duration(prompt: str) -> float:
    match = DURATION.search(prompt)
    return float(match[1]) if match else 10.0


def _pick(choices: tuple[str, ...], seed: str) -> str:
    return choices[hashlib.sha256(seed.encode()).digest()[0] % len(choices)]


def caption(request: Request) -> str:
    """A few anchored sentences that differ from clip to clip, and with the setting `seed`; spoken lines are quoted."""
    seed = f"{request.row or request.prompt}{request.settings.get('seed', '')}"
    last = max(0, int(_duration(request.prompt)) - 1)
    person = _pick(PEOPLE, seed)
    blocks = {0: f"the camera holds a medium shot of {_pick(PLACES, seed + 'place')}, where {person} is in view."}
    if last >= 2:
        blocks[last // 2] = f"{person} {_pick(DOINGS, seed + 'doing')}, while steady music plays."
    if last >= 1:
        blocks[last] = f"{person} stays in view and looks calm."
    for start, words in _spoken(request.prompt):
        second = min(last, int(start))
        said = words.replace('"', "'")
        blocks[second] = f'{blocks.get(second, "")} A voice says, "{said}"'.strip()
    return " ".join(f"At {second}s, {blocks[second]}" for second in sorted(blocks))


def _spoken(prompt: str) -> list[tuple[float, str]]:
    text = next((text for kind, text in evidence(prompt).items() if "transcript" in kind or "speech" in kind), "")
    return [(float(match[1]), match[2].strip()) for line in text.splitlines() if (match := LINE.match(line.strip()))]


def correct(request: Request) -> str:
    """The account as it is: a rehearsal knows no speakers."""
    return evidence(request.prompt)["account"]


def ensemble(request: Request) -> str:
    """The longest of the accounts, which is already an anchored caption."""
    found = [text.strip() for kind, text in EVIDENCE.findall(request.prompt) if ANCHOR.search(text)]
    return _from_anchor(max(found, key=len)) if found else caption(request)


def verify(request: Request) -> dict[str, str]:
    """Give a verified caption."""
    text = _caption_of(request) or caption(request)
    missing = [words for _, words in _spoken(request.prompt) if words.lower() not in text.lower()]
    return {
        "non_speech_deficiency_specific": "",
        "speech_deficiency_specific": " ".join(f"The line {words!r} is left out." for words in missing),
        "caption": text,
    }


def decompose(request: Request) -> dict[str, str]:
    """Each attribute gets the whole caption; speech only the blocks that quote somebody."""
    text = _caption_of(request)
    blocks = [block for block in re.split(r"(?=At \d+(?:\.\d+)?s, )", text) if block.strip()]
    quoted = "".join(block for block in blocks if '"' in block).strip()
    return {attribute: quoted if attribute == "speech" else text for attribute in ATTRIBUTES}


def audit(request: Request) -> dict[str, list[Any]]:
    """One finding for about every third caption, so that refinement has work."""
    text = _caption_of(request)
    findings: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}
    if text and hashlib.sha256((text + request.attribute).encode()).digest()[0] % 3 == 0:
        snippet = " ".join(text.split()[:6])
        findings["errors"].append({"snippet": snippet, "why": "a rehearsed finding: worded too loosely"})
    return findings


def refine(request: Request) -> dict[str, Any]:
    """The caption as it is: a rehearsal mends nothing and says so."""
    lists = ("fixed_errors", "filled_missing", "dropped_forbidden", "timestamp_adjustments")
    return {"improved_caption": _caption_of(request), "enhance_summary": {name: [] for name in lists}}


def judge(request: Request) -> dict[str, Any]:
    """Give a grade of completeness."""
    return {"completeness": 4 if _caption_of(request) else 1, "why": "a rehearsed grade"}


def events(request: Request) -> dict[str, Any]:
    """One event for each sentence."""
    found = re.split(r"(?<=[.!?])\s+", _caption_of(request))
    return {"events": [sentence for sentence in found if sentence] or ["nothing is told"]}


def errors(request: Request) -> dict[str, Any]:
    """Event 1 is missing from about every second caption."""
    missing = [1] if hashlib.sha256(_caption_of(request).encode()).digest()[0] % 2 else []
    return {"missing": missing, "incorrect": [], "hallucinated": []}


def grade(request: Request) -> dict[str, Any]:
    """Longer captions get better grades."""
    return {"grade": min(10, len(_caption_of(request)) // 40), "why": "a rehearsed grade"}


def phrases(request: Request) -> dict[str, Any]:
    """The first words of a caption, about its first point."""
    words = ANCHOR.sub("", _caption_of(request)).split()[:3]
    return {"mentions": [{"point": 1, "phrase": " ".join(words)}] if words else []}


def groups(request: Request) -> dict[str, Any]:
    """All in one group."""
    count = len(re.findall(r"^\d+\. ", evidence(request.prompt).get("phrases", ""), re.MULTILINE))
    return {"groups": [{"name": "anything", "phrases": list(range(1, count + 1))}]}


def principles(request: Request) -> dict[str, Any]:
    """Three principles that fit any description."""
    told = {"Truth": "Nothing is told that the clip does not show.", "Order": "Things stand in their order.",
            "Coverage": "No part of the clip is passed over."}  # fmt: skip
    return {"principles": [{"name": name, "demand": demand} for name, demand in told.items()]}


def _from_anchor(text: str) -> str:
    match = ANCHOR.search(text)
    return text[match.start() :] if match else text


TASKS = {
    "caption": caption,
    "correct": correct,
    "ensemble": ensemble,
    "verify": verify,
    "decompose": decompose,
    "audit": audit,
    "refine": refine,
    "judge": judge,
    "events": events,
    "errors": errors,
    "grade": grade,
    "principles": principles,
    "phrases": phrases,
    "groups": groups,
    "merge": groups,
}

"""What models put around a text that was asked for by itself: the tags of the prompt, a fence, JSON, a line that
announces it. Taken off where what is left is surely the text; else it stays, for rules to see."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asid.pipeline.models.base import InvalidAnswer
from asid.pipeline.models.jsons import parse

# The tags that fence material in prompts (`prompts.fence`), also with the bracket that fencing puts in their place.
_OPEN = r"[<(]\s{0,4}evidence(?:\s{1,4}kind\s?=\s?\\?[\"'](?P<kind>[^\"'\\<>\n]{0,40})\\?[\"'])?\s{0,4}[>)]"
_CLOSE = r"[<(]\s{0,4}/\s{0,4}evidence\s{0,4}[>)]"
OPENED = re.compile(rf"\s*{_OPEN}\s*", re.IGNORECASE)
CLOSED = re.compile(rf"{_CLOSE}\Z", re.IGNORECASE)
LONGEST = 40  # characters of a closing tag
TAG = re.compile(rf"{_OPEN.replace('?P<kind>', '?:')}|{_CLOSE}", re.IGNORECASE)
OWN = frozenset({"", "caption", "account", "rejected answer", "answer"})  # what its writer may have written itself
FENCED = re.compile(r"(`{3,}|~{3,})[\w+-]{0,20}[ \t]*\n(?P<text>.*?)\n?[ \t]*\1", re.DOTALL)
JSON = re.compile(r"\s*(?:\{\s*[\"'{}]|\[\s*[\"'{\[])")  # how no prose begins
KEYS = frozenset({"caption", "text", "answer", "output", "paragraph", "description", "response", "result"})
_NOUN = r"(?:captions?|descriptions?|paragraphs?|accounts?|narratives?|answers?|outputs?|versions?|texts?)"
_EDGE = r"[*_#\s]{0,8}"
# "Sure! Here is the merged caption:" on a line of its own; a heading; "Caption:" before the text itself.
LINE = re.compile(
    rf"{_EDGE}(?:(?:sure|certainly|of\scourse|okay|ok|absolutely)\b[,.!:]?\s)?"
    rf"(?:(?:here(?:['’]s|\sis|\sare)|below\sis|this\sis|the\sfollowing\sis)\s)?(?:(?:the|an?|your|my)\s)?"
    rf"(?:[a-z-]{{1,20}}\s){{0,4}}{_NOUN}(?:,?\s(?:of|for|that|in|as|with|based|from)\b[\w\s,-]{{0,60}})?"
    rf"{_EDGE}:{_EDGE}\n",
    re.IGNORECASE,
)
HEADING = re.compile(rf"(?:#{{1,6}}[ ]|\*\*)(?:[a-z]{{1,20}}\s){{0,3}}{_NOUN}(?:\*\*)?:?[ \t]*\n", re.IGNORECASE)
LABEL = re.compile(
    rf"{_EDGE}(?:(?:the|a|your)\s)?(?:(?:merged|joined|final|improved|refined|revised|updated|completed|corrected)\s)?"
    rf"{_NOUN}{_EDGE}:{_EDGE}(?=\S)",
    re.IGNORECASE,
)


def unwrapped(text: str) -> tuple[str, tuple[str, ...]]:
    """The text itself, stripped, and what was taken off around it, outermost first."""
    steps: tuple[tuple[Callable[[str], str], str], ...] = (
        (untagged, "took off the tags of the prompt"),
        (_unfenced, "took the text out of its fence"),
        (_from_json, "took the text out of JSON"),
        (_unannounced, "took off the line that announces the text"),
    )
    now = text.strip()
    notes: list[str] = []
    changed = True
    while changed and len(notes) < len(steps):
        changed = False
        for step, note in steps:
            after = step(now).strip()
            if after and after != now:
                now, changed = after, True
                notes.append(note)
    return now, tuple(notes)


def untagged(text: str) -> str:
    """A text without the tags of the prompt around the whole of it; as it is when more of them stand in it, when they
    are not closed, or when they name what was only given to read: that may be an echo and no answer."""
    now = text
    while opened := OPENED.match(now):
        if (opened["kind"] or "").strip().casefold() not in OWN:
            return text
        now = now[opened.end() :]
    now = now.rstrip()
    if len(now) == len(text.rstrip()) or not CLOSED.search(now):
        return text
    while closed := CLOSED.search(now, max(0, len(now) - LONGEST)):
        now = now[: closed.start()].rstrip()
    return text if TAG.search(now) else now


def untagged_values(value: Any) -> tuple[Any, bool]:
    """A JSON value whose strings are untagged, and whether any was."""
    if isinstance(value, str):
        after = untagged(value)
        return after, after != value
    if isinstance(value, dict):
        made = {name: untagged_values(item) for name, item in value.items()}
        return {name: item for name, (item, _) in made.items()}, any(done for _, done in made.values())
    if isinstance(value, list):
        items = [untagged_values(item) for item in value]
        return [item for item, _ in items], any(done for _, done in items)
    return value, False


def _unfenced(text: str) -> str:
    """What one fence holds that is all of a text, but for a line that announces it."""
    found = FENCED.fullmatch(_unannounced(text))
    return found["text"] if found and found[1] not in found["text"] else text


def _from_json(text: str) -> str:
    """The text in a JSON string, or in an object that holds it alone by a name that says so."""
    value = _json(text)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        if not KEYS & set(re.split(r"[\W_]+", name.casefold())):
            return text
    return value if isinstance(value, str) else text


def structured(text: str) -> str | None:
    """Say that a text which was asked for is a JSON object or list, whole or broken; None when it is none."""
    return "the answer is JSON: plain text is asked for" if JSON.match(text) else None


def _json(text: str) -> Any:
    """The JSON that a whole text is; None where it is none."""
    if text[:1] + text[-1:] not in ('""', "{}", "[]"):
        return None
    try:
        value, mends = parse(text)
    except InvalidAnswer:
        return None
    return value if isinstance(value, dict) or not mends else None  # prose between such marks can be mended to some


def _unannounced(text: str) -> str:
    for pattern in (LINE, HEADING, LABEL):
        if found := pattern.match(text):
            return text[found.end() :].lstrip("\n")
    return text

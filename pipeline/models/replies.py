"""What a server's reply says, read from plain JSON values: nothing in it is believed before it is looked at.

Pure functions. They raise nothing but `Unreadable`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from asid.pipeline.models.base import Unreadable

SHOWN = 200  # characters of a reply that is not understood
MOST_TOKENS = 1 << 50
SURROGATE = re.compile("[\ud800-\udfff]")

Finish = Literal["stop", "length", "refusal", "unknown"]

# Why an answer ended, in the words of OpenAI and of those who speak its API. Letter case, - and _ do not matter. A word
# that is not here is unknown, and never good.
WHOLE = frozenset(
    # OpenAI, vLLM, Gemini; Together and TGI; Anthropic behind a gateway
    {"stop", "eos", "eostoken", "stopsequence", "endturn"}
)
CUT = frozenset(
    {"length", "maxtokens", "maxoutputtokens", "maxcompletiontokens", "maxnewtokens", "maxlength", "modellength"}
    | {"modelcontextwindowexceeded", "contextwindowexceeded", "contextlengthexceeded", "contextlength"}
    | {"contextexceeded", "contextoverflow", "tokenlimit", "tokenlimitreached", "outputlimit"}
)
REFUSED = frozenset(
    # OpenAI and Azure; Zhipu; Anthropic; Bedrock; Gemini; DashScope and Ark
    {"contentfilter", "contentfiltered", "contentfiltering", "contentpolicyviolation", "contentpolicy"}
    | {"sensitive", "sensitivecontent", "refusal", "refused", "moderation", "moderated", "flagged", "risk"}
    | {"guardrailintervened", "safety", "recitation", "language", "blocklist", "prohibitedcontent", "spii"}
    | {"modelarmor", "imagesafety", "imageprohibitedcontent", "imagerecitation", "blocked", "unsafe", "riskcontent"}
    | {"datainspectionfailed", "sensitivecontentdetected", "inputsensitive", "outputsensitive", "errorsensitive"}
)
SPOKEN_PARTS = frozenset({"text", "output_text", "input_text"})
SILENT_PARTS = frozenset({"reasoning", "reasoning_text", "thinking", "redacted_thinking", "summary_text", "annotation"})


def load(body: bytes | str) -> Any:
    """The JSON value of a reply's body. Raises Unreadable with what came instead."""
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the server's reply is not JSON ({_why(error)}): {shown(body)}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _why(error: BaseException) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:100]


def shown(value: Any) -> str:
    """The beginning of a reply, as text that every file can hold."""
    if isinstance(value, bytes):
        text = value[: 4 * SHOWN].decode("utf-8", "replace")
    elif isinstance(value, str):
        text = value[: 4 * SHOWN]
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (ValueError, TypeError, RecursionError):
            text = type(value).__name__
    return whole_text(" ".join(text.split())[:SHOWN]) or "nothing"


def whole_text(text: str) -> str:
    """A text with what UTF-8 cannot hold escaped."""
    return text.encode("utf-8", "backslashreplace").decode() if SURROGATE.search(text) else text


def fault(what: str, body: Any) -> Unreadable:
    """Say that a reply is not what its API says, and what it is."""
    return Unreadable(f"the server's reply {what}: {shown(body)}")


def key_of(word: str, marks: str = "-_ ") -> str:
    """A word without what servers write differently: `Content-Filter` is `contentfilter`."""
    return word.translate(dict.fromkeys(map(ord, marks))).lower()


def finish_of(word: Any) -> tuple[Finish, str]:
    """What an ending means, and the word as the server has it. None is good only where no error stands beside it."""
    if word is None:
        return "stop", ""
    said = whole_text(word[:80]) if isinstance(word, str) else shown(word)[:80]
    key = key_of(word) if isinstance(word, str) else ""
    if key in WHOLE:
        return "stop", said
    if key in CUT:
        return "length", said
    return ("refusal" if key in REFUSED else "unknown"), said


def name_of(model: Any, otherwise: str) -> str:
    """The server's name of its model, if it is one."""
    return whole_text(model[:200]).strip() or otherwise if isinstance(model, str) else otherwise


def tokens(usage: Any, *path: str) -> int:
    """A count of tokens; 0 where the server gives none. Raises Unreadable for what is no count."""
    value = usage
    for name in path:
        if value is None:
            return 0
        if not isinstance(value, Mapping):
            raise fault("counts tokens oddly", usage)
        value = value.get(name)
    if value is None:
        return 0
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise fault(f"has {shown(value)[:40]} for {'.'.join(path)}", usage)
    return value


def text_of(content: Any, body: Any) -> tuple[str, str]:
    """The text of a message's content, and what it says of a refusal. Parts are joined."""
    if content is None:
        return "", ""
    if isinstance(content, str):
        return content, ""
    parts = [content] if isinstance(content, Mapping) else content
    if not isinstance(parts, list):
        raise fault("has a content that is no text", body)
    said: list[str] = []
    refusals: list[str] = []
    for part in parts:
        if isinstance(part, str):
            said.append(part)
            continue
        if not isinstance(part, Mapping):
            raise fault("has a content that is no text", body)
        kind = part.get("type", "text")
        if kind in SILENT_PARTS if isinstance(kind, str) else False:
            continue
        if kind == "refusal" and isinstance(part.get("refusal"), str):
            refusals.append(part["refusal"])
        elif isinstance(kind, str) and kind in SPOKEN_PARTS and isinstance(part.get("text"), str):
            said.append(part["text"])
        else:
            raise fault("has a part of its content that is no text", body)
    return "".join(said), "".join(refusals)


# --- reasoning ---------------------------------------------------------------------------------------------------

# Opening and closing marks of reasoning that servers without a parser for it leave in the answer.
MARKS = (
    ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"), ("<reason>", "</reason>"), ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"), ("◁think▷", "◁/think▷"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
)  # fmt: skip
CHANNEL = re.compile(r"<\|channel\|>final(?:\s*<\|constrain\|>\w+)?\s*<\|message\|>")  # gpt-oss


def without_reasoning(text: str) -> str | None:
    """The answer in a text without the reasoning before it; None when the reasoning has no end."""
    if _is_json(text):
        return text  # a mark inside is quoted from what is seen
    if "<|channel|>" in text:
        parts = CHANNEL.split(text)
        return re.sub(r"<\|(?:end|return)\|>\s*$", "", parts[-1]) if len(parts) > 1 else None
    for opening, closing in MARKS:
        left = _apart(text, opening, closing)
        if left is None:
            return None
        text = left
    return text


def _apart(text: str, opening: str, closing: str) -> str | None:
    kept: list[str] = []
    at, inside = 0, -1
    for mark in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text, re.IGNORECASE):
        if mark[0].lower() == opening:
            inside = mark.start() if inside < 0 else inside
            continue
        if inside < 0:  # its opening stood in the prompt's template
            kept.clear()
        else:
            kept.append(text[at:inside])
        at, inside = mark.end(), -1
        if not "".join(kept).strip() and _is_json(text[at:]):
            return text[at:]
    if inside >= 0 and not text[max(at, text.rfind("\n", 0, inside) + 1) : inside].strip():
        return None
    return "".join([*kept, text[at:]])


def _is_json(text: str) -> bool:
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True

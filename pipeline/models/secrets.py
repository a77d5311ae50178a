"""Secrets that were written where they do not belong: found in a manifest's values, and taken out of what is said."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

HIDDEN = "<hidden>"
ADVICE = "export it in the shell and give the variable's NAME in `key` of the model"

# Names of settings, headers and variables whose values are secrets. Names that only speak of tokens are none.
NAMES = re.compile(
    r"api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|subscription[-_ ]?key|^x-[\w-]*(key|token)$"
    r"|(^|[-_ ])authorization$|^auth$|secret|passw(or)?d|passphrase|credential|^(set-)?cookies?$|^bearer$|^token$"
    r"|(access|auth|bearer|api|refresh|session|security|id|hf|hub|github|gh|slack|bot)[-_ ]?token$",
    re.IGNORECASE,
)
# Values that are keys, by the marks that their makers give them, and addresses that carry a password or a key. Folders
# and files have names that begin like keys (`hf_downloads`, `key-moments-of-2024`): a key has a run of letters and
# digits in it that no word is, long or mixed.
VALUES = re.compile(
    r"\b(?:sk|rk|pk|gsk|xai|nvapi|pplx|fw|ark|tp|key|hf|gh[pousr])[-_](?:[a-z0-9]+[-_]+)*"
    r"(?:[a-z0-9]{16}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{8})[\w-]*|\bAIza[\w-]{10,}"
    r"|\bgithub_pat_\w{10,}|\bAKIA[A-Z0-9]{12,}|\bxox[a-z]-[\w-]{8,}|\bya29\.[\w-]{8,}|\beyJ[\w-]{10,}\.[\w.-]+"
    r"|\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?<=[?&])[\w-]*(?:key|token|secret|password|signature|sig)=[^&\s]{4,}",
    re.IGNORECASE,
)
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def mask(text: str) -> str:
    """A text for people without what looks like a secret."""
    return VALUES.sub(HIDDEN, text)


def looks_secret(value: str) -> bool:
    """Whether a value looks like a key, and not like the name of a variable."""
    return bool(VALUES.search(value)) and not VARIABLE.fullmatch(value)


def found(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where in a value, at any depth, a secret stands, and what to do about it; never the secret."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            here = (*path, str(name))
            if NAMES.search(str(name)) and value not in (None, "", False, True) and value != {} and value != []:
                yield here, f"{mask(str(name))!r} holds a secret, and a manifest is kept with its run: {ADVICE}"
            elif looks_secret(str(name)):
                yield path, f"a secret stands here in place of a name: {ADVICE}"
            else:
                yield from found(value, here)
    elif isinstance(values, (list, tuple)):
        for index, value in enumerate(values):
            yield from found(value, (*path, index))
    elif isinstance(values, str) and looks_secret(values):
        name = next((part for part in reversed(path) if isinstance(part, str)), "value")
        yield path, f"{name}: this looks like a secret, and a manifest is kept with its run: {ADVICE}"


def shown(value: Any, path: tuple[str | int, ...] = ()) -> str:
    """A wrong value for people; "" for what is better not repeated. A secret may stand under any name, so only numbers
    and plain words are, and of models and environments only numbers."""
    if isinstance(value, (bool, int, float)) or value is None:
        return str(value)[:60]
    named = any(isinstance(part, str) and (NAMES.search(part) or part == "key") for part in path)
    if named or not isinstance(value, str) or path[:1] in (("models",), ("environments",)):
        return ""
    plain = len(value) <= 60 and not looks_secret(value) and not re.search(r"(?=\S*\d)(?=\S*[A-Za-z])\S{8,}|@", value)
    return value if plain else ""


def forms(secret: str) -> list[bytes]:
    """The ways in which a server may repeat a key that it was sent."""
    ways = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")]
    return [way.encode() for way in dict.fromkeys(ways)] if len(secret) >= 8 else []

"""The shape of a JSON answer, brought to the one that was asked for where what is meant is certain: keys in other
letters, one thing for a list of one, a list for one thing. Nothing is guessed: what is left misfits, and is asked for
again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, RootModel

from asid.pipeline.models.replies import key_of

ENDED = re.compile(r"[.!?…][\"”’')]*$")
# What says that there is nothing, or says nothing: as one of a list it would count as something.
NOTHING = re.compile(r"\W*(?:none|nothing|null|n/?a|no|not\sapplicable|nil|empty)?\W*", re.IGNORECASE)


def fitted(value: Any, form: type[BaseModel]) -> tuple[Any, tuple[str, ...]]:
    """A JSON value in the shape of a form, as far as it is certain, and what was done to it."""
    notes: list[str] = []
    return _object(value, form, notes, top=True), tuple(dict.fromkeys(notes))


def _object(value: Any, form: type[BaseModel], notes: list[str], *, top: bool = False) -> Any:
    if not isinstance(value, dict) or issubclass(form, RootModel):
        return value
    fields = form.model_fields
    value = _named(_inside(value, fields, notes) if top else value, fields, notes)
    made = {}
    for name, item in value.items():
        if name not in fields:
            made[name] = item
        elif item is None and not top and not fields[name].is_required():
            notes.append("left out what is null")
        else:
            made[name] = _fit(item, fields[name].annotation, notes)
    return made


def _inside(value: dict[str, Any], fields: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The object that is the one thing within another, by a name that was not asked for."""
    if len(value) == 1:
        ((name, inner),) = value.items()
        needed = {key_of(one) for one, field in fields.items() if field.is_required()}
        if isinstance(inner, dict) and key_of(name) not in map(key_of, fields) and needed <= set(map(key_of, inner)):
            notes.append("took the object out of another")
            return inner
    return value


def _named(value: dict[str, Any], fields: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """With the names that were asked for, where one differs by letter case and joints alone, and no other is it too."""
    homes: dict[str, list[str]] = {}
    for name in value:
        homes.setdefault(key_of(name), []).append(name)
    known = {key_of(name): name for name in fields}
    made = {}
    for name, item in value.items():
        alone = len(homes[key_of(name)]) == 1 and key_of(name) in known
        if alone and known[key_of(name)] != name:
            notes.append("wrote keys as they were asked for")
        made[known[key_of(name)] if alone else name] = item
    return made


def _fit(item: Any, wanted: Any, notes: list[str]) -> Any:
    kind, inner = _kind(wanted), _inner(wanted)
    if kind is list:
        if isinstance(item, str) and inner is str and not NOTHING.fullmatch(item):
            notes.append("made a list of the one text")
            return [item]
        if isinstance(item, str) and inner is str and not item.strip():
            notes.append("made an empty list of an empty text")
            return []
        if isinstance(item, dict) and item and _is_form(inner):
            notes.append("made a list of the one object")
            item = [item]
        return [_fit(one, inner, notes) for one in item] if isinstance(item, list) else item
    if _is_form(kind):
        return _object(item, kind, notes)
    if kind is str and isinstance(item, list) and _one_text(item):
        notes.append("made one text of a list")
        return " ".join(one.strip() for one in item)
    if kind is int:
        if isinstance(item, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", item, re.ASCII):
            notes.append("read a number in quotation marks")
            return int(item)
        if isinstance(item, float) and item.is_integer():
            return int(item)
    return item


def _one_text(items: list[Any]) -> bool:
    """Whether a list is one text, or the sentences of one."""
    texts = [item for item in items if isinstance(item, str)]
    return len(texts) == len(items) and (len(texts) < 2 or all(ENDED.search(text.strip()) for text in texts))


def _kind(wanted: Any) -> Any:
    """The type itself, without what is annotated; `list` for one of whatever."""
    while get_origin(wanted) is Annotated:
        wanted = get_args(wanted)[0]
    return get_origin(wanted) or wanted


def _inner(wanted: Any) -> Any:
    """What a list is of; None of what is no list."""
    while get_origin(wanted) is Annotated:
        wanted = get_args(wanted)[0]
    return _kind(get_args(wanted)[0]) if get_origin(wanted) is list else None


def _is_form(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, RootModel)

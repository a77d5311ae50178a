"""The Arrow schema of a row type: from the type, never from the data. Shards and datasets take it from here."""

from __future__ import annotations

import types
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
from pydantic import BaseModel

from asid.pipeline.rows import Record

PLAIN = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}


def _arrow(kind: Any) -> pa.DataType:
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return pa.struct(_fields(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return PLAIN[type(arguments[0])]
    if origin in (list, tuple):
        return pa.list_(_arrow(arguments[0]))
    if origin is dict:
        return pa.map_(_arrow(arguments[0]), _arrow(arguments[1]))
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        if len(inner) == 1:
            return _arrow(inner[0])
    raise TypeError(f"a row cannot hold {kind}: use str, int, float, bool, bytes, Literal, a Record, tuple, dict")


def _fields(kind: type[BaseModel]) -> list[pa.Field]:
    hints = get_type_hints(kind)
    fields = []
    for name in kind.model_fields:
        optional = type(None) in get_args(hints[name])
        fields.append(pa.field(name, _arrow(hints[name]), nullable=optional))
    return fields


@cache
def schema(kind: type[Record]) -> pa.Schema:
    """Make the Arrow schema of a row type. Raises TypeError where a field is of a type that a row cannot hold."""
    return pa.schema(_fields(kind))

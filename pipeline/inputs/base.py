"""What an input is, what listing one gives, and how an odd file is named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from asid.pipeline.errors import UserError
from asid.pipeline.registry import INPUTS
from asid.pipeline.rows import Failure, Row
from asid.pipeline.storage import display_name

_VIDEO = (
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .m2ts .mts .flv .wmv .asf .ogv .3gp .3g2 .mxf .vob .f4v .rm .rmvb"
    " .wtv .gif .dv .ivf .nut"
)
VIDEO = frozenset(_VIDEO.split())
COLUMNS = ("uri", "path", "video", "url")
LICENCE = ("licence", "license")
SURROGATE = re.compile("[\ud800-\udfff]")


class InputError(UserError):
    """An input that is not there, or a list that cannot be one. Said before any work."""


class InputConfig(BaseModel):
    """One entry of a manifest's `inputs`: the path alone, or a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(
        min_length=1,
        description="file, folder, glob, s3:// or gs:// address, list (.csv .tsv .jsonl .parquet), WebDataset .tar, "
        "or hf://datasets/ORG/NAME",
    )
    kind: str = Field("", description="how it is read: local, bucket, hub or yours; empty: by its address")
    licence: str = Field("", description="for rows whose list has no `licence` column")
    source: str = Field("", description="where the videos come from; for rows whose list has no `source` column")
    column: str = Field("", description=f"column of the address in a list; empty: the first of {', '.join(COLUMNS)}")
    tags: dict[str, str] = {}

    @field_validator("kind")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if value and not INPUTS.knows(value):
            raise ValueError(INPUTS.unknown(value))
        return value

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class Listed(Row):
    """A file that may be a video. `id` is made of its address; `stamp` tells by the listing alone that it has changed,
    "" where the listing does not say."""

    uri: str
    name: str
    licence: str
    source: str
    tags: dict[str, str]
    stamp: str = ""

    @field_validator("tags", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(value)


def address_id(uri: str) -> str:
    """Make the id of a listed file from its address: 16 hex digits."""
    return hashlib.sha256(text(uri).encode()).hexdigest()[:16]


def listed(
    uri: str, config: InputConfig, columns: Mapping[str, Any] | None = None, name: str = "", stamp: str = ""
) -> Listed:
    """A row for `uri`; `columns` of its list become licence, source and tags."""
    given = {text(key): text(value) for key, value in (columns or {}).items() if key and value not in (None, "")}
    licence = next((given[key] for key in LICENCE if key in given), config.licence)
    source = given.get("source", config.source)
    tags = config.tags | {key: value for key, value in given.items() if key not in (*LICENCE, "source")}
    return Listed(
        id=address_id(uri),
        uri=uri,
        name=text(name or display_name(text(uri))),
        licence=licence,
        source=source,
        tags=tags,
        stamp=stamp,
    )


def refused(uri: str, kind: str, reason: str, name: str = "") -> Failure:
    """What stands for an input that never becomes a row. Its stage is the one that lists the inputs, which sets it."""
    return Failure(
        id=address_id(uri),
        name=text(name or display_name(text(uri))),
        stage="",
        kind=kind,
        reason=text(reason),
        attempts=1,
        raw="",
    )


def text(value: Any) -> str:
    """Any cell as UTF-8 text: what is not text becomes JSON; bytes that are no text, and halves of characters, are
    shown escaped. Raises ValueError for lists that lie in each other without end."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        try:
            value = json.dumps(value, ensure_ascii=False, default=str)
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error
    return SURROGATE.sub(_escaped, str(value))


def _escaped(match: re.Match[str]) -> str:
    """A byte that is no UTF-8 stands in Python's text as U+DC80 and above; any other surrogate is half a character."""
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def ending(name: str) -> str:
    """The lower-case ending of a file name with its dot; "" without one, and for a name such as `.hidden`."""
    stem, dot, last = name.rpartition(".")
    return dot + last.lower() if stem.strip(".") else ""

"""What an input is, what listing one gives, and how an odd file is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from asid.pipeline.errors import UserError
from asid.pipeline.rows import Failure, Row
from asid.pipeline.storage import display_name

_VIDEO = (
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .m2ts .mts .flv .wmv .asf .ogv .3gp .3g2 .mxf .vob .f4v .rm .rmvb"
    " .wtv .gif .dv .ivf .nut"
)
_BESIDE = (
    ".json .jsonl .ndjson .csv .tsv .parquet .arrow .txt .md .rst .html .htm .xml .yaml .yml .toml .ini .log .pdf .doc"
    " .docx .nfo .url .lnk .srt .vtt .ass .ssa .sub .idx .lrc .rttm .lab .textgrid .jpg .jpeg .png .webp .bmp .tif"
    " .tiff .svg .ico .wav .mp3 .flac .m4a .aac .opus .wma .npy .npz .pt .pth .pkl .safetensors .zip .gz .bz2 .xz"
    " .zst .7z .rar .py .sh .md5 .sha1 .sha256 .cls"
)
VIDEO = frozenset(_VIDEO.split())
BESIDE = frozenset(_BESIDE.split())  # lie beside videos and are none: passed over, counted by their ending
BESIDE_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".gitattributes", "license", "readme"})
COLUMNS = ("uri", "path", "video", "url")
LICENCE = ("licence", "license")


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
    licence: str = Field("", description="for rows whose list has no `licence` column")
    source: str = Field("", description="where the videos come from; for rows whose list has no `source` column")
    column: str = Field("", description=f"column of the address in a list; empty: the first of {', '.join(COLUMNS)}")
    tags: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class Listed(Row):
    """A file that may be a video. `id` is made of its address."""

    uri: str
    name: str
    licence: str
    source: str
    tags: dict[str, str]

    @field_validator("tags", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(value)


def address_id(uri: str) -> str:
    return hashlib.sha256(uri.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def listed(uri: str, config: InputConfig, columns: Mapping[str, Any] | None = None, name: str = "") -> Listed:
    """A row for `uri`; `columns` of its list become licence, source and tags."""
    given = {text(key): text(value) for key, value in (columns or {}).items() if key and value not in (None, "")}
    licence = next((given[key] for key in LICENCE if key in given), config.licence)
    source = given.get("source", config.source)
    tags = config.tags | {key: value for key, value in given.items() if key not in (*LICENCE, "source")}
    return Listed(
        id=address_id(uri), uri=uri, name=name or display_name(uri), licence=licence, source=source, tags=tags
    )


def refused(uri: str, kind: str, reason: str, name: str = "") -> Failure:
    """What stands for an input that never becomes a row."""
    return Failure(
        id=address_id(uri),
        name=name or display_name(uri),
        stage="ingest",
        kind=kind,
        reason=text(reason),
        attempts=1,
        raw="",
    )


def text(value: Any) -> str:
    """Any cell as UTF-8 text: what is not text becomes JSON, bytes that are no text are shown escaped."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def ending(name: str) -> str:
    """The lower-case ending of a file name with its dot; "" without one, and for a name such as `.hidden`."""
    stem, dot, last = name.rpartition(".")
    return dot + last.lower() if stem.strip(".") else ""


def is_beside(name: str) -> bool:
    return ending(name) in BESIDE or name.lower() in BESIDE_NAMES

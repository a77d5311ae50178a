"""Reading what benchmarks are published in: JSON, JSON lines, Parquet. Field names are many, ids are odd."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.inputs.base import VIDEO

LARGEST = 2 << 30  # bytes of a file that is read whole
ID_FIELDS = ("video_id", "id", "video", "vid", "video_dir", "video_path", "path", "name", "idx")


class DataError(UserError):
    """A data file or a captions file that cannot be one."""


def documents(path: Path, intake: DataIntake) -> Iterator[tuple[str, Any]]:
    """The values in a file, each with its place: items of a JSON array, JSON lines, rows of Parquet, or one object; of
    a run's folder, what the input list says of its videos. What is no JSON is a fault, line by line. Raises DataError
    for a file that cannot be read at all."""
    if is_run(path):
        from asid.pipeline.evaluation import listed

        yield from listed.records(path, intake)
        return
    if path.suffix == ".parquet":
        yield from _table(path)
        return
    text = _text(path)
    try:
        value = json.loads(text)
    except RecursionError:
        raise DataError(f"{path}: nested too deep") from None
    except ValueError:
        yield from _lines(path, text, intake)
        return
    if isinstance(value, list):
        yield from ((f"{path.name} item {number}", item) for number, item in enumerate(value, 1))
    else:
        yield path.name, value


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a run."""
    return (path / "manifest.yaml").is_file()


def records(path: Path, intake: DataIntake, ids: Sequence[str] = ID_FIELDS) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The records of a data file, each with its id as it stands. A mapping from ids to records is taken apart. What has
    no id, or is no record, is a fault."""
    for where, value in documents(path, intake):
        if not isinstance(value, Mapping):
            intake.fault("not_a_record", where, f"a JSON object is due here, and {type(value).__name__} came")
            continue
        id = first(value, ids)
        if id is None and value and all(isinstance(item, Mapping) for item in value.values()):
            yield from value.items()
        elif not text_of(id):
            intake.fault("no_id", where, f"it has none of {', '.join(ids[:5])}, …")
        else:
            if not isinstance(id, str):
                intake.note("ids that are no text, read as text")
            yield id, value


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path} has more than {LARGEST >> 30} GiB: give it as JSON lines in parts")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error


def _lines(path: Path, text: str, intake: DataIntake) -> Iterator[tuple[str, Any]]:
    found = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            intake.fault("unreadable", f"{path.name} line {number}", f"not JSON: {str(error)[:100]}")
            continue
        found = True
        yield f"{path.name} line {number}", value
    if not found:
        raise DataError(f"{path} holds no JSON: give a JSON array, JSON lines or Parquet")


def _table(path: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=512):
            yield from ((f"{path.name}", row) for row in batch.to_pylist())
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is no Parquet file that can be read: {str(error)[:200]}") from error


# --- fields ------------------------------------------------------------------------------------------------------


def first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The value of the first of these fields that the record has; None when it has none, or only null."""
    return next((record[name] for name in names if record.get(name) is not None), None)


def text_of(value: Any) -> str:
    """A cell as text: numbers written out, a list by its first item, "" for null and for NaN, which tables have in its
    place."""
    if isinstance(value, (list, tuple)):
        return text_of(value[0]) if value else ""
    if value is None or isinstance(value, (dict, bool)):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else "" if isnan(value) else str(value)
    return str(value).encode("utf-8", "backslashreplace").decode().strip()


def record_of(value: Any) -> Mapping[str, Any]:
    """A question within a record. One that is no record lacks all that a question needs, and is told for that."""
    return value if isinstance(value, Mapping) else {}


def lines_of(value: Any) -> Any:
    """A cell that may be a list, or a text with one item to a line."""
    return value.splitlines() if isinstance(value, str) else value


def texts_of(value: Any) -> tuple[str, ...]:
    """A cell as a list of texts, without those that say nothing."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for text in map(text_of, items) if text)


def whole_key(value: Any) -> str:
    """The id of a video as it stands: where folders tell videos apart."""
    return text_of(value)


def short_key(value: Any) -> str:
    """The id of a video without its folders and the ending of a video file: `video/0.mp4`, "0" and 0 are one."""
    name = text_of(value).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return stem if stem and dot + ending.lower() in VIDEO else name


def number_of(value: Any) -> float | None:
    """A finite number, or None for what is none."""
    try:
        found = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        return None
    return found if abs(found) < float("inf") else None

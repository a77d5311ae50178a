"""For the tests of a stage of your own: a row out of few words, and the stage's verb on it, without a cluster.

clip = example(Clip, duration=12.0)
assert process(Loudness, clip, quietest=-30).tags["loudness_db"] == "none"
"""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any, Literal, TypeVar, get_args, get_origin

from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Record
from asid.pipeline.stage import Context, Stage
from asid.pipeline.storage import Storage

RecordType = TypeVar("RecordType", bound=Record)
PLAIN: dict[object, Any] = {str: "", int: 1, float: 1.0, bool: False}


def example(kind: type[RecordType], **fields: Any) -> RecordType:
    """A row, or a part of one, with these fields and the plainest possible values in the others."""
    return kind(**{name: plainest(field.annotation) for name, field in kind.model_fields.items()} | fields)


def plainest(annotation: Any) -> Any:
    """ "", 1, 1.0, False, an empty tuple or dict, the first of a choice, an example of a record."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin = get_origin(annotation)
    if origin in (tuple, dict):
        return origin()
    if origin is Literal:
        return get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return example(annotation)
    return None


def process(stage: type[Stage[Any, Any, Any]], row: Any, **settings: Any) -> Any:
    """What the stage makes of one row: a row, a list of rows, or whatever it raises. Its run folder is gone after."""
    with tempfile.TemporaryDirectory() as folder:
        worker = stage(stage.types()[2](**settings), Context(Storage(folder), Prompts(), {}))
        worker.open()
        try:
            return asyncio.run(worker.process(row))
        finally:
            worker.close()

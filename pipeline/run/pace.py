"""How fast a run goes: a line for each shard that was finished, in `RUN/pace.jsonl`. It is only for telling people: the
times of files would change with every copy of the run. A run in a bucket has none, as no file there can be added to."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

from asid.pipeline.storage import Storage, to_path

NAME = "pace.jsonl"
logger = logging.getLogger("asid")


def note(storage: Storage, step: str, shard: str, rows: int) -> None:
    """Write down that a shard is finished now."""
    if not storage.is_local:
        return
    line = json.dumps({"at": round(time.time(), 3), "step": step, "shard": shard, "rows": rows})
    try:
        with open(to_path(storage.root) / NAME, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:  # the rows are safe without it
        logger.warning("the pace of %s/%s could not be noted: %s", step, shard, error)


def read(storage: Storage) -> Iterator[tuple[float, str, str, int]]:
    """Time (s since 1970), step, shard and rows of each line that can be read, in order."""
    if not storage.is_local:
        return
    try:
        text = (to_path(storage.root) / NAME).read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.split("\n"):
        try:
            found = json.loads(line)
            yield float(found["at"]), str(found["step"]), str(found["shard"]), int(found["rows"])
        except (ValueError, TypeError, KeyError):
            continue  # cut short by a kill

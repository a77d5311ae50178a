"""Read what a batch API says of its jobs: nothing in it is believed before it is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from asid.pipeline.models.replies import fault, whole_text

LINE_BYTES = 8 << 20  # of one result; a longer one is lost
PAGES = 100  # of a list of jobs


def of_row(status: Any) -> int:
    """The status of one request of a job. The job itself was taken with this key and this model, so what is not found
    or not permitted is the row's own, such as its file; codes that say otherwise are believed all the same."""
    if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status < 600:
        return 500
    return 400 if status in (403, 404) else status


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a file that ends them with line feeds, and with nothing else. A line beyond the bound is dropped."""
    kept: list[bytes] = []
    size = 0
    async for piece in pieces:
        first, *more = piece.split(b"\n")
        kept.append(first)
        size += len(first)
        if size > LINE_BYTES:
            kept.clear()
        for line in more:
            if kept and (whole := b"".join(kept).strip()):
                yield whole
            kept, size = [line], len(line)
    if kept and (whole := b"".join(kept).strip()):
        yield whole


def the_object(value: Any) -> Mapping[str, Any]:
    """Take a value as a JSON object. Raises Unreadable."""
    if not isinstance(value, Mapping):
        raise fault("is no object", value)
    return value


def the_list(value: Any, name: str) -> list[Any]:
    """Take a list out of an object; [] where there is none. Raises Unreadable for what is no object."""
    found = the_object(value).get(name)
    return found if isinstance(found, list) else []


def the_id(value: Any, name: str = "id") -> str:
    """Take an id out of an object. Raises Unreadable where there is none that can be stored."""
    found = the_object(value).get(name)
    if not isinstance(found, str) or not found or len(found) > 500 or whole_text(found) != found:
        raise fault("names nothing", value)
    return found

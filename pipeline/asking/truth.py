"""What people wrote of a video, in columns of the input list: carried as tags, and believed where it fits the clip."""

from __future__ import annotations

import json

from asid.pipeline.rows import Clip
from asid.pipeline.stage import Unprocessable


def caption(clip: Clip, column: str) -> str:
    """Give a human caption of the clip; "" where the list has none. What is said of a whole video is nothing of a part
    of it."""
    return clip.tags.get(column, "").strip() if column and is_whole(clip) else ""


def events(clip: Clip, column: str) -> tuple[str, ...]:
    """Give the human events of the clip, from a JSON list or one to a line; () where the list has none. Raises
    Unprocessable, of kind bad_truth, for JSON that is no list of texts."""
    text = caption(clip, column)
    if not text.startswith(("[", "{", '"')):
        return _told(text.splitlines())
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unprocessable(f"column {column}: broken JSON ({error})", "bad_truth") from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Unprocessable(f'column {column}: a list of texts is due, such as ["a dog runs"]', "bad_truth")
    return _told(found)


def is_whole(clip: Clip) -> bool:
    """Whether the clip is its whole video."""
    return clip.id == clip.video or not clip.source_uri


def _told(said: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in said if one.strip()))

"""What people wrote of a run's videos, in columns of its input list, as the data of a benchmark: events, dialogue, a
caption, questions, under the names that the benchmark's own file has.

What is said of a whole video is nothing of a part of it: a video whose clips are parts has no truth here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asid.pipeline.asking.truth import is_whole
from asid.pipeline.evaluation.files import ID_FIELDS
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.rows import Clip, Video
from asid.pipeline.run.folder import Run, RunError


def records(folder: Path, intake: DataIntake) -> Iterator[tuple[str, dict[str, Any]]]:
    """A record for each video of a run, by its file name. Raises RunError for a run of something else."""
    run = Run.open(folder)
    first = next((step for step in run.steps if issubclass(run.types(step)[1], Video)), None)
    if first is None:
        raise RunError(f"{folder} is a run without videos: it has no columns that people wrote")
    if lost := sum(len(run.failures(first, shard)) for shard in run.shard_names(first)):
        intake.notes[f"files that {first} set aside, with whatever people wrote of them"] += lost
    videos, parted = list(run.all_rows(first)), _parted(run)
    names = Counter(row.name for row in videos)
    for row in videos:
        if names[row.name] > 1:
            intake.fault("double_name", row.uri, "another video of the run has its name: captions may be of either")
        elif row.id in parted:
            intake.fault("part_of_video", row.name, "its clips are parts: what is said of the whole is not of them")
        else:
            told = {column: _value(text, intake) for column, text in row.tags.items() if column not in ID_FIELDS}
            yield row.name, {"video_id": row.name, **told}


def _parted(run: Run) -> set[str]:
    """The videos of which a clip is only a part."""
    step = next((step for step in run.steps if issubclass(run.types(step)[1], Clip)), None)
    return {clip.video for clip in run.all_rows(step) if not is_whole(clip)} if step else set()


def _value(text: str, intake: DataIntake) -> Any:
    """A cell as it was before it was carried: lists, records and truth values are JSON in a tag."""
    if not text.startswith(("[", "{")) and text not in ("true", "false"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        intake.note("columns that begin like JSON and are none, read as text")
        return text

"""Prompts of their own for videos: what is asked of which video, as ASID-Caption's `prompts.jsonl` has it (ASID,
Tab. 9), or what is asked of every video in turn, as VDC's five aspects are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from asid.pipeline.evaluation.files import DataError, documents, first, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.rows import Record

VIDEO_FIELDS = ("video_id", "video_rel", "video", "id")
ID_FIELDS = ("prompt_id", "pid")
TEXT_FIELDS = ("prompt", "instruction", "question")

GENERATED = "generated_tokens"  # field of a caption: how many its model wrote, by its own tokenizer

# Tags of a clip that has a prompt of its own.
ASKED, PROMPT_ID, ASPECT, OF = "asked", "prompt_id", "aspect", "asked_of"


class AskedPrompt(Record):
    """What is asked of a video. `video`: its file name without folder and ending; "" for every video. `id` tells
    prompts of a video apart; `aspect` is carried to the caption."""

    video: str = ""
    id: str = ""
    text: str = Field(min_length=1)
    aspect: str = ""


def is_prompts(name: str) -> bool:
    """Whether a name is that of a file of prompts."""
    return name.endswith((".jsonl", ".json", ".parquet"))


def load(path: Path, intake: DataIntake) -> list[AskedPrompt]:
    """Read lines `{"video_id", "prompt"}`, or `{"aspect", "prompt"}` for all videos. A prompt's id is its `prompt_id`,
    else its place in the file from 0, as `following` counts. Raises DataError for a file that mixes both kinds or
    holds no prompt."""
    found: list[AskedPrompt] = []
    for number, (where, record) in enumerate(_records(path, intake)):
        text = text_of(first(record, TEXT_FIELDS))
        if not text:
            intake.fault("no_text", where, f"it has none of {', '.join(TEXT_FIELDS)}")
            continue
        id = text_of(first(record, ID_FIELDS)) or str(number)
        video = short_key(first(record, VIDEO_FIELDS))
        found.append(AskedPrompt(video=video, id=id, text=text, aspect=text_of(record.get("aspect"))))
    if len({bool(one.video) for one in found}) > 1:
        raise DataError(f"{path}: some prompts name a video and others none: leave videos out of all, or of none")
    if not found:
        raise DataError(f'{path} holds no prompt: give lines of {{"video_id", "prompt"}}')
    if len({(one.video, one.id) for one in found}) < len(found):
        raise DataError(f"{path}: two prompts of one video have the same prompt_id: captions could not be told apart")
    return found


def _records(path: Path, intake: DataIntake) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for where, value in documents(path, intake):
        if isinstance(value, Mapping):
            yield where, value
        else:
            intake.fault("not_a_record", where, f"a JSON object is due here, and {type(value).__name__} came")


def tags_of(prompts: Iterable[AskedPrompt], names: Sequence[str]) -> list[dict[str, str]]:
    """The tags of each clip that a video of these names has: one for each prompt that is for it."""
    keys = set(map(short_key, names))
    return [
        {ASKED: one.text, PROMPT_ID: one.id, ASPECT: one.aspect, OF: one.video}
        for one in prompts
        if not one.video or one.video in keys
    ]


def said_of(tags: Mapping[str, str], name: str) -> dict[str, str] | None:
    """What a caption says of the prompt it answers, for a video of this name; None when the prompt is for another."""
    if tags.get(OF) and tags[OF] != short_key(name):
        return None
    return {field: tags[field] for field in (PROMPT_ID, ASPECT) if tags.get(field)}

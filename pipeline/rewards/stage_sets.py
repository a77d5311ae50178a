"""DiaDem's two training sets out of a training set and its rollouts (DiaDem, section 4.3): all rows but the easy ones,
then the same with the hard ones doubled. Rows stay as they are, in whatever form their trainer reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from asid.pipeline.evaluation.files import ID_FIELDS, DataError, documents, first, number_of, short_key, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.predictions import TEXT_FIELDS
from asid.pipeline.evaluation.prompted import GENERATED
from asid.pipeline.rewards.batch import score_all
from asid.pipeline.rewards.difficulty import DifficultyBounds, Partition
from asid.pipeline.rewards.kinds import Reward
from asid.pipeline.rewards.rollout import COLUMNS, VIDEOS, Rollout

AT_ONCE = 256  # rollouts that are asked about together: what came before is kept when it is stopped


@dataclass(frozen=True)
class Sampled:
    """One rollout as a file has it."""

    text: str
    tokens: int | None


def read_rows(path: Path, intake: DataIntake) -> dict[str, Mapping[str, Any]]:
    """Read training rows, one JSON object a line, by id: `id`, `video_id`, …, of verl's `extra_info`, or the name of
    the first video. Raises DataError where there is none, or two rows have one id."""
    rows: dict[str, Mapping[str, Any]] = {}
    for where, value in documents(path, intake):
        key = _key(value) if isinstance(value, Mapping) else ""
        if not key:
            intake.fault("no_id", where, "a training row needs an id, or a video")
        elif key in rows:
            raise DataError(f"{path}: two rows are of {key}: rollouts could not be told apart, so give each an `id`")
        else:
            rows[key] = value
    if not rows:
        raise DataError(f"{path} holds no training row: give JSON lines as ms-swift, TRL or verl read them")
    return rows


def _key(row: Mapping[str, Any]) -> str:
    extra = row.get("extra_info")
    found = first(row, ID_FIELDS)
    if found is None and isinstance(extra, Mapping):
        found = first(extra, ID_FIELDS)
    if found is None:
        found = Rollout("", row=row).video()
    return short_key(found)


def read_rollouts(
    paths: Iterable[Path], rows: Mapping[str, Mapping[str, Any]], intake: DataIntake
) -> dict[str, list[Sampled]]:
    """Read the captions that were sampled for each row: records with an id and a text, several of one id in one file or
    in many. Those of no row are faults. Raises DataError when none is of a row."""
    found: dict[str, list[Sampled]] = defaultdict(list)
    for path in paths:
        for where, value in documents(path, intake):
            key = short_key(first(value, ID_FIELDS)) if isinstance(value, Mapping) else ""
            text = first(value, TEXT_FIELDS) if key else None
            if not key or not isinstance(text, str):
                intake.fault("no_caption", where, "a rollout needs an id and a text")
            elif key not in rows:
                intake.fault("unknown_id", key, "no training row is of this video")
            else:
                tokens = number_of(first(value, (GENERATED, "tokens")))
                found[key].append(Sampled(text_of(text), None if tokens is None or tokens < 0 else int(tokens)))
    if not found:
        raise DataError("no rollout is of a training row: they are joined by id, or by the name of the video")
    return found


async def rewards_of(
    reward: Reward, rows: Mapping[str, Mapping[str, Any]], rollouts: Mapping[str, Sequence[Sampled]]
) -> dict[str, list[float | None]]:
    """Reward each row's rollouts; None where nobody could tell. A row without rollouts has none."""
    made: dict[str, list[float | None]] = {name: [] for name in rows}
    asked = [(name, one) for name in rows for one in rollouts.get(name, ())]
    for at in range(0, len(asked), AT_ONCE):
        part = asked[at : at + AT_ONCE]
        scores = await score_all(reward, [Rollout(one.text, one.tokens, _columns(rows[name])) for name, one in part])
        for (name, _), value in zip(part, scores.values, strict=True):
            made[name].append(value)
    return made


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """What rewards read of a row: its columns, those of verl's `extra_info`, and verl's reference."""
    extra = row.get("extra_info")
    found = {name: extra[name] for name in COLUMNS if name in extra} if isinstance(extra, Mapping) else {}
    return found | {name: row[name] for name in (*COLUMNS, VIDEOS) if row.get(name) is not None}


def write(
    folder: Path,
    rows: Mapping[str, Mapping[str, Any]],
    made: Partition,
    bounds: DifficultyBounds,
    about: Mapping[str, Any],
) -> dict[str, int]:
    """Write `stage1.jsonl`, `stage2.jsonl` and `partition.json`, which says of each sample why it is where it is. Gives
    the number of rows in each set."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = {"stage1": made.first, "stage2": made.second}
    for name, ids in sets.items():
        text = "".join(json.dumps(rows[id], ensure_ascii=False) + "\n" for id in ids)
        (folder / f"{name}.jsonl").write_bytes(text.encode("utf-8", "backslashreplace"))
    told = {**about, "bounds": asdict(bounds), "copies": made.copies, "counts": made.counts(),
            "samples": {id: asdict(one) for id, one in made.samples.items()}}  # fmt: skip
    (folder / "partition.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return {name: len(ids) for name, ids in sets.items()}

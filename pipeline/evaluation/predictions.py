"""Captions to be scored, from a file, a dataset folder or a run, joined to the cases of a benchmark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.files import ID_FIELDS, DataError, documents, first, is_run, number_of, text_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.prompted import GENERATED, OF, said_of
from asid.pipeline.evaluation.rows import Case, Gap

TEXT_FIELDS = ("caption", "pred", "prediction", "model_generation", "model_output", "generated_caption", "response",
               "output", "text")  # fmt: skip
LONG = 20_000  # characters: no caption of a short video has as many
SHORT = 20  # characters: a caption with fewer may be what a failed call left


@dataclass(frozen=True)
class Prediction:
    """One caption. `prompt`: which prompt it answers, "" when it does not say."""

    name: str
    key: str
    prompt: str
    text: str
    tokens: int


@dataclass(frozen=True)
class Predictions:
    """The captions of one system, by key and prompt. `more`: those of videos that share the key of another, in another
    folder."""

    system: str
    found: Mapping[tuple[str, str], Prediction]
    more: Sequence[Prediction] = ()

    def of(self, reference: Reference, alone: bool, by_folder: bool = False) -> Prediction | None:
        """The caption of a case: the one written for its prompt, else one without a prompt, if `alone` allows it.
        `by_folder`: the data has videos of one name in several folders, so that the folder must be right."""
        if by_folder:
            prompts = {reference.prompt, "" if alone else reference.prompt}
            mine = (one for one in (*self.found.values(), *self.more) if one.key == reference.key)
            return next((one for one in mine if one.prompt in prompts and _ends(one.name, reference.video)), None)
        for key in (reference.key, *reference.aliases):
            exact = self.found.get((key, reference.prompt))
            if found := exact or (self.found.get((key, "")) if alone else None):
                return found
        return None


def load_predictions(source: str, benchmark: Benchmark, intake: DataIntake, annotator: str = "") -> Predictions:
    """Captions of a file, of a folder of Parquet files (a dataset), or of a run. Raises DataError."""
    path = Path(source)
    if not path.exists():
        raise DataError(f"there is no file, dataset or run {source}: --captions takes one of them")
    rows = _of_folder(path, annotator, intake) if path.is_dir() else documents(path, intake)
    found: dict[tuple[str, str], Prediction] = {}
    more: list[Prediction] = []
    for where, value in rows:
        for one in _predictions(where, value, benchmark, intake):
            _put(found, more, one, intake)
    if not found:
        ids, texts = ", ".join(ID_FIELDS[:4]), ", ".join(TEXT_FIELDS[:4])
        raise DataError(f"{source} holds no caption: each record needs an id ({ids}, …) and a text ({texts}, …)")
    return Predictions(annotator or path.stem, found, more)


def _put(found: dict[tuple[str, str], Prediction], more: list[Prediction], one: Prediction, intake: DataIntake) -> None:
    before = found.setdefault((one.key, one.prompt), one)
    if before is not one and not _ends(one.name, before.name):
        more.append(one)
    elif before is one:
        if len(one.text) > LONG:
            intake.note(f"captions of more than {LONG} characters, judged as they are")
        elif 0 < len(one.text) < SHORT:
            intake.note(f"captions of fewer than {SHORT} characters, judged as they are")
    elif before.text == one.text:
        intake.note("captions that stand twice with the same text")
    else:
        intake.fault("double_id", one.name, "a second caption of the same video: the first one counts")


def _ends(one: str, other: str) -> bool:
    """Whether two names can be of one video: `0`, `0.mp4`, `video/0.mp4` and `/data/video/0.mp4`, and not
    `other/0.mp4`."""
    folders = [name.replace("\\", "/").strip("/").split("/")[:-1] for name in (one, other)]
    shorter, longer = sorted(folders, key=len)
    return not shorter or longer[-len(shorter) :] == shorter


def _predictions(where: str, value: Any, benchmark: Benchmark, intake: DataIntake) -> Iterator[Prediction]:
    """The captions in one value: a record, or a mapping from ids to captions."""
    if not isinstance(value, Mapping):
        intake.fault("not_a_record", where, f"a JSON object is due here, and {type(value).__name__} came")
        return
    id = first(value, ID_FIELDS)
    text = first(value, TEXT_FIELDS)
    if id is None or not any(name in value for name in TEXT_FIELDS):
        by_id = {key: item for key, item in value.items() if isinstance(item, (str, dict))}
        if not by_id or any(name in value for name in (*ID_FIELDS, *TEXT_FIELDS)):
            intake.fault("no_id" if id is None else "no_text", where, "it has no field that is known to hold it")
            return
        for key, item in by_id.items():
            record = {"caption": item} if isinstance(item, str) else item
            yield from _predictions(where, {**record, "video_id": key}, benchmark, intake)
        return
    name = text_of(id)
    if not name:
        intake.fault("no_id", where, "its id is empty")
        return
    if isinstance(text, (dict, list, bool, int)) or (isinstance(text, float) and text_of(text)):
        intake.fault("no_text", name, f"its caption is no text but {type(text).__name__}")
        return
    if not isinstance(id, str):
        intake.note("ids that are no text, read as text")
    _tell_doubt(value, benchmark, intake)
    tokens = number_of(first(value, benchmark.token_fields))
    if tokens is not None and tokens < 0:
        intake.note("numbers of tokens below 0, taken for unknown")
        tokens = None
    prompt = text_of(first(value, benchmark.prompt_fields)) if benchmark.prompt_fields else ""
    yield Prediction(name, benchmark.key(id), prompt, text_of(text), int(tokens or 0))


def _tell_doubt(record: Mapping[str, Any], benchmark: Benchmark, intake: DataIntake) -> None:
    """Note a record that could be read in two ways: fields that name several videos, or hold several texts."""
    keys = {field: benchmark.key(record[field]) for field in ID_FIELDS if record.get(field) is not None}
    taken = next(iter(keys))
    if others := [field for field, key in keys.items() if key != keys[taken]]:
        intake.note(f"records whose `{taken}` and `{others[0]}` name two videos, read by `{taken}`")
    texts = {field: record[field] for field in TEXT_FIELDS if isinstance(record.get(field), str)}
    taken = next(iter(texts), "")
    if others := [field for field, text in texts.items() if text.strip() != texts[taken].strip()]:
        intake.note(f"records whose `{taken}` and `{others[0]}` are two texts, of which `{taken}` is scored")


def _of_folder(path: Path, annotator: str, intake: DataIntake) -> Iterator[tuple[str, Any]]:
    if is_run(path):
        yield from _of_run(path, annotator)
        return
    files = sorted(path.rglob("*.parquet")) + sorted(path.rglob("*.jsonl"))
    if not files:
        raise DataError(f"{path} is no run, and there is no .parquet or .jsonl in it")
    for file in files:
        for where, value in documents(file, intake):
            yield where, _named(value)


def _named(value: Any) -> Any:
    """A row of a dataset by the name of its source: ids of clips are ours and no benchmark knows them."""
    if isinstance(value, dict) and value.get("source_name") and "caption" in value:
        return {"video_id": value["source_name"], "caption": value["caption"]}
    return value


def _of_run(path: Path, annotator: str) -> Iterator[tuple[str, Any]]:
    """What a run wrote: its finished captions, or those of one annotator."""
    from asid.pipeline.rows import Candidate, Clip, Formatted
    from asid.pipeline.run.folder import Run

    run = Run.open(path)
    names = {step: run.types(step)[1] for step in run.steps}
    annotators = [step for step, kind in names.items() if kind is Candidate]
    wanted = [step for step in annotators if not annotator or step == f"caption-{annotator}"]
    finished = [step for step, kind in names.items() if issubclass(kind, Formatted)]
    if finished and not annotator:
        for row in run.all_rows(finished[-1]):
            yield row.id, {"video_id": row.name, "caption": row.caption}
        return
    if len(wanted) != 1:
        said = ", ".join(step.removeprefix("caption-") for step in annotators) or "none"
        raise DataError(f"{path}: name one of its annotators with --annotator: {said}")
    clips = {row.id: row for step, kind in names.items() if kind is Clip for row in run.all_rows(step)}
    for row in run.all_rows(wanted[0]):
        clip = clips[row.id]
        name = clip.tags.get(OF) or clip.name  # a twin's prompt is the twin's
        counted = {GENERATED: row.tokens} if row.tokens else {}
        yield row.id, {"video_id": name, **(said_of(clip.tags, name) or {}), **counted, "caption": row.caption}


# --- cases -------------------------------------------------------------------------------------------------------


def join(
    benchmark: Benchmark, references: Sequence[Reference], captions: Predictions, runs: int, intake: DataIntake
) -> list[Case]:
    """A case for each reference and run. Captions of no reference are faults. Raises DataError when none fits."""
    prompts: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        for key in (reference.key, *reference.aliases):
            prompts[key].add(reference.prompt)
    twins = _twins(references)
    used: set[Prediction] = set()
    found: list[tuple[Reference, Prediction | None]] = []
    for reference in references:
        alone = not benchmark.strict or len(prompts[reference.key]) == 1
        prediction = captions.of(reference, alone, reference.key in twins)
        if prediction:
            used.add(prediction)
        found.append((reference, prediction))
    _tell_unused(captions, used, prompts, twins, intake)
    if not used:
        ours = ", ".join(repr(reference.video) for reference in references[:3])
        theirs = ", ".join(repr(one.name) for one in list(captions.found.values())[:3])
        raise DataError(f"no caption is of a video of the data: captions are of {theirs}, … and the data of {ours}, …")
    for reference in references:
        if reference.is_empty:
            intake.fault("no_reference", reference.video, "the data holds nothing that a caption could be held against")
    found = [(reference, prediction) for reference, prediction in found if not reference.is_empty]
    ids = _unique_ids([reference for reference, _ in found], intake)
    return [
        _case(reference, prediction, captions.system, id, run)
        for run in range(runs)
        for (reference, prediction), id in zip(found, ids, strict=True)
    ]


def _twins(references: Sequence[Reference]) -> set[str]:
    """The keys that several videos of the data share, in folders of their own."""
    names: dict[str, str] = {}
    return {
        reference.key
        for reference in references
        if not _ends(names.setdefault(reference.key, reference.video), reference.video)
    }


def _tell_unused(
    captions: Predictions,
    used: set[Prediction],
    prompts: Mapping[str, set[str]],
    twins: set[str],
    intake: DataIntake,
) -> None:
    for one in (*captions.found.values(), *captions.more):
        if one in used:
            continue
        if one.key not in prompts or one.key in twins:
            intake.fault("unknown_id", one.name, "the data has no such video")
        elif one in captions.more:
            why = "a caption of a video of the same name in another folder: the first one counts"
            intake.fault("double_id", one.name, why)
        elif one.prompt:
            intake.fault("unknown_prompt", one.name, f"the data has no prompt {one.prompt!r} for this video")
        else:
            intake.fault("no_prompt", one.name, "the video has several prompts: the caption must say which it answers")


def _unique_ids(references: Sequence[Reference], intake: DataIntake) -> list[str]:
    seen: dict[str, int] = {}
    ids = []
    for reference in references:
        id = "/".join(filter(None, (reference.video, reference.part)))
        seen[id] = seen.get(id, 0) + 1
        if seen[id] > 1:
            intake.note("references whose id stands twice, each scored")
            id = f"{id}/{seen[id]}"
        ids.append(id)
    return ids


def _case(reference: Reference, prediction: Prediction | None, system: str, id: str, run: int) -> Case:
    gap: Gap = "no_caption" if prediction is None else "" if prediction.text else "empty_caption"
    return Case(
        id=f"{id}#{run}" if run else id,
        video=reference.video,
        system=system,
        run=run,
        caption=prediction.text if prediction else "",
        gap=gap,
        question=reference.question,
        choices=reference.choices,
        reference=reference.reference,
        statements=reference.statements,
        groups=dict(reference.groups),
        tokens=prediction.tokens if prediction else 0,
        clip="",
        clip_sha256="",
        replies=(),
    )

"""DiaDemBench: what is said and who says it (DiaDem, Tab. 1, Fig. 6 and 7).

Cases: one for each clip. `statements`: the lines of dialogue, `Speaker: words`; `groups`: what the annotations state.
The judge takes the caption's dialogue out; lines are matched by `metrics.dialogue`; then a judge, who is shown the
clip where there is one, says of each match whether both speakers are the same person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, StrictBool, StrictInt

from asid.pipeline.evaluation.benchmark import Benchmark, Reference
from asid.pipeline.evaluation.contracts import Contract, Values, each_once, numbered
from asid.pipeline.evaluation.files import DataError, first, number_of, records, short_key, text_of, texts_of
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Cell, Table
from asid.pipeline.metrics import dialogue as metric
from asid.pipeline.metrics.figure import Absent
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Record

FLAGS = ("is_single_shot", "speaker_num", "people_num_in_screen")
SPEAKERS = {"N=1": "1", "N=2": "2", "N≥3": "3", "Overlap": "0"}  # columns of Tab. 1, and the group of each


class SpokenLine(Record):
    speaker: str
    text: str


class SpokenLines(Record):
    """Dialogue taken out of a caption."""

    lines: list[SpokenLine] = Field(max_length=200)


class SpeakerPair(Record):
    pair: StrictInt
    same: StrictBool


class SpeakerPairs(Record):
    """Whether the two speakers of each match are one."""

    pairs: list[SpeakerPair]


Line = tuple[str, metric.DialogueLine]  # as written, and as it is matched


def load(path: Path, intake: DataIntake) -> list[Reference]:
    """`annotations.jsonl`. Raises UserError for Chinese where OpenCC is not installed."""
    found: list[Reference] = []
    seen: set[str] = set()
    for id, record in records(path, intake):
        name, key = text_of(id), short_key(id)
        if key in seen:
            intake.fault("double_reference", name, "a second annotation of the same clip: the first counts")
            continue
        seen.add(key)
        told = first(record, ("gt_dialogues", "dialogues", "dialogue"))
        lines = tuple(line for text in texts_of(told or ()) for line in text.splitlines() if line.strip())
        if told is not None and not lines:
            intake.note("clips without dialogue: a caption without dialogue is right")
        if dropped := len(lines) - len(readable(lines)):
            intake.notes["lines of dialogue without a speaker or words, which no match can be made of"] += dropped
        groups = {flag: _whole(record.get(flag)) for flag in FLAGS}
        if groups["speaker_num"] == "0":
            intake.note("clips whose speaker_num is 0: people speak over one another")
        if "" in groups.values():
            intake.note("clips that lack a flag, in no column of it")
        found.append(Reference(name, key, statements=lines, groups=groups, is_empty=told is None))
    if not found:
        raise DataError(f"{path} holds no clip: give DiaDemBench's annotations.jsonl")
    return found


def _whole(value: Any) -> str:
    """A count or a flag as digits, "" for what is none. Three and more are one group."""
    found = number_of(int(value) if isinstance(value, bool) else value)
    return "" if found is None or found < 0 else str(min(3, int(found)))


def readable(lines: Sequence[str]) -> list[Line]:
    """The lines that can be matched, each as written and as it is read."""
    plain = [" ".join(line.split()) for line in lines]
    return [(line, read[0]) for line in plain if (read := metric.read_lines([line]))]


# --- the judges --------------------------------------------------------------------------------------------------


def _caption(case: Case) -> Values:
    return {"caption": fence("caption", case.caption)}


def _spoken(case: Case) -> list[Line]:
    lines = SpokenLines.model_validate_json(case.reply("dialogue")).lines
    return readable([f"{line.speaker.replace(':', ' ') or 'somebody'}: {line.text}" for line in lines])


def _matched(case: Case) -> tuple[metric.Alignment, list[Line], list[Line]]:
    ours, theirs = _spoken(case), readable(case.statements)
    return metric.align([line for _, line in ours], [line for _, line in theirs]), ours, theirs


def _pairs(case: Case) -> Values | None:
    alignment, ours, theirs = _matched(case)
    if not alignment.blocks:
        return None
    pairs = [
        f'"{ours[block.first][0].partition(":")[0]}" and "{theirs[block.ref_first][0].partition(":")[0]}", '
        f"of whom is said: {theirs[block.ref_first][0].partition(':')[2].strip()}"
        for block in alignment.blocks
    ]
    material = "the clip" if case.clip else "the descriptions alone, without the clip"
    return {"material": material, "pairs": numbered("pairs", pairs)}


def _check(answer: SpeakerPairs, case: Case) -> str | None:
    return each_once([one.pair for one in answer.pairs], len(_matched(case)[0].blocks), "pair")


def _score(case: Case) -> metric.DialogueScore:
    alignment, _, _ = _matched(case)
    reply = case.reply("speakers")
    pairs = SpeakerPairs.model_validate_json(reply).pairs if reply else []
    return metric.score(alignment, [one.same for one in sorted(pairs, key=lambda one: one.pair)])


# --- the figures -------------------------------------------------------------------------------------------------


Scores = list[tuple[Case, metric.DialogueScore | Absent]]


def tables(outcome: Outcome) -> list[Table]:
    """REF / ASR by shots and speakers (DiaDem, Tab. 1), by people on screen, by the published rule, and Fig. 6."""
    scores: Scores = [(case, outcome.read(case, _score)) for case in outcome.expected]
    shown = sum(bool(case.clip) for case in outcome.expected)
    notes = (f"the judge of speakers was shown the clip of {shown} of {len(scores)}, of the others only the words",)
    return [_main(outcome.system, scores, notes), _people(scores), _plain(outcome.system, scores), _statistics(scores)]


def _main(system: str, scores: Scores, notes: tuple[str, ...]) -> Table:
    columns: list[str] = ["Model", "Overall"]
    cells: list[Cell] = [system, _pair([score for _, score in scores])]
    for name, flag in (("Single", "1"), ("Multi", "0")):
        mine = [(case, score) for case, score in scores if case.groups["is_single_shot"] == flag]
        columns.append(f"{name}: all")
        cells.append(_pair([score for _, score in mine]))
        for column, group in SPEAKERS.items():
            columns.append(f"{name}: {column}")
            cells.append(_pair([score for case, score in mine if case.groups["speaker_num"] == group]))
    return Table("DiaDemBench, REF / ASR, F1 × 100 (DiaDem, Tab. 1)", tuple(columns), (tuple(cells),), notes=notes)


def _pair(scores: Sequence[metric.DialogueScore | Absent]) -> Cell:
    if not scores:
        return None
    found = metric.figures(scores)
    return f"{100 * (found['ref'].value or 0):.1f} / {100 * (found['asr'].value or 0):.1f}"


def _people(scores: Scores) -> Table:
    groups = {"0": "0", "1": "1", "2": "2", "3": "≥3"}
    rows = tuple(
        (f"{name} on screen", len(mine), _pair(mine))
        for group, name in groups.items()
        if (mine := [score for case, score in scores if case.groups["people_num_in_screen"] == group])
    )
    return Table("REF / ASR by people on screen", ("People", "Clips", "REF / ASR"), rows)


def _plain(system: str, scores: Scores) -> Table:
    """The whole figures, and those of the published aggregation's rivals, so that none hides the other."""
    found = [score for _, score in scores]
    lines = []
    parts = ("ref", "ref_precision", "ref_recall", "asr", "asr_precision", "asr_recall")
    for name, how in (("F1 of mean P and mean R (published)", "f1_of_means"), ("mean of the clips' F1", "mean_f1")):
        values = metric.figures(found, "f1_of_means" if how == "f1_of_means" else "mean_f1")
        lines.append((name, *(_hundred(values[part].value) for part in parts)))
    columns = ("Aggregation", "REF F1", "REF P", "REF R", "ASR F1", "ASR P", "ASR R")
    return Table(f"{system}, whole set, × 100; a caption without dialogue has precision 0", columns, tuple(lines))


def _hundred(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _statistics(scores: Scores) -> Table:
    """How many clips of which kind the data holds (DiaDem, Fig. 6). Lengths and languages are not in the
    annotations."""
    counts = Counter((case.groups["is_single_shot"], case.groups["speaker_num"]) for case, _ in scores)
    rows: list[tuple[Cell, ...]] = []
    for name, flag in (("single-shot", "1"), ("multi-shot", "0")):
        mine = sum(count for (shot, _), count in counts.items() if shot == flag)
        rows.append((name, *(counts[flag, group] for group in SPEAKERS.values()), 100 * mine / len(scores)))
    return Table("Clips of the data (DiaDem, Fig. 6)", ("Shots", *SPEAKERS, "% of clips"), tuple(rows))


DIADEM = Benchmark(
    name="diadem",
    about="DiaDemBench: what is said (ASR) and by whom (REF)",
    data="annotations.jsonl; --videos shows the judge of speakers the clips",
    load=load,
    steps={
        "dialogue": Contract("eval/dialogue", ("caption",), _caption, SpokenLines),
        "speakers": Contract("eval/speakers", ("material", "pairs"), _pairs, SpeakerPairs, _check, sees=True),
    },
    tables=tables,
    missing="counted as 0",
)

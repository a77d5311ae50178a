"""The tables of the papers, one row for each system, out of the figures that several runs left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.tables import Cell, Table, shown
from asid.pipeline.run.folder import Run
from asid.pipeline.text import counted

Rows = Mapping[str, Sequence[Cell]]  # of a run's main table, by first cell


@dataclass(frozen=True)
class RunFigures:
    """What one run of a benchmark left: `columns` and `rows` are those of its main table."""

    run: str
    benchmark: str
    system: str
    columns: tuple[str, ...]
    rows: Rows
    rests: str  # judges and prompts
    counts: str

    @property
    def own(self) -> Sequence[Cell]:
        """The system's cells; none where its table has no row of that name (an even number of runs)."""
        return self.rows.get(self.system, ())


def read(folder: str) -> RunFigures:
    """Read the figures of a run. Raises DataError where there are none, RunError where there is no run."""
    storage = Run.open(folder).storage
    try:
        found = json.loads(storage.read("run:figures.json"))
    except FileNotFoundError:
        raise DataError(f"{folder} has no figures: `asid eval NAME … --run {folder}` makes them") from None
    main = found["tables"][0]
    return RunFigures(
        folder, found["benchmark"], found["system"], tuple(main["columns"][1:]),
        {str(row[0]): row[1:] for row in main["rows"]}, _judges(found["judges"]), _counts(found),
    )  # fmt: skip


def _judges(judges: Mapping[str, Sequence[Mapping[str, str]]]) -> str:
    said = {
        step: " and ".join(f"{by['model']} by prompt {by['prompt_hash']}" for by in found)
        for step, found in judges.items()
    }
    return "; ".join(f"{step} {who}" for step, who in said.items() if who)


def _counts(found: Mapping[str, Any]) -> str:
    missing = f", missing ({found['missing_is']}): {counted(found['missing'])}" if found["missing"] else ""
    return f"runs {found['runs']}, scored {found['scored']} of {found['expected']}{missing}"


# --- layouts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperTable:
    """A published table: `parts` are benchmarks with the columns that they fill and how."""

    title: str
    parts: tuple[tuple[str, tuple[str, ...], Callable[[RunFigures], Sequence[Cell]]], ...]


def _own(count: int) -> Callable[[RunFigures], Sequence[Cell]]:
    return lambda sheet: sheet.own[:count]


def _pair(*cells: Cell) -> Cell:
    return " / ".join(shown(cell, 1) for cell in cells)


def _vdc(sheet: RunFigures) -> Sequence[Cell]:
    """Accuracy / score of each aspect, and of their means."""
    if not sheet.own:
        return ()
    cells = {name.partition(" ")[0]: list[Cell]() for name in sheet.columns}
    for name, cell in zip(sheet.columns, sheet.own, strict=True):
        cells[name.partition(" ")[0]].append(cell)
    scores = [pair[1] for pair in cells.values() if len(pair) == 2]
    known = [score for score in scores if isinstance(score, (int, float))]
    mean = fmean(known) if known and len(known) == len(scores) else None
    return [*(_pair(*cells[name]) if name in cells else None for name in VDC), _pair(cells["Avg."][0], mean)]


def _detailed(sheet: RunFigures) -> Sequence[Cell]:
    return _vdc(sheet)[VDC.index("detailed") : VDC.index("detailed") + 1]


def _vidcap(sheet: RunFigures) -> Sequence[Cell]:
    """Accuracy / precision / coverage / conciseness of each dimension."""
    return [_pair(*sheet.rows[name][1:5]) if name in sheet.rows else None for name in VIDCAP]


VDC = ("camera", "short", "background", "main_object", "detailed")
VIDCAP = ("overall", "aesthetics", "content", "motion", "physics")
EVENTS, MARKS = ("Miss↓", "Hall.↓", "Total↓"), ("Audio↑", "Visual↑", "Detail↑", "Avg.↑")
DETAILED = ("VDC Detailed %Acc / Score↑",)
ACC_PRE = " Acc↑/Pre↑/Cov↑/Con↑"
LAYOUTS = (
    PaperTable("Audiovisual captioning (ASID, Tab. 2; DiaDem, Tab. 2)", (
        ("salmonn2", EVENTS, _own(3)), ("ugc", MARKS, _own(4)))),
    PaperTable("Our caption benchmark (video-SALMONN 2, Tab. 2)", (
        ("salmonn2", ("%Miss↓", "%Hall↓", "%Total↓"), _own(3)), ("vdc", DETAILED, _detailed))),
    PaperTable("VDC, Acc / Score (ASID, Tab. 3)", (
        ("vdc", ("Camera", "Short", "Background", "Main Object", "Detailed", "Avg."), _vdc),)),
    PaperTable("VidCapBench-AE (ASID, Tab. 4)", (
        ("vidcap", tuple(name + ACC_PRE for name in ("Overall", "Video Aesthetics", "Video Content", "Video Motion",
                                                     "Physical Laws")), _vidcap),)),
    PaperTable("Temporal grounding from captions (ASID, Tab. 6)", (
        ("grounding", ("mIoU↑", "R1@0.3↑", "R1@0.5↑", "R1@0.7↑"), _own(4)),)),
    PaperTable("Instruction following, number of attributes (ASID, Tab. 9)", (
        ("following", ("1↑", "2↑", "3↑", "4↑"), _own(4)),)),
)  # fmt: skip
# Benchmarks whose columns are those of their data: their runs are joined column by column.
JOINED = {
    "qa": "Answers from captions (ASID, Tab. 5)", "diadem": "DiaDemBench, REF / ASR (DiaDem, Tab. 1)",
    "dream": "DREAM-1K, AutoDQ", "avocado": "AVoCaDO's rewards, × 100",
}  # fmt: skip
BASELINE = "(whole clip, no caption)"


def tables(sheets: Sequence[RunFigures]) -> list[Table]:
    """Give each published table that some of the runs fill. A system with two runs of one benchmark has two rows, with
    the run's name. A table none of whose benchmarks was run is left out, and so is a part of one."""
    made: list[Table] = []
    for layout in LAYOUTS:
        parts = [part for part in layout.parts if any(sheet.benchmark == part[0] for sheet in sheets)]
        if parts and (len(parts) > 1 or len(layout.parts) == 1 or layout is LAYOUTS[0]):
            made.append(_filled(layout.title, parts, sheets))
    for name, title in JOINED.items():
        if found := [sheet for sheet in sheets if sheet.benchmark == name]:
            columns = tuple(dict.fromkeys(column for sheet in found for column in sheet.columns))
            made.append(_filled(title, [(name, columns, _by_name(columns))], found))
    for sheet in sheets:
        if sheet.benchmark == "elo":  # its rows are systems already
            rows = tuple((name, *cells) for name, cells in sheet.rows.items())
            made.append(Table("Elo (video-SALMONN 2, Tab. 10)", ("Model", *sheet.columns), rows, notes=_notes([sheet])))
    return made


def _by_name(columns: Sequence[str]) -> Callable[[RunFigures], Sequence[Cell]]:
    def cells(sheet: RunFigures) -> Sequence[Cell]:
        found = dict(zip(sheet.columns, sheet.own, strict=False))
        return [found.get(column) for column in columns]

    return cells


def _filled(title: str, parts: Sequence[Any], sheets: Sequence[RunFigures]) -> Table:
    names = [name for name, _, _ in parts]
    used = [sheet for sheet in sheets if sheet.benchmark in names]
    rows: list[tuple[Cell, ...]] = []
    for name, row in _systems(used, joined=names[0] in JOINED):
        cells: list[Cell] = []
        for benchmark, columns, cells_of in parts:
            found: list[Cell] = [None] * len(columns)
            for sheet in row:
                if sheet.benchmark == benchmark and (filled := cells_of(sheet)):
                    found = [new if new is not None else old for new, old in zip(filled, found, strict=True)]
            cells += found
        rows.append((name, *cells))
    baselines = {tuple(sheet.rows[BASELINE]) for sheet in used if BASELINE in sheet.rows}
    rows += [(BASELINE, *cells) for cells in sorted(baselines, key=str)]
    columns = ("Model", *(column for _, columns, _ in parts for column in columns))
    return Table(title, columns, tuple(rows), notes=_notes(used))


def _systems(sheets: Sequence[RunFigures], joined: bool) -> Iterator[tuple[str, list[RunFigures]]]:
    """The rows: the runs of each system. Runs of one benchmark on several sets (`joined`) share a row as long as they
    fill other columns."""
    rows: list[tuple[str, list[RunFigures]]] = []
    for sheet in sheets:
        for name, row in rows:
            others = [one for one in row if one.benchmark == sheet.benchmark]
            apart = joined and not any(set(one.columns) & set(sheet.columns) for one in others)
            if name == sheet.system and (not others or apart):
                row.append(sheet)
                break
        else:
            taken = any(name == sheet.system for name, _ in rows)
            rows.append((f"{sheet.system} ({sheet.run})" if taken else sheet.system, [sheet]))
    yield from rows


def _notes(sheets: Sequence[RunFigures]) -> tuple[str, ...]:
    notes = [f"{one.run}: {one.system or 'votes'}, {one.benchmark}, {one.counts}; {one.rests}".rstrip("; ")
             for one in sheets]  # fmt: skip
    for name in dict.fromkeys(sheet.benchmark for sheet in sheets):
        if len({sheet.rests for sheet in sheets if sheet.benchmark == name}) > 1:
            notes.append(f"rows of {name} had different judges or prompts: they do not compare systems alone")
    return tuple(notes)

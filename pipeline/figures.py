"""What can be counted of a run, read once from its files: for the card of its dataset and for its report.

Memory grows with the number of different languages, models and the like, not with the number of clips.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.coverage import Coverage
from asid.pipeline.auditing.measuring import Measured
from asid.pipeline.auditing.power import Power
from asid.pipeline.auditing.side import covered, measured, powers
from asid.pipeline.models import spend
from asid.pipeline.models.spend import Line
from asid.pipeline.rows import Audited, Captioned, Failure, Preferred, Refined, Row, written
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run, Survey
from asid.pipeline.run.status import StepStatus, steps

COLUMNS = (
    "id", "name", "duration", "kept", "reasons", "language", "shots.list.element.start",
    "utterances.list.element.speaker", "sound", "audits", "edits", "captions", "caption", "licence", "source",
    "hearing", "candidates.list.element.annotator", "quotes.list.element.found", "problems.list.element.kind",
    "remaining.list.element.kind", "scores.list.element.annotator",
)  # fmt: skip
EXAMPLES = 3  # failures shown of each kind
SLOWEST = 15
UNKNOWN = "not stated"
RATES = ("No-Error", "No-Missing", "Clean")
BY_RULES = ("no rule broken", "no detection left out", "neither")


@dataclass
class Quality:
    """Audits of captions at one point of the pipeline. A clip is without error when none of its attributes has one."""

    label: str
    how: str  # "measured" by an audit, or "claimed" by the refinement that followed
    clips: int = 0
    no_error: int = 0
    no_missing: int = 0
    clean: int = 0
    ruled: int = 0  # clips of which every audit was made by rules
    partly: int = 0  # clips of which no auditor heard all that a VERIFY point asks to be heard
    unheard: int = 0  # clips in no rate: of an attribute nobody could judge anything
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)  # where an auditor of its own measured

    def count(self, audits: list[dict[str, Any]], edits: list[dict[str, Any]] = ()) -> None:  # type: ignore[assignment]
        """Count one clip by its audits, but for what edits have mended. One with an audit that nobody could make is
        unknown, and in no rate."""
        if not all(map(_made, audits)):
            self.unheard += 1
            return
        self.partly += any(map(_unheard, audits))
        self.add(*_found(audits, edits), _ruled(audits))

    def add(self, errors: int, missing: int, ruled: bool = False) -> None:
        """Count one clip, by how many attributes have an error, or lack something; `ruled`: rules alone looked."""
        self.clips += 1
        self.ruled += ruled
        self.no_error += not errors
        self.no_missing += not missing
        self.clean += not (errors or missing)

    @property
    def by_rules(self) -> bool:
        """Whether no auditor has read the captions: rules know the evidence that the captions were composed of, and so
        find next to nothing."""
        return 0 < self.clips == self.ruled

    @property
    def told(self) -> str:
        """How it was found out, for people."""
        if not self.by_rules:
            return self.how
        return "checked by rules" if self.how == "measured" else f"{self.how}, by rules"

    def bounded(self) -> list[tuple[float, tuple[float, float]]]:
        """Each rate with its interval, where there is one."""
        return [(rate, self.intervals[name]) for name, rate in self.rates().items() if name in self.intervals]

    def rates(self) -> dict[str, float]:
        """No-Error, No-Missing and Clean (neither), 0..1 (ASID, Fig. 3); what rules have checked has other names."""
        count = self.clips or 1
        names = BY_RULES if self.by_rules else RATES
        return dict(zip(names, (self.no_error / count, self.no_missing / count, self.clean / count), strict=True))


@dataclass
class PointFindings:
    """Of one VERIFY point, over all audits of its attribute."""

    errors: int = 0
    missing: int = 0
    unheard: int = 0  # audits in which nobody could judge it


@dataclass
class AttributeFindings:
    """Of one attribute, over all audited clips."""

    audited: int = 0
    partly: int = 0  # of these, by an auditor who could not hear all
    unheard: int = 0  # audits that nobody could make
    with_errors: int = 0
    with_missing: int = 0
    errors: int = 0
    missing: int = 0
    remarks: int = 0
    edited: int = 0
    given: int = 0  # clips that have a caption of it
    points: dict[str, PointFindings] = field(default_factory=lambda: defaultdict(PointFindings))  # "": none was named


@dataclass
class Figures:
    """Hold what was counted of a run."""

    steps: list[StepStatus]
    shards: int = 0
    columns: Collection[str] = ()  # of the finished clips: of a recipe without audit there are no `audits`
    kept: int = 0
    dropped: int = 0
    rules: Counter[str] = field(default_factory=Counter)  # clips dropped by each rule
    seconds: float = 0.0  # of kept clips
    silent: int = 0  # kept clips without sound
    longest: float = 0.0
    durations: Counter[int] = field(default_factory=Counter)  # kept clips by whole seconds
    shots: Counter[int] = field(default_factory=Counter)
    speakers: Counter[int] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    words: int = 0  # of the captions of kept clips
    flawed: Counter[str] = field(default_factory=Counter)  # verified captions with a problem of each kind, by rule
    still: Counter[str] = field(default_factory=Counter)  # finished ones
    quoted: int = 0
    quotes_found: int = 0
    licences: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    hearing: Counter[str] = field(default_factory=Counter)
    writers: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # text, model, provider, prompt
    quality: list[Quality] = field(default_factory=list)
    powers: list[Power] = field(default_factory=list)  # what auditors find of planted errors
    coverage: Coverage | None = None  # what the captions tell, where somebody has counted
    attributes: dict[str, AttributeFindings] = field(default_factory=dict)
    spending: list[Line] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)  # seconds of model calls, clip
    failures: dict[tuple[str, str], list[Failure]] = field(default_factory=dict)  # examples by step and kind

    @property
    def intervals(self) -> list[Quality]:
        """The points that an auditor of its own measured."""
        return [point for point in self.quality if point.intervals]

    @property
    def checks(self) -> dict[str, tuple[float, float]]:
        """Shares of captions with a problem of each kind: when verified, when finished."""
        count = self.kept + self.dropped or 1
        return {
            kind: (self.flawed[kind] / count, self.still[kind] / count) for kind in sorted(self.flawed | self.still)
        }

    @property
    def usd(self) -> float | None:
        """None when a price is not known."""
        costs = [line.usd for line in self.spending]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def gather(run: Run, survey: Survey | None = None) -> Figures:
    """Read everything there is to count."""
    survey = survey or run.survey()
    last = list(run.steps)[-1]
    kind = run.types(last)[1]
    made = set(kind.model_fields)
    findings: dict[str, AttributeFindings] = {name: AttributeFindings() for name in ATTRIBUTES}
    figures = Figures(steps(run, survey), len(survey.shards), made, attributes=findings)
    audits = [name for name, step in run.steps.items() if _audits(step.kind)]
    for name in audits:
        point = Quality(f"at {name}", "measured")
        again = issubclass(run.types(name)[0], Refined)
        for row in _rows(run, survey, name, ("audits",)):
            if not again:
                _count_findings(figures, row["audits"])
            point.count(row["audits"])
        figures.quality.append(point)
    here = Quality("as audited", "measured")
    after, kept = Quality("after refine", "claimed"), Quality("kept clips", "claimed")
    texts = _texts(kind)
    writers = [".list.element.".join(path) for path in texts if path[0] not in COLUMNS]
    wanted = [column for column in COLUMNS if column.split(".")[0] in made]
    for row in _rows(run, survey, last, (*wanted, *writers)):
        if "audits" in row and not audits:
            _count_findings(figures, row["audits"])
            here.count(row["audits"])
        if "edits" in row:
            after.count(row["audits"], row["edits"])
            if row["kept"]:
                kept.count(row["audits"], row["edits"])
        _count(figures, row)
        for path in texts:
            for text, by in _writers(row, path):
                figures.writers[text, by["model"], by["provider"], by["prompt"]] += 1
    figures.quality += [point for point in (here, after, kept) if point.clips or point.unheard]
    figures.quality += [_measured(found) for found in measured(run)]
    figures.powers = powers(run)
    figures.coverage = covered(run)
    figures.spending = spend.spent(run.storage, run.steps, run.manifest.models)
    figures.slowest = _slowest(run)
    figures.failures = _failures(run, survey)
    return figures


def _audits(kind: Any) -> bool:
    """Whether a stage is one that audits captions."""
    gives = kind.types()[1]
    return issubclass(gives, Audited) and not issubclass(gives, Refined)


def _measured(found: Measured) -> Quality:
    """What `asid audit` measured, as a point beside the others."""
    point = Quality(f"{found.point}, by {found.model}", "measured", found.clean.trials,
                    partly=found.partly, unheard=found.unheard)  # fmt: skip
    point.no_error, point.no_missing, point.clean = (
        one.count for one in (found.no_error, found.no_missing, found.clean)
    )
    point.intervals = {
        "No-Error": (found.no_error.low, found.no_error.high),
        "No-Missing": (found.no_missing.low, found.no_missing.high),
        "Clean": (found.clean.low, found.clean.high),
    }
    return point


def _rows(run: Run, survey: Survey, step: str, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for shard in survey.names(step):
        if (step, shard) in survey.footers:
            yield from shards.read_columns(run.storage, run.uri(step, shard), columns)


def _found(audits: list[dict[str, Any]], edits: list[dict[str, Any]] = ()) -> tuple[int, int]:  # type: ignore[assignment]
    """Attributes with errors and with something missing, but for what edits have mended: one mend clears one finding,
    of the same round."""
    cleared = {(edit["attribute"], edit.get("round", 1)): _cleared(edit) for edit in edits}
    errors = missing = 0
    for audit in audits:
        fixed, filled = cleared.get((audit["attribute"], audit.get("round", 1)), (0, 0))
        errors += len(audit["errors"]) > fixed
        missing += len(audit["missing"]) > filled
    return errors, missing


def _cleared(edit: Mapping[str, Any]) -> tuple[int, int]:
    """How many errors, and how many gaps, an edit has mended: as found in the text, else as its writer says."""
    mended, filled = edit.get("mended"), edit.get("filled")
    return (
        len(edit["fixed_errors"] if mended is None else mended),
        len(edit["filled_missing"] if filled is None else filled),
    )


def _made(audit: Mapping[str, Any]) -> bool:
    """Whether somebody made an audit: one that nobody could make, for want of ears, is unknown, not good."""
    return bool(audit["by"]["provider"])


def _unheard(audit: Mapping[str, Any]) -> Sequence[str]:
    """The VERIFY points that the auditor could not judge for want of ears."""
    return audit.get("not_audited") or ()


def _ruled(audits: list[dict[str, Any]]) -> bool:
    return bool(audits) and all(audit["by"]["provider"] == "embedded" for audit in audits)


def _count_findings(figures: Figures, audits: list[dict[str, Any]]) -> None:
    for audit in audits:
        found = figures.attributes[audit["attribute"]]
        for point in _unheard(audit):
            found.points[point].unheard += 1
        if not _made(audit):
            found.unheard += 1
            continue
        found.audited += 1
        found.partly += bool(_unheard(audit))
        for error in audit["errors"]:
            found.points[error.get("point", "")].errors += 1
        for item in audit["missing"]:
            found.points[item.get("point", "")].missing += 1
        found.with_errors += bool(audit["errors"])
        found.with_missing += bool(audit["missing"])
        found.errors += len(audit["errors"])
        found.missing += len(audit["missing"])
        found.remarks += len(audit["expressiveness"])


def _count(figures: Figures, row: Mapping[str, Any]) -> None:
    for attribute in {edit["attribute"] for edit in row.get("edits", ())} & set(ATTRIBUTES):
        figures.attributes[attribute].edited += 1
    for name, caption in row.get("captions", {}).items():
        figures.attributes[name].given += bool(caption)
    figures.flawed.update({problem["kind"] for problem in row.get("problems", ())})
    figures.still.update({problem["kind"] for problem in row["remaining"]})
    if not row["kept"]:
        figures.dropped += 1
        figures.rules.update({reason["rule"] for reason in row["reasons"]})
        return
    figures.kept += 1
    figures.seconds += row["duration"]
    figures.longest = max(figures.longest, row["duration"])
    figures.silent += not row["sound"]
    figures.durations[int(row["duration"])] += 1
    figures.shots[len(row["shots"])] += 1
    figures.speakers[len({said["speaker"] for said in row["utterances"] if said["speaker"]})] += 1
    figures.languages[row["language"] or "no speech"] += 1
    figures.words += len(row["caption"].split())
    figures.quoted += len(row["quotes"])
    figures.quotes_found += sum(quote["found"] for quote in row["quotes"])
    figures.licences[row["licence"] or UNKNOWN] += 1
    figures.sources[row["source"] or UNKNOWN] += 1
    figures.hearing[row["hearing"]] += 1


def _texts(kind: type[Row]) -> list[tuple[str, ...]]:
    """Find where a row says who wrote a text of it. Those of a preference pair are candidates, and counted there."""
    of_pair = Preferred.model_fields.keys() - Captioned.model_fields.keys() if issubclass(kind, Preferred) else ()
    return [path for path in written(kind) if path[0] not in of_pair]


def _writers(part: Mapping[str, Any], path: Sequence[str], *words: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give each text that `path` leads to, named after its fields and its annotator, and who wrote it."""
    first, *rest = path
    if rest:
        for inner in part[first]:
            yield from _writers(inner, rest, *words, first, inner.get("annotator", ""))
    elif by := part[first]:
        yield " ".join(filter(None, (*words, first.removesuffix("by").removesuffix("_")))), by


def _slowest(run: Run) -> list[tuple[float, str]]:
    """The clips that models took longest with, all stages together."""
    seconds: dict[str, float] = defaultdict(float)
    for step in run.steps:
        for entry in spend.entries(run.storage, f"run:{step}/answers"):
            seconds[entry.row] += entry.seconds
    return heapq.nlargest(SLOWEST, ((taken, row) for row, taken in seconds.items()))


def _failures(run: Run, survey: Survey) -> dict[tuple[str, str], list[Failure]]:
    found: dict[tuple[str, str], list[Failure]] = defaultdict(list)
    for (step, shard), footer in sorted(survey.footers.items()):
        for failure in run.failures(step, shard) if footer.failed else ():
            examples = found[step, failure.kind]
            if len(examples) < EXAMPLES:
                examples.append(failure)
    return dict(found)

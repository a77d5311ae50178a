"""A judged benchmark as a run: its cases are the first step's rows, each question to a judge is a step of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.evaluation.tables import Table
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Answered, Failure
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run, RunError, shard_name
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.workshop import write_failures

if TYPE_CHECKING:
    from asid.pipeline.engine.result import Progress

    from asid.pipeline.engine import Result

CASES = "cases"
SHARD_CASES = 200
TITLE = "benchmark "


def manifest(
    name: str,
    benchmark: Benchmark,
    models: Mapping[str, Any],
    judges: Mapping[str, str],
    settings: Sequence[str] = (),
    budget: float | None = None,
) -> Manifest:
    """The manifest of a benchmark. `judges`: step -> name of its model. Raises ManifestError."""
    recipe: list[dict[str, Any]] = [{"stage": CASES}]
    for step, model in judges.items():
        contract = benchmark.steps[step]
        recipe.append({
            "stage": "judge", "name": step, "contract": f"{name}.{step}", "model": model,
            "prompt": contract.prompt, "settings": dict(contract.settings),
        })  # fmt: skip
    values: dict[str, Any] = {"version": 1, "title": TITLE + name, "models": dict(models), "recipe": recipe,
                              "max_failure_rate": 1.0}  # fmt: skip
    if budget:
        values["budget"] = {"usd": budget}
    return manifests.parse(json.dumps(values), f"benchmark {name}", settings)


def open_run(folder: str, made: Manifest) -> Run:
    """The run folder of a benchmark, new or taken up again. Raises RunError for one of something else."""
    if Run.is_at(folder):
        title = Run.open(folder).manifest.title
        if title != made.title:
            what = title.removeprefix(TITLE) if title.startswith(TITLE) else "a dataset"
            raise RunError(f"{folder} is a run of {what}: name another folder with --run")
    return Run(folder, made)


# --- cases -------------------------------------------------------------------------------------------------------


def write_cases(run: Run, cases: Sequence[Case], intake: DataIntake) -> None:
    """Put the cases into the run, in shards that later steps read. What is there already and the same stays as it is,
    so that the steps after it stay done."""
    parts = [cases[at : at + SHARD_CASES] for at in range(0, len(cases), SHARD_CASES)] or [[]]
    for step in run.steps:
        for name in run.shard_names(step):
            if int(name) >= len(parts):
                run.storage.delete(run.uri(step, name))
                run.storage.delete(run.failures_uri(step, name))
    for number, part in enumerate(parts):
        _write(run, shard_name(number), part, intake if number == 0 else DataIntake(), len(parts))


def _write(run: Run, name: str, cases: Sequence[Case], intake: DataIntake, total: int) -> None:
    failures = [
        Failure(
            id=f"fault-{number:06d}",
            name=fault.name,
            stage=CASES,
            kind=fault.kind,
            reason=fault.reason,
            attempts=1,
            raw="",
        )
        for number, fault in enumerate(intake.faults)
    ]
    footer = Footer(
        fingerprint=run.fingerprints[CASES],
        digest=shards.digest(cases),
        outcomes=[(case.id, 1) for case in cases] + [(failure.id, 0) for failure in failures],
        failed=[failure.id for failure in failures],
        rows=len(cases),
        total=total,
    )
    try:
        if shards.footer(run.storage, run.uri(CASES, name)) == footer and run.failures(CASES, name) == failures:
            return
    except shards.DamagedShard:
        pass  # it is written anew
    write_failures(run, CASES, name, failures, footer)
    shards.write(run.storage, run.uri(CASES, name), Case, cases, footer)


# --- judging -----------------------------------------------------------------------------------------------------


def judge(run: Run, progress: Progress, cpus: float | None = None, retry: str = "passing") -> Result:
    """Ask what has not been asked. `retry`: failures that are asked about again: those that may have passed (a server
    that was out of reach), `all`, or `none`."""
    from asid.pipeline.engine import Engine

    steps = list(run.steps)[1:]
    for step in steps:
        if again := to_retry(run, step, retry):
            Engine(run, progress, cpus).execute([step], only=again)
    return Engine(run, progress, cpus).execute(steps)


def to_retry(run: Run, step: str, retry: str = "passing") -> frozenset[str]:
    """The rows of a step that failed and are to be tried again."""
    if retry == "none":
        return frozenset()
    survey = run.survey()
    done = [shard for shard in survey.names(step) if survey.done(step, shard)]
    found = [failure for shard in done for failure in run.failures(step, shard)]
    return frozenset(failure.id for failure in found if failure.may_pass or retry == "all")


def outcome(run: Run, system: str) -> Outcome:
    """What a run that has ended holds."""
    first, *steps = run.steps
    failed = {}
    for step in steps:
        for shard in run.shard_names(step):
            failed.update({failure.id: failure for failure in run.failures(step, shard)})
    texts: dict[str, str] = {}  # a caption is asked about many times, and need not be held as often

    def held(case: Case) -> Case:
        return case.model_copy(update={"caption": texts.setdefault(case.caption, case.caption)})

    expected = [held(case) for case in run.all_rows(first)]
    judged = (
        {case.id: held(case) for case in run.all_rows(steps[-1])} if steps else {case.id: case for case in expected}
    )
    return Outcome(system, expected, judged, failed)


# --- figures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BenchmarkFigures:
    """Tables, and what they rest on."""

    benchmark: str
    system: str
    tables: Sequence[Table]
    judges: Mapping[str, Sequence[Answered]]  # of each step
    runs: int
    expected: int
    scored: int
    missing: Mapping[str, int]
    means: str  # what missing cases count as
    faults: Mapping[str, int]
    notes: Mapping[str, int]

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        judges = {
            step: [{"model": by.model, "provider": by.provider, "prompt_hash": by.prompt} for by in found]
            for step, found in self.judges.items()
        }
        return {
            "benchmark": self.benchmark, "system": self.system, "judges": judges, "runs": self.runs,
            "expected": self.expected, "scored": self.scored, "missing": dict(self.missing), "missing_is": self.means,
            "faults": dict(self.faults), "notes": dict(self.notes), "tables": [table.plain() for table in self.tables],
        }  # fmt: skip


def figures(run: Run, benchmark: Benchmark, system: str, intake: DataIntake) -> BenchmarkFigures:
    """The figures of a run that has ended. Raises DataError when there is nothing to score."""
    found = outcome(run, system)
    if not found.expected:
        raise DataError("the data holds no case")
    judges = {
        step: sorted(
            {
                reply.by
                for case in found.judged.values()
                for reply in case.replies
                if reply.step == step and reply.asked
            },
            key=str,
        )
        for step in benchmark.steps
    }
    made = BenchmarkFigures(
        benchmark=benchmark.name,
        system=system,
        tables=benchmark.tables(found),
        judges=judges,
        runs=len(found.runs),
        expected=len(found.expected),
        scored=found.count,
        missing=found.missing,
        means=benchmark.missing,
        faults=intake.kinds(),
        notes=intake.notes,
    )
    text = json.dumps(made.plain(), ensure_ascii=False, indent=1)
    run.storage.write("run:figures.json", text.encode("utf-8", "backslashreplace"))
    return made

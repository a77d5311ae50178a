"""Each judged benchmark on a made-up set of 50, through the engine, with a judge of known answers on loopback.

    python -m tests.bench.bench_benchmarks [NAME…]

Of 50 cases the judge answers 42 at once and 3 when asked again; of 2 it never says what counts, 2 have no caption and 1
an empty one. The file of captions holds one that is double, one of nobody and a broken line. (`elo` has the captions of
a rival in the place of data, so that nobody's caption is one more pair.) The server refuses, fails and cuts some calls.
Figures are computed here by hand, from the numbers of the cases. Then the same command is given again, and once more
with all rows lost but the answers: nothing may be paid. Each figure is a line of JSON, too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray

from tests.kits.evalkit import asid_eval, evidence, lines, reasked
from tests.servers.llm import Behaviour, LlmServer

COUNT = 50
AGAIN, NEVER, ABSENT, EMPTY = range(40, 43), range(43, 45), range(45, 47), range(47, 48)
SCORED = [n for n in range(COUNT) if n not in (*NEVER, *ABSENT, *EMPTY)]
MISSING = {"invalid_answer": len(NEVER), "no_caption": len(ABSENT), "empty_caption": len(EMPTY)}
FAULTS = {"double_id": 1, "unknown_id": 1, "unreadable": 1}
NAMES = ("scene", "characters", "objects", "actions", "narrative elements", "speech", "camera", "emotions")
CHOICES = ["A. Ann", "B. Bo", "C. Cy", "D. Di"]
CASE = re.compile(r"\bn(\d\d)\b")  # stands in every text of a case
Answer = Callable[[int, dict[str, str]], Any]


@dataclass(frozen=True)
class Made:
    """`record` of the data file, the judge's `answer` to what it is shown, and the `figures` that must come out, as
    (title of the table, its row, place in the row)."""

    record: Callable[[int], Any]
    answer: Answer
    figures: dict[tuple[str, str, int], float]
    id: str = "video_id"
    runs: int = 1
    questions: int = 3  # to a judge that never says what counts
    several: bool = False  # steps, of which only the first is shown the caption
    rival: bool = False  # captions of a second system stand in the place of data
    scored: int = len(SCORED)
    missing: dict[str, int] = field(default_factory=lambda: MISSING)
    faults: dict[str, int] = field(default_factory=lambda: FAULTS)


def mean(values: Iterable[float], of: int = COUNT) -> float:
    return sum(values) / of


def spoken(n: int, shown: dict[str, str]) -> Any:
    if "caption" in shown:
        return {"lines": [{"speaker": "a nurse", "text": f"Number n{n:02d}."}]}
    return {"pairs": [{"pair": 1, "same": n % 2 == 0}]}


def related(n: int, shown: dict[str, str]) -> Any:
    """Three reference events of which n % 4 are entailed, two events of the caption of which n % 3 are."""
    if "caption" in shown:
        return {"events": [f"it n{n:02d} happens", f"it n{n:02d} ends"]}
    count, entailed = (3, n % 4) if shown["description"].startswith("caption") else (2, n % 3)
    return {"relations": [{"event": one, "relation": "entailment" if one <= entailed else "contradiction"}
                          for one in range(1, count + 1)]}  # fmt: skip


def graded(grade: Callable[[int], Any]) -> Answer:
    return lambda n, shown: f"answer n{n:02d}" if "caption" in shown else grade(n)


def errors(n: int, _: dict[str, str]) -> Any:
    return {"missing": list(range(1, n % 4 + 1)), "incorrect": [5] if n % 2 else [],
            "hallucinated": [f"made up {one}" for one in range(n % 3)]}  # fmt: skip


def events(n: int) -> int:
    return 10 + n % 3


def better(n: int, shown: dict[str, str]) -> Any:
    """Of three pairs one is won by `captions`, one by nobody, one by `rival`, wherever they are shown."""
    ours, theirs = ("first", "second") if shown["caption 1"].startswith("caption") else ("second", "first")
    return {"better": (ours, "neither", theirs)[n % 3], "why": f"because of n{n:02d}"}


def rated() -> float:
    """The rating of `captions` after all votes in their order: a video that one system has no caption of is lost by it,
    one without a verdict is no vote."""
    ours = theirs = 1000.0
    for n in (*range(COUNT), 99):
        if n in NEVER:
            continue
        won = 0.0 if n in ABSENT or n in EMPTY else 1.0 if n == 99 else (1.0, 0.5, 0.0)[n % 3]
        gained = 8 * (won - 1 / (1 + 10 ** ((theirs - ours) / 400)))
        ours, theirs = ours + gained, theirs - gained
    return ours


IOU = [1.0 if n % 2 else 1 / 3 for n in SCORED]
MARKS = {n: (1 + n % 5, 1 + (n + 1) % 5, 1 + (n + 2) % 5) for n in range(COUNT)}
MISS = (sum(n % 4 for n in SCORED) + sum(events(n) for n in range(COUNT) if n not in SCORED)) / sum(
    map(events, range(COUNT))
)
HALL = sum(n % 2 + n % 3 for n in SCORED) / sum(map(events, SCORED))
RECALL, PRECISION = mean(n % 4 / 3 for n in SCORED), mean(n % 3 / 2 for n in SCORED)
A, B, D = (sum(n % 4 == rest for n in SCORED) for rest in (0, 1, 3))
REF = mean(n % 2 == 0 for n in SCORED)

BENCHMARKS = {
    "qa": Made(
        lambda n: {"Question": f"Who is n{n:02d}?", "Choice": CHOICES, "Answer": "B", "Type": "Reasoning"},
        lambda n, _: "B" if n % 2 == 0 else "N/A" if n % 3 == 0 else "C",
        {("Answers", "captions", 0): 100 * mean(n % 2 == 0 for n in SCORED),
         ("Where", "data", 3): sum(n % 2 == 1 and n % 3 == 0 for n in SCORED)},
    ),
    "ugc": Made(
        lambda n: {"reference": f"reference n{n:02d}"},
        lambda n, _: dict(zip(("visual", "audio", "details"), MARKS[n], strict=True)),
        {("UGC", "captions", place): 20 * mean(MARKS[n][mark] for n in SCORED)
         for place, mark in ((0, 1), (1, 0), (2, 2))}
        | {("UGC", "captions", 3): 20 * mean(sum(MARKS[n]) / 3 for n in SCORED)},
    ),
    "grounding": Made(
        lambda n: {"sentence": f"event n{n:02d}", "start": 0.0, "end": 10.0, "duration": 20.0},
        lambda n, _: "0-10" if n % 2 else "from 5s to 15s",
        {("Temporal", "captions", 0): 100 * mean(IOU),
         ("Temporal", "captions", 2): 100 * mean(iou >= 0.5 for iou in IOU),
         ("Temporal", "(whole clip, no caption)", 0): 50.0},
    ),
    "following": Made(
        lambda n: {"attributes": NAMES[: 1 + n % 4], "prompt": f"Tell n{n:02d}.", "k": 1 + n % 4},
        lambda n, _: {"evidence": [], "levels": {
            name: "explicit" if at < 1 + n % 4 or (at == 7 and n % 3) else "minor" for at, name in enumerate(NAMES)}},
        {("Instruction", "captions", k - 1): 100 * mean(
            (n % 3 == 0 for n in SCORED if 1 + n % 4 == k), sum(1 + n % 4 == k for n in range(COUNT)))
         for k in (1, 2, 3, 4)},
    ),
    "salmonn2": Made(
        lambda n: {"events": [f"event n{n:02d} {one}" for one in range(events(n))]}, errors,
        {("Events", "captions", 0): 100 * MISS, ("Events", "captions", 1): 100 * HALL,
         ("Events", "captions", 2): 100 * (MISS + HALL)}, runs=3, questions=6,
    ),
    "diadem": Made(
        lambda n: {"gt_dialogues": [f"nurse: Number n{n:02d}!"], "speaker_num": 1, "people_num_in_screen": 1,
                   "is_single_shot": n % 2}, spoken,
        {("captions, whole", "F1 of mean P and mean R (published)", 0): 100 * REF,
         ("captions, whole", "F1 of mean P and mean R (published)", 3): 100 * len(SCORED) / COUNT}, several=True,
    ),
    "vdc": Made(
        lambda n: {"aspect": "camera", "question": f"what n{n:02d}?", "answer": f"truth n{n:02d}"},
        graded(lambda n: {"pred": "Yes" if n % 2 else "no", "score": n % 6}),
        {("VDC", "captions", 0): 100 * mean(n % 2 for n in SCORED),
         ("VDC", "captions", 2): mean(n % 6 for n in SCORED)}, several=True,
    ),
    "vidcap": Made(
        lambda n: {"QA_pairs": [
            {"question": f"what n{n:02d}?", "answer": f"truth n{n:02d}", "sub_category": "lighting"}]},
        graded(lambda n: {"score": (2, 1, 0, -1)[n % 4], "analysis": "2 or -1"}),
        {("VidCap", "aesthetics", 1): 100 * A / COUNT, ("VidCap", "aesthetics", 2): 100 * (A + B) / (A + B + D),
         ("VidCap", "aesthetics", 3): 100 * (A + B + D) / COUNT}, id="video_dir", several=True,
    ),
    "dream": Made(
        lambda n: {"reference": f"Reference n{n:02d}", "events": [f"event n{n:02d} {one}" for one in range(3)]},
        related,
        {("DREAM", "captions", 1): 100 * RECALL, ("DREAM", "captions", 2): 100 * PRECISION,
         ("DREAM", "captions", 0): 200 * RECALL * PRECISION / (RECALL + PRECISION)}, several=True,
    ),
    "avocado": Made(
        lambda n: {"points": [{"point": f"point n{n:02d} {one}", "category": "static entities"} for one in range(2)]},
        lambda n, _: {"verdicts": [{"point": 1, "told": n % 2 == 0}, {"point": 2, "told": n % 3 == 0}]},
        {("AVoCaDO", "captions", 0): 100 * mean(((n % 2 == 0) + (n % 3 == 0) for n in SCORED), 2 * COUNT)},
    ),
    "elo": Made(
        lambda n: {"caption": f"rival n{n:02d} tells"}, better,
        {("Elo", "captions", 2): rated(), ("Elo", "captions", 3): COUNT + 1 - len(NEVER)},
        rival=True, scored=COUNT + 1 - len(NEVER), missing={"invalid_answer": len(NEVER)},
        faults={"double_id": 1, "unreadable": 1},
    ),
}  # fmt: skip


def judge(made: Made) -> Callable[[str, Any], str]:
    """The judge: it misbehaves in the step that gives the verdict, which is the last."""

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        found = CASE.search(" ".join(shown.values()))
        assert found, prompt
        n = int(found[1])
        given = made.answer(n, shown)
        last = not (made.several and "caption" in shown)
        if last and (n in NEVER or (n in AGAIN and not reasked(prompt))):
            return "I would rather not say." if isinstance(given, str) else json.dumps({"verdict": given})
        return given if isinstance(given, str) else json.dumps(given)

    return answer


def files(folder: Path, made: Made) -> list[object]:
    """Write the data and the captions; give the words that name them."""
    name = "rival.jsonl" if made.rival else "data.jsonl"
    data = lines(folder / name, [{made.id: f"{n:02d}.mp4", **made.record(n)} for n in range(COUNT)])
    told = {n: f"caption n{n:02d} tells" if n not in EMPTY else "" for n in range(COUNT) if n not in ABSENT}
    rows = [{made.id: f"{n:02d}.mp4", "caption": text} for n, text in told.items()]
    captions = lines(folder / "captions.jsonl", [*rows, rows[0] | {"caption": "other"}, rows[0] | {made.id: "99.mp4"}])
    captions.write_text(captions.read_text() + '{"broken\n')
    return ["--captions" if made.rival else "--data", data, "--captions", captions, "--runs", made.runs]


def lose_rows(run: Path) -> None:
    """Leave a run its cases and the judges' answers, as after a disk that lost the rest."""
    for shard in run.glob("*/*.parquet"):
        if shard.parent.name != "cases":
            shard.unlink()


def tell(name: str, figure: str, value: float, limit: float) -> bool:
    holds = abs(value - limit) < 1e-9
    said = {
        "bench": "benchmarks",
        "figure": f"{name}: {figure}",
        "value": value,
        "unit": "",
        "limit": limit,
        "holds": holds,
    }
    print(json.dumps(said | {"holds": holds}, ensure_ascii=False), flush=True)
    return holds


def work(name: str, made: Made, folder: Path) -> bool:
    faults = {"limit": 0.05, "error": 0.05, "cut": 0.03, "retry_after": 0.1}
    with LlmServer(Behaviour(answer=judge(made), seed=1, **faults), keep_bodies=False) as server:  # type: ignore[arg-type]
        words = files(folder, made)
        found = asid_eval(name, server, folder / "run", *words)
        paid = server.seen.answers
        again = asid_eval(name, server, folder / "run", *words)
        replayed = server.seen.answers - paid
        lose_rows(folder / "run")
        derived = asid_eval(name, server, folder / "run", *words)
        asked_anew = server.seen.answers - paid - replayed
    holds = []
    for (title, row, place), wanted in made.figures.items():
        (table, *_) = [one for one in found["tables"] if one["title"].startswith(title)]
        (cells,) = [one[1:] for one in table["rows"] if one[0] == row]
        holds.append(tell(name, f"{title} {table['columns'][place + 1]} {row}", cells[place], wanted))
    missing = {kind: count * made.runs for kind, count in made.missing.items()}
    holds.append(tell(name, "cases scored", found["scored"], made.scored * made.runs))
    holds.append(tell(name, "kinds of missing cases that are told", sum(
        found["missing"].get(kind) == count for kind, count in missing.items()), len(missing)))  # fmt: skip
    holds.append(tell(name, "faults of the files that are named", sum(
        found["faults"].get(kind) == count for kind, count in made.faults.items()), len(made.faults)))  # fmt: skip
    holds.append(tell(name, "answers paid when done again", replayed, 0))
    refused = len(NEVER) * made.runs * made.questions  # what was never accepted was never kept: it is asked again
    holds.append(tell(name, "answers paid with all rows lost, but for refused ones", asked_anew - refused, 0))
    holds.append(tell(name, "figures that are the same each time", (again == found) + (derived == found), 2))
    return all(holds)


def main() -> None:
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    os.environ["OPENAI_API_KEY"] = "test-key"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    holds = True
    for name in sys.argv[1:] or BENCHMARKS:
        folder = Path(tempfile.mkdtemp(prefix="b"))
        holds &= work(name, BENCHMARKS[name], folder)
        shutil.rmtree(folder)
    ray.shutdown()
    sys.exit(not holds)


if __name__ == "__main__":
    main()

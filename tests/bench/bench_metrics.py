"""How fast metrics and rewards are, beside a plain edit-distance library on the same strings.

    python -m tests.bench.bench_metrics [--seconds 20]

Made-up dialogues of 1 to 12 lines and captions of about 900 words, seeded. Two processes work at once. The wall-clock
rate of both says little on a machine that others use, so the limits are held against the rate that their processor
time makes on two cores of their own; both are printed.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rapidfuzz.distance import Levenshtein

from asid.pipeline.metrics import checklist, dialogue, repetition

CORES = 2
TEXT = """the a man woman says hello where going tomorrow never because door kettle mountain river seven walks slowly
toward camera light blue green old young street begins ends with and of in her his"""
WORDS = TEXT.split()
PAIRS, CAPTIONS = 400, 200  # different ones, used over and over
KINDS = (
    ("pairs", "DiaDem pairs", 10_000),
    ("captions", "length and repetition rewards", 100_000),
    ("strings", "pairs by plain edit distance", None),
)
Pair = tuple[list[dialogue.DialogueLine], list[dialogue.DialogueLine]]


def pairs(chance: random.Random) -> list[Pair]:
    """Reference dialogues, and the same as a caption tells them: letters lost, lines split or left out."""
    made = []
    for _ in range(PAIRS):
        speaker, reference = 0, []
        for _ in range(chance.randint(1, 12)):
            speaker = speaker if chance.random() < 0.4 else chance.randint(0, 3)
            reference.append(
                dialogue.DialogueLine(f"s{speaker}", "".join(chance.choices(WORDS, k=chance.randint(2, 12))))
            )
        predicted = []
        for line in reference:
            said = "".join(letter for letter in line.said if chance.random() > 0.08) or "x"
            if chance.random() < 0.2 and len(said) > 1:
                half = len(said) // 2
                predicted += [dialogue.DialogueLine(line.speaker, part) for part in (said[:half], said[half:])]
            elif chance.random() > 0.1:
                predicted.append(dialogue.DialogueLine(line.speaker, said))
        made.append((predicted, reference))
    return made


def captions(chance: random.Random) -> list[tuple[str, int]]:
    """Captions and their numbers of tokens; every tenth fell into a loop."""
    made = []
    for number in range(CAPTIONS):
        words = [*WORDS, *(f"{word}{n}" for word in WORDS for n in range(10))]
        text = " ".join(chance.choices(words, k=900))
        made.append((text + " and again and again" * 60 if number % 10 == 0 else text, chance.randint(300, 5000)))
    return made


def score_pairs(found: list[Pair]) -> Callable[[int], object]:
    def one(number: int) -> object:
        alignment = dialogue.align(*found[number % len(found)])
        return dialogue.score(alignment, [True] * len(alignment.blocks)).reward

    return one


def compare_strings(found: list[Pair]) -> Callable[[int], object]:
    """What a plain library does with the same strings: each line of the one side against each of the other, once."""

    def one(number: int) -> object:
        ours, theirs = found[number % len(found)]
        return sum(Levenshtein.normalized_similarity(a.said, b.said) for a in ours for b in theirs)

    return one


def reward_captions(found: list[tuple[str, int]]) -> Callable[[int], object]:
    def one(number: int) -> object:
        text, tokens = found[number % len(found)]
        repeated = 1.0 if repetition.loops(text) else repetition.ngram_rate(text)
        return checklist.length_reward(tokens) + 1 - repeated

    return one


def work(kind: str, seconds: float, seed: int) -> tuple[int, float, float]:
    """How many were done in so much time: count, wall and processor seconds."""
    chance = random.Random(seed)
    one = {"pairs": lambda: score_pairs(pairs(chance)), "strings": lambda: compare_strings(pairs(chance)),
           "captions": lambda: reward_captions(captions(chance))}[kind]()  # fmt: skip
    begun, spent, count = time.monotonic(), time.process_time(), 0
    while (wall := time.monotonic() - begun) < seconds:
        one(count)
        count += 1
    return count, wall, time.process_time() - spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    costs = {}
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        for kind, what, least in KINDS:
            jobs = [pool.submit(work, kind, options.seconds, seed) for seed in range(CORES)]
            done = [job.result() for job in jobs]
            rate = sum(60 * count / wall for count, wall, _ in done)
            costs[kind] = sum(spent for _, _, spent in done) / sum(count for count, _, _ in done)
            tell(f"{what} a minute, {CORES} processes, wall clock", round(rate), "1/min", None)
            tell(f"{what} a minute on {CORES} cores of its own", round(60 * CORES / costs[kind]), "1/min", least)
            tell(f"{what}, processor time of one", round(1e3 * costs[kind], 4), "ms", None)
    tell("dynamic programme / plain edit distance", round(costs["pairs"] / costs["strings"], 1), "ratio", None)


def tell(figure: str, value: float, unit: str, least: float | None) -> None:
    line = {"bench": "metrics", "figure": figure, "value": value, "unit": unit, "limit": least}
    print(json.dumps(line | {"holds": None if least is None else value >= least}), flush=True)


if __name__ == "__main__":
    main()

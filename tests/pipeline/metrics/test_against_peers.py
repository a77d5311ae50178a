"""Our word errors, Jaccard errors and shot figures beside those of libraries that other people keep, and of definitions
written down by others, on the same made-up input."""

from __future__ import annotations

import random
from collections.abc import Callable

import jiwer
import meeteval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import JaccardErrorRate
from scipy.optimize import linear_sum_assignment

from asid.pipeline.metrics import jer, speech, transitions, wer
from asid.pipeline.metrics.figure import Absent, Figure
from asid.pipeline.metrics.shots import BoundaryCounts
from asid.pipeline.rows import Turn

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12).map(" ".join)


# --- words -------------------------------------------------------------------------------------------------------


@given(WORDS.filter(bool), WORDS)
def test_word_errors_equal_jiwer_and_meeteval(truth: str, heard: str) -> None:
    ours = wer.word_errors(truth, heard, "none")
    wrong = ours.substitutions + ours.deletions + ours.insertions
    theirs = jiwer.process_words(truth, heard) if heard else None
    assert wrong == (theirs.substitutions + theirs.deletions + theirs.insertions if theirs else len(truth.split()))
    assert ours.rate == pytest.approx(jiwer.wer(truth, heard) if heard else 1.0)
    other = meeteval.wer.wer.siso.siso_word_error_rate(truth, heard)
    assert (wrong, ours.words) == (other.errors, other.length)


def test_the_normaliser_decides_and_is_named() -> None:
    def wrong(normaliser: str, truth: str = "Don't pay 20 dollars, Ann!", heard: str = "do not pay $20 ann") -> int:
        found = wer.word_errors(truth, heard, normaliser)
        assert found.normaliser == normaliser
        return found.substitutions + found.deletions + found.insertions

    assert wrong("none") > wrong("plain") > wrong("whisper") == 0
    assert wrong("plain", "Straße, ＡＢＣ", "strasse abc") == 0
    assert wrong("plain", "请坐下。", "请坐") == 1  # of three words: letters, where words are not parted
    assert wrong("whisper-basic", "Où ça?", "où ça") == 0
    with pytest.raises(ValueError, match="unknown normaliser 'x'; there are none, plain"):
        wer.word_errors("a", "a", "x")
    with pytest.raises(ValueError, match="cannot be added"):
        wer.word_errors("a", "a") + wer.word_errors("a", "a", "none")


def test_word_errors_of_a_set_count_missing_transcripts() -> None:
    made = wer.figures([("one two three", "one two"), ("four", Absent("failed"))])
    assert made == {"wer": Figure(0.5, 1, 2, {"failed": 1})}
    assert wer.figures([("", "noise")])["wer"].value is None
    assert wer.figures([("", "")])["wer"].value == 0.0


# --- speakers ----------------------------------------------------------------------------------------------------


def turns(chance: random.Random, speakers: int) -> list[Turn]:
    made = []
    for _ in range(chance.randint(0, 12)):
        start = chance.randint(0, 500)
        end = start + chance.randint(1, 80)
        made.append(Turn(start=start / 10, end=end / 10, speaker=f"s{chance.randint(1, speakers)}"))
    return made


def grid(found: list[Turn]) -> np.ndarray:
    """Who speaks in each tenth of a second."""
    rows = {turn.speaker: np.zeros(600) for turn in found}
    for turn in found:
        rows[turn.speaker][round(turn.start * 10) : round(turn.end * 10)] = 1
    return np.array([rows[name] for name in sorted(rows)]).reshape(-1, 600)


def test_jer_equals_scipys_assignment_over_frames() -> None:
    chance = random.Random(7)
    for _ in range(300):
        truth, found = turns(chance, 4), turns(chance, 5)
        theirs, ours = grid(truth), grid(found)
        shared = theirs @ ours.T
        if not len(theirs) or not len(ours):
            assert jer.jer(truth, found) == float(len(theirs) + len(ours) > 0)
            continue
        error = 1 - shared / (theirs.sum(1)[:, None] + ours.sum(1) - shared)
        rows, columns = linear_sum_assignment(error)
        wanted = np.ones(len(theirs))
        wanted[rows] = error[rows, columns]
        assert jer.jer(truth, found) == pytest.approx(wanted.mean())


def annotation(found: list[Turn]) -> Annotation:
    made = Annotation()
    for number, turn in enumerate(found):
        made[Segment(turn.start, turn.end), number] = turn.speaker
    return made


def test_jer_equals_pyannote_where_the_pairing_is_plain() -> None:
    """pyannote.metrics pairs by time shared and not by Jaccard index: ours is never above it, and mostly equal."""
    chance = random.Random(8)
    equal = 0
    for _ in range(200):
        truth = turns(chance, 3)
        found = [turn.model_copy(update={"start": turn.start - chance.random(), "speaker": f"x{turn.speaker}"})
                 for turn in truth]  # fmt: skip
        joined = [Turn(start=a, end=b, speaker=name) for name, spans in jer.by_speaker(found).items() for a, b in spans]
        theirs = JaccardErrorRate()(annotation(truth).support(), annotation(joined).support())
        ours = jer.jer(truth, found)
        if truth:
            assert ours <= theirs + 1e-9
            equal += ours == pytest.approx(theirs)
    assert equal > 150


def test_der_equals_a_count_of_frames() -> None:
    """DER as NIST defines it, in tenths of a second: each frame's wrong speakers over its true ones."""
    chance = random.Random(9)
    for _ in range(40):
        truth, found = turns(chance, 3), turns(chance, 3)
        if not truth or not found:
            continue
        theirs, ours = grid(truth), grid(found)
        shared = theirs @ ours.T
        rows, columns = linear_sum_assignment(-shared)
        right = sum(theirs[a] * ours[b] for a, b in zip(rows, columns, strict=True))
        wrong = np.maximum(theirs.sum(0), ours.sum(0)) - right
        score = speech.SpeechScore()
        joined = [[Turn(start=a, end=b, speaker=name) for name, spans in jer.by_speaker(side).items() for a, b in spans]
                  for side in (truth, found)]  # fmt: skip
        speech.diarization(speech.SpeechTruth("clip", 60.0, (), tuple(joined[0])), joined[1], score)
        assert score.wrong_seconds == pytest.approx(wrong.sum() / 10)
        assert score.speech_seconds == pytest.approx(theirs.sum() / 10)


@given(st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_assignment_gains_as_much_as_scipys(rows: int, columns: int, chance: random.Random) -> None:
    gains = [[round(chance.random(), 2) for _ in range(columns)] for _ in range(rows)]
    pairs = jer.assignment(gains)
    assert len(set(pairs.values())) == len(pairs)
    one, other = linear_sum_assignment(-np.array(gains))
    assert sum(gains[a][b] for a, b in pairs.items()) == pytest.approx(
        sum(gains[a][b] for a, b in zip(one, other, strict=True))
    )


def test_jer_of_a_set_has_one_voice_for_each_speaker() -> None:
    def turn(speaker: str, start: float, end: float) -> Turn:
        return Turn(start=start, end=end, speaker=speaker)

    right = [turn("a", 0, 10), turn("b", 10, 11)]
    made = jer.figures([(right, [turn("1", 0, 10), turn("2", 10, 11)]), ([turn("a", 0, 5)], Absent("failed"))])
    assert made["jer"] == Figure(pytest.approx(1 / 3), 1, 2, {"failed": 1})
    assert jer.jaccard_errors(right, [turn("1", 0, 11)]) == {"a": pytest.approx(1 / 11), "b": 1.0}
    with pytest.raises(ValueError, match="ends at 1 s, before it begins at 2 s"):
        jer.jer([turn("a", 2, 1)], [])


# --- shots -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "cut", "hit"),
    [(0, 5, True), (0, 4, False), (1, 5, True), (1, 4, True), (1, 3, False), (2, 4, True), (2, 3, True), (2, 2, False)],
)
def test_transnets_own_examples(tolerance: int, cut: int, hit: bool) -> None:
    """The cases that TransNet V2's documentation of its protocol lists: ten frames, cut after frame 5."""
    found = transitions.match([(0, cut), (cut + 1, 9)], [(0, 5), (6, 9)], tolerance)
    assert found == (BoundaryCounts(1, 0, 0) if hit else BoundaryCounts(0, 1, 1))


def scenes(chance: random.Random) -> list[tuple[int, int]]:
    made, at = [], 0
    for _ in range(chance.randint(1, 12)):
        end = at + chance.randint(0, 12)
        made.append((at, end))
        at = end + 1 + chance.choice([0, 0, 0, 1, 3, 8])
    return made


def touching(true: list[tuple[int, int]], found: list[tuple[int, int]], tolerance: int) -> int:
    """The most hits, one to one: transitions are spans of frames that may lie `tolerance` frames apart."""

    def spans(shots: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(shots[n][1], shots[n + 1][0] - 1) for n in range(len(shots) - 1)]

    pairs = [[float(a <= d + tolerance and c <= b + tolerance) for c, d in spans(found)] for a, b in spans(true)]
    return len(jer.assignment(pairs))


@pytest.mark.parametrize("tolerance", [0, 1, 2, 4])
def test_counts_add_up_and_hits_are_as_many_as_there_can_be(tolerance: int) -> None:
    chance = random.Random(tolerance)
    for _ in range(300):
        true, found = scenes(chance), scenes(chance)
        made = transitions.match(true, found, tolerance)
        assert made.hits + made.missed == len(true) - 1
        assert made.hits + made.false == len(found) - 1
        assert made.hits == touching(true, found, tolerance)


def test_shots_of_a_set_are_pooled_and_videos_not_split_are_missed() -> None:
    made = transitions.figures([([(0, 5), (6, 9)], [(0, 5), (6, 9)]), ([(0, 5), (6, 9)], Absent("failed"))])
    assert (made["precision"].value, made["recall"].value) == (1.0, 0.5)
    assert made["recall"].missing == {"failed": 1} and made["precision"].counted == "left out"
    assert transitions.figures([])["f1"].value is None


@pytest.mark.parametrize(
    "wrong",
    [lambda: transitions.match([(0, 5), (5, 9)], []), lambda: transitions.match([(5, 0)], []),
     lambda: transitions.match([(0, 9)], [], -1)],
)  # fmt: skip
def test_shots_out_of_order_are_refused(wrong: Callable[[], BoundaryCounts]) -> None:
    with pytest.raises(ValueError, match=r"reaches into the next|below 0"):
        wrong()
